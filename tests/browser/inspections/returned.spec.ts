/** 舞钢's main job, and its report goes back to the phone with reasons; the answers are new, the signed record stays (D-10). */
import { expect, test } from '@playwright/test'
import { carry, commonWords, delivered } from '../carry'
import { type Desk, KINDS } from '../desk'
import { touch } from '../finger'
import { look } from '../look'
import { Office } from '../office'
import { discardPhones } from '../phone'
import type { Visit } from '../visit'

const ANSWER = '当日已安排抽排，积水约三平方米，见照片'
const UNIT = '样本花园物业服务有限公司'
let office: Office
test.beforeAll(async () => {
  office = await Office.open()
})
test.afterEach(async ({}, info) => {
  await discardPhones(info)
})
test.afterAll(async () => {
  await office.close()
})

test('舞钢: no position is ever asked for, a photo is demanded, the notice has its receipt; the report comes back and is answered from the phone', async ({ browser }) => {
  const { papers, visit, phone, facts } = await carry(office, browser, {
    slug: 'wugang', unit: UNIT, logins: ['insp3', 'insp4'],
    plan: { finding: { part: '地下一层防护单元一', note: '排水沟积水约三平方米' }, receiver: '甄物业', party: '贾经理', photos: 3, door: false },
  }, async (before) => {
    await before.walkTo('arrive')
    await before.phone.page.getByText('本机关不记录位置').waitFor()
    await before.overview()
    await before.phone.tap('step-record')
    await expect(before.phone.page.locator('[data-need="M_MIN_PHOTOS"]')).toContainText('现场照片至少 1 张，现有 0 张')
    await expect(before.phone.on('read-through')).toBeDisabled()
    await before.overview()
    await before.phone.tap('step-attest')
    await expect(before.phone.on('attest-mine')).toBeDisabled()
    await before.overview()
    await before.phone.tap('step-arrive')
  }, returned)
  commonWords(papers, visit, { agency: '舞钢', unit: UNIT })
  expect(phone.geolocationCalls).toEqual([])
  expect(papers.receipt).toContain('送达回执')
  expect(papers.record).toContain('草案')
  expect(facts.types).not.toContain('gps.fix')
  expect(facts.words).not.toMatch(/"(lat|lon|acc)":/)
  for (const kind of KINDS) expect(papers[kind]).not.toMatch(/34\.72|112\.78|经度|纬度/)
  for (const word of ['更正说明', '第1次退回', ANSWER]) expect(papers.record, word).toContain(word)
})

/** The leader returns the report with a reason at the finding; words and a photo come back, attested and sealed anew. */
async function returned(desk: Desk, visit: Visit): Promise<void> {
  const { phone, plan } = visit
  await phone.tap('me')
  await phone.on('lock').waitFor()
  await look(phone.page, 'me')
  await touch(phone.page.getByRole('button', { name: '需要处理的内容' }))
  await phone.page.getByText('没有需要处理的内容').waitFor()
  await look(phone.page, 'troubles')
  await phone.page.goto(`${office.url}/#/`)

  const reason = '请说明积水如何处置，并附照片'
  const { item } = visit.findings[0]!
  await desk.on(`ask-${item}`).click()
  await desk.on(`return-reason-${item}`).fill(reason)
  await look(desk.page, 'desk-returning')
  await desk.on('return').click()
  await expect(desk.on('report-state')).toHaveText('已退回')

  await phone.sync()
  const row = phone.page.locator('button.row', { hasText: UNIT })
  await expect(row).toContainText('被退回')
  await look(phone.page, 'today-returned')
  await touch(row)
  await phone.tap('open-return')
  await expect(phone.on(`reason-${item}`)).toContainText(reason)
  await look(phone.page, 'return')
  await expect(phone.on('return-attest')).toBeDisabled()
  await visit.photograph(phone.on(`reason-${item}`).locator('[data-test="photos-item"]'))
  await phone.on(`reply-${item}`).fill(ANSWER)
  await phone.tap(`reply-save-${item}`)
  await expect(phone.on(`reason-${item}`)).toContainText(ANSWER)
  await phone.tap('return-attest')
  await phone.on('voided').waitFor()
  await phone.tap('attest-mine')
  await expect(phone.on(`attest-card-${plan.team[0].id}`)).toContainText('已核验')
  await phone.tap('attest-second')
  await phone.typePin(plan.team[1].pin)
  await expect(phone.on(`attest-card-${plan.team[1].id}`)).toContainText('已核验')
  await touch(phone.page.getByRole('button', { name: '返回' }))
  await phone.tap('step-leave')
  await phone.tap('seal')
  await phone.on('sealed').waitFor()
  await phone.tap('home')
  await delivered(phone)

  await desk.open(UNIT)
  await expect(desk.page.locator('section', { hasText: '退回与答复' }).last()).toContainText(ANSWER)
}
