/** A report goes back to the phone with its reasons; the answers are new, the signed record stays (D-10). */
import { expect, test } from '@playwright/test'
import { delivered, papersOf, preparedPhone } from './carry'
import { Desk } from './desk'
import { look } from './look'
import { Office } from './office'
import { discardPhones } from './phone'
import { Staff } from './staff'

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

test('a returned report is answered from the phone with words and a photo, attested again, approved', async ({ browser }) => {
  const unit = '样本建设工程检测有限公司'
  const { phone, visit, team } = await preparedPhone(office, {
    slug: 'wugang', unit, logins: ['insp2', 'insp3'],
    plan: { finding: { part: '档案室', note: '两份检测报告缺原始记录' }, receiver: '甄收发', party: '贾所长', photos: 2 },
  })
  await visit.begin(unit)
  await visit.walkTo('leave')
  await visit.seal()
  const codeAtFirst = visit.recordCode
  await phone.tap('to-opinion')
  await visit.opinion()
  await phone.tap('home')
  await delivered(phone)

  await phone.tap('me')
  await expect(phone.on('lock')).toBeVisible()
  await look(phone.page, 'me')
  await phone.page.getByRole('button', { name: '需要处理的内容' }).tap()
  await expect(phone.page.getByText('没有需要处理的内容')).toBeVisible()
  await look(phone.page, 'troubles')
  await phone.page.goto(`${office.url}/#/`)

  const reason = '请补充原始记录缺失的报告编号，并附照片'
  const answer = '缺原始记录的两份报告为示例-017、示例-021'
  const { item } = visit.findings[0]!
  const desk = await Desk.signIn(browser, office.url, 'wugang.leader')
  await desk.open(unit)
  await desk.on(`ask-${item}`).click()
  await desk.on(`return-reason-${item}`).fill(reason)
  await look(desk.page, 'desk-returning')
  await desk.on('return').click()
  await expect(desk.on('report-state')).toHaveText('已退回')

  await phone.sync()
  const row = phone.page.locator('button.row', { hasText: unit })
  await expect(row).toContainText('被退回')
  await look(phone.page, 'today-returned')
  await row.tap()
  await phone.tap('open-return')
  await expect(phone.on(`reason-${item}`)).toContainText(reason)
  await look(phone.page, 'return')
  await expect(phone.on('return-attest')).toBeDisabled()
  await visit.photograph(phone.on(`reason-${item}`).locator('[data-test="photos-item"]'))
  await phone.on(`reply-${item}`).fill(answer)
  await phone.tap(`reply-save-${item}`)
  await expect(phone.on(`reason-${item}`)).toContainText(answer)
  await phone.tap('return-attest')
  await expect(phone.on('voided')).toBeVisible()
  await phone.tap('attest-mine')
  await expect(phone.on(`attest-card-${team[0].id}`)).toContainText('已核验')
  await phone.tap('attest-second')
  await phone.typePin(team[1].pin)
  await expect(phone.on(`attest-card-${team[1].id}`)).toContainText('已核验')
  await phone.page.getByRole('button', { name: '返回' }).tap()
  await phone.tap('step-leave')
  await phone.tap('seal')
  await expect(phone.on('sealed')).toBeVisible()
  await phone.tap('home')
  await delivered(phone)

  await desk.open(unit)
  await expect(desk.page.locator('section', { hasText: '退回与答复' }).last()).toContainText(answer)
  await desk.approve()
  const papers = await papersOf(await Staff.signIn(office, 'wugang.leader'), desk.reportId)
  for (const word of ['更正说明', '第1次退回', answer, codeAtFirst]) expect(papers.record, word).toContain(word)
  await desk.close()
  expect(phone.complaints).toEqual([])
})
