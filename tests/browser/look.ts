/** Every screen once per run: no serious fault for axe in either theme, and a picture when somebody wants to look. */
import { expect, type Page, test } from '@playwright/test'
import axe, { type AxeResults, type RunOptions } from 'axe-core'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { lookedAt } from './office'

const PICTURES = process.env['SUIJIAN_SHOTS'] ?? ''

export async function look(page: Page, name: string): Promise<void> {
  if (firstToSee(name)) await test.step(`look at ${name}`, () => inBothThemes(page, name))
}

async function inBothThemes(page: Page, name: string): Promise<void> {
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
export async function graveFaults(page: Page, rules: RunOptions = {}): Promise<string[]> {
  // It is half a megabyte to be read by the page: once is enough.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source)
  const options: RunOptions = { ...rules, resultTypes: ['violations'], selectors: false }
  return page.evaluate(ofAxe, options)
}

/** Runs in the page, axe being there. */
async function ofAxe(options: RunOptions): Promise<string[]> {
  const { axe } = globalThis as unknown as { axe: { run: (options: RunOptions) => Promise<AxeResults> } }
  const { violations } = await axe.run(options)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')}`)
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
