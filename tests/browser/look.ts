/** Every screen once per run: no serious fault for axe in either theme, and a picture when somebody wants to look. */
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

const PICTURES = process.env['SUIJIAN_SHOTS'] ?? ''
const seen = new Set<string>()

export async function look(page: Page, name: string): Promise<void> {
  if (seen.has(name)) return
  seen.add(name)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    if (PICTURES !== '') await picture(page, `${name}-${colorScheme}`)
    // Legacy mode stays in this page: a fresh tab has no way out while the phone is offline.
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(grave.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`), `${name}, ${colorScheme}`).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name.replaceAll(/[^\p{L}\p{N}-]+/gu, '_')}.png`), fullPage: true })
}
