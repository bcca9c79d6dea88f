/**
 * An agency above others: it draws across their districts from the registers they submit, its inspectors from a register that
 * agrees; the districts are told. A void waits in the inbox of the agency above it; an answer on paper is recorded at the desk.
 */
import { expect, type Page, test } from '@playwright/test'
import { Desk } from '../desk'
import { look } from '../look'
import { Office, run } from '../office'

const DICE = '24720198603954760271'
const BELOW = ['civil-air-defence-wugang', 'fire-jindong']
let office: Office

test.beforeAll(async () => {
  office = await Office.open()
  run('tree.py', office.data, ...BELOW.map((one) => `${one}=fire-wenchanghu`), 'emergency-wushen=')
})
test.afterAll(async () => {
  await office.close()
})

/** Wide and narrow, each in both themes; nothing is cut off sideways. */
async function seen(page: Page, name: string): Promise<void> {
  await look(page, name)
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${name} is wider than the window`).toBeLessThanOrEqual(0)
  await look(page, `${name}-narrow`)
  await page.setViewportSize({ width: 1366, height: 768 })
}
const to = (desk: Desk, place: string) => desk.page.goto(`${office.url}/desk.html#/${place}`)
const placeOf = (desk: Desk): string => desk.page.url().split('#/')[1] ?? ''

test('a draw across districts with lent inspectors, a void decided in the inbox, and what the districts see', async ({ browser }) => {
  test.slow()
  const a = await Desk.signIn(browser, office.url, 'wenchanghu.plan')
  await to(a, 'draws/new')
  await a.on('wish-title').fill('2026年12月跨区域抽查')
  await a.on('item-WC-DUTY').check()
  await expect(a.page.locator('[data-test^="register-"]')).toHaveCount(2)
  await a.on('register-fire-wenchanghu').uncheck()
  await a.on(`register-${BELOW[0]}`).check()
  for (const one of BELOW) await a.on(`district-${one}`).check()
  await a.on('wish-n').fill('6')
  await a.on('wish-b').selectOption({ label: '甄队长' })
  await a.on('wish-witness').fill('甄见证')
  await seen(a.page, 'above-proposal')
  await a.on('wish-save').click()
  await expect(a.on('departments')).toContainText('尚未提交名录')
  await expect(a.on('freeze')).toBeHidden()
  const place = placeOf(a)

  const districts = [await Desk.signIn(browser, office.url, 'wugang.plan'), await Desk.signIn(browser, office.url, 'jindong.plan')]
  for (const [at, desk] of districts.entries()) {
    await to(desk, 'draws')
    await desk.page.locator('tbody tr', { hasText: '2026年12月跨区域抽查' }).click()
    if (at === 0) await seen(desk.page, 'above-district-asked')
    await desk.on('submit').click()
    await expect(desk.on('submit')).toBeHidden()
    await expect(desk.on('feasibility')).toBeHidden()
  }
  await to(a, 'draws')
  await to(a, place)
  await expect(a.on('departments')).not.toContainText('尚未提交名录')
  await a.on('feasibility').locator('.desk-table tbody tr').first().waitFor()
  await seen(a.page, 'above-submitted')
  for (const step of ['freeze', 'commit', 'intent']) await a.on(step).click()
  const b = await Desk.signIn(browser, office.url, 'wenchanghu.leader')
  await to(b, place)
  await b.on('dice').fill(DICE)
  await b.on('dice-go').click()
  await a.on('result').waitFor()
  await a.on('result-open').click()
  await a.page.locator('[data-test="fate-drawn"]').first().waitFor()
  for (const desk of districts) {
    await to(desk, 'draws')
    await expect(desk.on('lent')).toContainText('名单公开后显示')
    await expect(desk.on('lent')).toContainText('家单位参加')
  }
  await expect(districts[0]!.on('lent')).toContainText('人参加')
  await seen(districts[0]!.page, 'above-lent')

  await a.on('draw-void').click()
  await a.on('void-reason').fill('见证人当场提出异议')
  await a.on('void-go').click()
  const superior = await Desk.signIn(browser, office.url, 'wenchanghu.superior')
  await to(superior, 'inbox')
  const letter = superior.page.locator('[data-test^="letter-"]', { hasText: '作废' })
  await expect(letter).toContainText('见证人当场提出异议')
  await seen(superior.page, 'above-inbox')
  await letter.locator('[data-test^="answer-"]').click()
  await superior.on('answer-number').fill('淄消〔2026〕9号')
  await superior.on('answer-granted').click()
  await expect(letter).toContainText('同意')
  await to(a, 'draws')
  await a.page.locator('tbody tr', { hasText: '已作废' }).waitFor()
})

test('a joint draw says who has joined and who is missing', async ({ browser }) => {
  const a = await Desk.signIn(browser, office.url, 'wenchanghu.plan')
  await to(a, 'draws/joint')
  await a.on('joint-title').fill('联合抽查')
  await a.on('joint-doc').fill('联〔2026〕3号')
  await a.on('joint-WC-DUTY').check()
  await a.on('joint-b').selectOption({ label: '甄队长' })
  await a.on('joint-witness').fill('甄见证')
  await a.on('joint-partner-fire-jindong').selectOption({ index: 1 })
  await a.on('joint-save').click()
  await expect(a.on('department-fire-jindong')).toContainText('尚未提交名录')
  await a.on('join-WC-DUTY').check()
  await a.on('join').click()
  await expect(a.on('department-fire-wenchanghu')).toContainText('已提交名录')
  await seen(a.page, 'joint-departments')
})

test('the answer of a superior that is not here is recorded from its letter', async ({ browser }) => {
  const a = await Desk.signIn(browser, office.url, 'wushen.plan')
  await to(a, 'documents')
  await a.on('document-annual').click()
  await a.page.locator('[data-test^="item-"]').first().check()
  await a.on('target-key').fill('60')
  await a.on('document-save').click()
  const head = await Desk.signIn(browser, office.url, 'wushen.leader')
  await to(head, 'documents')
  await head.page.locator('.desk-card [data-test^="sign-"]').first().click()
  await head.on('sign-go').click()
  await expect(head.on('sign-go')).toBeHidden()
  await a.page.reload()
  await a.page.locator('[data-test^="report-"]').click()
  await a.page.locator('[data-test^="paper-"]').click()
  await seen(a.page, 'paper-answer')
  await a.on('paper-number').fill('鄂应急〔2026〕12号')
  await a.on('paper-received').check()
  await a.on('paper-go').click()
  await expect(a.page.locator('[data-test^="letter-"]')).toContainText('鄂应急〔2026〕12号')
  await expect(a.page.locator('[data-test^="paper-"]')).toHaveCount(0)
  await seen(a.page, 'paper-recorded')
})
