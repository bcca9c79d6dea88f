/** The verifier as a citizen uses it: a page on the own disk, no server, no network. */
import { expect, test } from '@playwright/test'
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Office } from '../office'

const ROOT = resolve(__dirname, '../../..')
const PAGE = resolve(ROOT, 'server/draw/verifier.html')
const vector = (name: string): string => resolve(ROOT, `tests/vectors/${name}.json`)

function saved(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'verifier-')), '抽取复核.html')
  copyFileSync(PAGE, file)
  return pathToFileURL(file).href
}

test('a saved page replays a draw from a file, shows every step, and says so when a weight was changed', async ({ page, context }) => {
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await context.setOffline(true)
  await page.goto(saved())
  await page.locator('#file').setInputFiles(vector('draw-2'))
  await expect(page.locator('#head')).toHaveText('✓ 核对一致')
  await expect(page.locator('#steps tr')).toHaveCount(11)
  await expect(page.locator('#steps .✓')).toHaveCount(11)
  await expect(page.locator('#steps')).toContainText('u2MzHSGoGo-HYsOZ8iUBd1whARGmdZj5ZRz5TcxZOCE')
  await expect(page.locator('#rows tr')).toHaveCount(12)

  const draw = JSON.parse(readFileSync(vector('draw-2'), 'utf8')) as { units: { w: number }[]; want: { seed: string } }
  draw.units[0]!.w += 1
  await page.locator('#text').fill(JSON.stringify(draw))
  await page.locator('#go').click()
  await expect(page.locator('#head')).toHaveText('✗ 核对不上')
  await expect(page.locator('#steps .✗')).toHaveText(/对象名录与公开的根一致.*E_ROOT/)
  await expect(page.locator('#rows tr')).toHaveCount(0)

  draw.units[0]!.w -= 1
  draw.want.seed = 'A'.repeat(43)
  await page.locator('#text').fill(JSON.stringify(draw))
  await page.locator('#go').click()
  await expect(page.locator('#steps .✗')).toHaveText(/与公布的结果一致.*E_WANT/)
  // A second spelling of a number, and a key that stands twice, are refused as `cli draw replay` refuses them.
  const text = readFileSync(vector('draw-2'), 'utf8')
  for (const other of [text.replace(/("w": ?\d+)/, '$1.0'), text.replace('{', '{"intent": {}, ')]) {
    expect(other).not.toBe(text)
    await page.locator('#text').fill(other)
    await page.locator('#go').click()
    await expect(page.locator('#steps .✗')).toHaveText(/格式.*E_FORM/)
    await page.locator('#text').fill(text.replace('"intent"', '"\\u0069ntent"'))
    await page.locator('#go').click()
    await expect(page.locator('#head')).toHaveText('✓ 核对一致')
  }
  await page.locator('#text').fill('not JSON <b>at all</b>')
  await page.locator('#go').click()
  await expect(page.locator('#steps .✗')).toHaveText(/格式.*E_FORM/)
  expect(asked.filter((url) => !url.startsWith('file:'))).toEqual([])
})

test('a unit finds its own fate with its salt and its number', async ({ page }) => {
  await page.goto(saved())
  const salt = 'AAAAAAAAAAAAAAAAAAAAAA'
  await page.locator('#file').setInputFiles(vector('draw-opened'))
  await expect(page.locator('#head')).toHaveText('✓ 核对一致')
  await expect(page.locator('#rows')).toContainText('示例宾馆')
  const look = async (given: string, unit: string): Promise<void> => {
    await page.locator('#salt').fill(given)
    await page.locator('#unit').fill(unit)
    await page.locator('#find').click()
  }
  await look(salt, 'U000001')
  await expect(page.locator('#found')).toHaveText('人员密集场所，权重 4：抽中，第 1')
  await look(salt, 'U000002')
  await expect(page.locator('#found')).toHaveText('人员密集场所，权重 1：今年已检查')
  await look(salt, 'U000009')
  await expect(page.locator('#found')).toHaveText('不在名录里')
  await look('!', 'U000001')
  await expect(page.locator('#found')).toHaveText('请先复核，核对盐值')
})

test('names in a transcript stay text', async ({ page }) => {
  await page.goto(saved())
  const draw = JSON.parse(readFileSync(vector('draw-opened'), 'utf8')) as { openings: string[][] }
  draw.openings[0]![3] = '<img src=x onerror="document.title=1">'
  const file = join(mkdtempSync(join(tmpdir(), 'verifier-')), 'draw.json')
  writeFileSync(file, JSON.stringify(draw))
  await page.locator('#file').setInputFiles(file)
  await expect(page.locator('#rows')).toContainText('<img src=x')
  expect(await page.locator('img').count()).toBe(0)
})

test('the page works as a server sends it, under a policy that allows these very bytes alone', async ({ page }) => {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  const office = await Office.open()
  await page.goto(`${office.url}/draw-verifier.html`)
  await page.locator('#text').fill(readFileSync(vector('draw-joint'), 'utf8'))
  await page.locator('#go').click()
  await expect(page.locator('#head')).toHaveText('✓ 核对一致')
  expect(await page.locator('#head').evaluate((head) => getComputedStyle(head).color)).not.toBe('rgb(0, 0, 0)')
  expect(complaints).toEqual([])
  await office.close()
})
