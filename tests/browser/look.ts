/** Every screen once per run: no serious fault for axe in either theme, and a picture when somebody wants to look. */
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { lookedAt } from './office'

const PICTURES = process.env['SUIJIAN_SHOTS'] ?? ''

export async function look(page: Page, name: string): Promise<void> {
  if (!firstToSee(name)) return
  await page.evaluate(drawAll)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    if (PICTURES !== '') await picture(page, `${name}-${colorScheme}`)
    // Of all that axe looks for, only the contrast is another one in the dark.
    expect(await graveFaults(page, colorScheme === 'dark' ? { runOnly: ['color-contrast'] } : {}), `${name}, ${colorScheme}`).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.evaluate(drawWhatIsSeen)
}

/** Runs in the page: rows out of sight are drawn too, because a picture shows the whole page and axe judges it. */
function drawAll(): void {
  const all = new CSSStyleSheet()
  all.replaceSync('* { content-visibility: visible !important }')
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, all]
}

/** … and no longer. */
function drawWhatIsSeen(): void {
  document.adoptedStyleSheets = document.adoptedStyleSheets.slice(0, -1)
}

/** What axe calls serious or critical on this page, with the first places of each. */
export async function graveFaults(page: Page, rules: { readonly runOnly?: string[] } = {}): Promise<string[]> {
  // Legacy mode stays in this page: a fresh tab has no way out while the phone is offline.
  // It is a megabyte to be read by the page: once is enough.
  const again = await page.evaluate(() => 'axe' in globalThis)
  const { violations } = await new AxeBuilder({ page, ...(again ? { axeSource: ';' } : {}) }).options({ ...rules, resultTypes: ['violations'], selectors: false }).setLegacyMode().analyze()
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  return grave.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`)
}

/** Whether no scenario has looked at this screen yet, in whichever process: who makes the folder is the first. */
function firstToSee(name: string): boolean {
  try {
    mkdirSync(join(lookedAt(), fileName(name)))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const fileName = (name: string): string => name.replaceAll(/[^\p{L}\p{N}-]+/gu, '_')

async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${fileName(name)}.png`), fullPage: true })
}
