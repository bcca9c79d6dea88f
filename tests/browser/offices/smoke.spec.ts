/** The built application as a server delivers it: it starts, obeys the content policy, and starts again without a server. */
import { expect, test } from '@playwright/test'
import { Office } from '../office'

let office: Office

test.beforeAll(async () => {
  office = await Office.open({ byCommand: true })
})
test.afterAll(async () => {
  await office.close()
})

test('the field app starts again after the server has gone', async ({ page }) => {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(office.url)
  await expect(page.locator('#app')).not.toBeEmpty()
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
  // Ready means installed: the precache is whole. It controls the page from the next load on.
  const kept = await page.evaluate(async () => {
    const names = await caches.keys()
    const lists = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))
    return lists.flat().map((request) => new URL(request.url).pathname)
  })
  expect(kept).toContain('/index.html')
  expect(kept).toContain('/manifest.webmanifest')
  expect(kept).not.toContain('/desk.html')
  expect(complaints).toEqual([])

  const shown = page.getByRole('textbox', { name: '登记码' })
  await shown.waitFor()
  await office.stop()
  await page.reload()
  await shown.waitFor()
  expect(await page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
  await office.start()
})

test('the desk starts without a complaint of the content policy', async ({ page }) => {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text())
  })
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto(`${office.url}/desk.html`)
  await expect(page.locator('#app')).not.toBeEmpty()
  expect(complaints).toEqual([])
})

test('no page loads anything from another host', async ({ page }) => {
  const foreign: string[] = []
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.origin !== office.url) foreign.push(request.url())
  })
  for (const path of ['/', '/desk.html']) {
    await page.goto(office.url + path)
    await expect(page.locator('#app')).not.toBeEmpty()
  }
  expect(foreign).toEqual([])
})

test('nothing moves for who has asked for no motion, not even for an instant', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' })
  await page.goto(office.url)
  await page.getByRole('textbox', { name: '登记码' }).waitFor()
  await page.evaluate(() => {
    for (const begun of ['transitionrun', 'animationstart']) document.addEventListener(begun, () => document.body.setAttribute('data-moved', begun))
  })
  // Every colour on the page changes at once.
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'dark' })
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
  await expect(page.locator('body')).not.toHaveAttribute('data-moved')
})
