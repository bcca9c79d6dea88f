/** Every screen of the desk, wide and narrow, light and dark: no serious fault for assistive technology, nothing against the content policy, nothing cut off sideways. */
import { expect, type Page, test } from '@playwright/test'
import { graveFaults, look } from '../look'
import { Office, PASSWORD } from '../office'

const SCREENS: Readonly<Record<string, readonly string[]>> = {
  'yanshi.plan': ['inspections', 'batches', 'units', 'inspectors'],
  'yanshi.leader': ['reports'],
  'yanshi.admin': ['people', 'devices'],
  'yanshi.audit': ['audit'],
}
// What opens over a screen: the button, and what shows that it is there.
const OVER: Readonly<Record<string, readonly [string, string]>> = {
  inspections: ['[data-test^="cancel-"]', '[data-test="reason"]'],
  batches: ['[data-test="import-open"]', '[data-test="import-template"]'],
  units: ['tbody .desk-link', '[data-test="unit-fields"]'],
  inspectors: ['[data-test^="edit-"]', '[data-test="inspector-save"]'],
  people: ['[data-test^="code-"]', '[data-test="code"]'],
}
const LOOKS = [
  { width: 1366, height: 768, scheme: 'light' },
  { width: 360, height: 740, scheme: 'dark' },
] as const
let office: Office

test.beforeAll(async () => {
  office = await Office.open()
})
test.afterAll(async () => {
  await office.close()
})

async function examine(page: Page, where: string): Promise<void> {
  expect(await graveFaults(page), where).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${where} is wider than the window`).toBeLessThanOrEqual(0)
}

for (const { width, height, scheme } of LOOKS) {
  test(`the desk at ${width}×${height}, ${scheme}`, async ({ browser }) => {
    for (const [login, screens] of Object.entries(SCREENS)) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, deviceScaleFactor: 1, isMobile: false, hasTouch: false })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.goto(`${office.url}/desk`)
      await page.locator('[data-test="login"]').fill(login)
      await page.locator('[data-test="password"]').fill(PASSWORD)
      await page.locator('[data-test="login-go"]').click()
      await page.locator('[data-test="sign-out"]').waitFor()
      for (const screen of screens) {
        await page.goto(`${office.url}/desk#/${screen}`)
        await page.locator('tbody tr, .empty').first().waitFor()
        await examine(page, screen)
        const over = OVER[screen]
        if (!over) continue
        await page.locator(over[0]).first().click()
        await page.locator(`dialog ${over[1]}`).first().waitFor()
        await examine(page, `${screen}, dialog`)
        await page.keyboard.press('Escape')
      }
      expect(complaints, login).toEqual([])
      await context.close()
    }
  })
}

test('two tabs that nobody touched lock together, show nothing, keep what was typed, and open by one password', async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 } })
  const [page, other] = [await context.newPage(), await context.newPage()]
  await page.goto(`${office.url}/desk`)
  await page.locator('[data-test="login"]').fill('yanshi.plan')
  await page.locator('[data-test="password"]').fill(PASSWORD)
  await page.locator('[data-test="login-go"]').click()
  await page.locator('[data-test="sign-out"]').waitFor()
  await other.goto(`${office.url}/desk#/units`)
  const typed = other.locator('input[type="search"]').first()
  await typed.fill('写到一半')
  // A quarter of an hour passes for all tabs of this browser.
  await page.evaluate(() => localStorage.setItem('suijian-desk-seen', String(Date.now() - 16 * 60_000)))
  await other.mouse.move(200, 300)
  for (const tab of [other, page]) await tab.locator('[data-test="desk-locked"]').waitFor({ timeout: 15_000 })
  await expect(typed).toBeHidden()
  await expect(other).toHaveTitle('随检')
  await look(other, 'desk-locked')
  await other.setViewportSize({ width: 360, height: 740 })
  await look(other, 'desk-locked-narrow')
  await other.locator('[data-test="password"]').fill(PASSWORD)
  await other.locator('[data-test="login-go"]').click()
  for (const tab of [other, page]) await expect(tab.locator('[data-test="desk-locked"]')).toHaveCount(0)
  await expect(typed).toHaveValue('写到一半')
  await context.close()
})
