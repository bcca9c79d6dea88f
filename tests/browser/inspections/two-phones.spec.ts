/** Level A3: each inspector on the own phone. One signature is not enough, and the leader is told so. */
import { expect, test } from '@playwright/test'
import { delivered, preparedPhone } from '../carry'
import { Desk } from '../desk'
import { touch } from '../finger'
import { look } from '../look'
import { Office } from '../office'
import { discardPhones, Phone } from '../phone'
import { Staff, teamOf } from '../staff'

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

test('approval is refused until the second inspector has attested on the other phone', async ({ browser }) => {
  const unit = '虚构施工图审查中心有限公司'
  const { phone: phoneOfA, visit, team: [, second] } = await preparedPhone(office, {
    slug: 'wugang', unit, logins: ['insp1', 'insp2'], alone: true,
    plan: { finding: { part: '审查合格书', note: '缺少防护设计专篇' }, receiver: '甄档案', party: '贾主任', photos: 3, second: 'elsewhere' },
  })
  await visit.begin(unit)
  await visit.walkTo('attest')
  await expect(phoneOfA.on(`attest-card-${second.id}`)).toContainText('没有在这部手机登记')
  const insp = visit.insp()
  await visit.walkTo('leave')
  await visit.seal()
  await phoneOfA.page.getByText('还差一名检查人员核验').waitFor()
  await phoneOfA.tap('to-opinion')
  await visit.opinion()
  await phoneOfA.tap('home')
  await delivered(phoneOfA)
  await expect(phoneOfA.page.locator('button.row', { hasText: unit })).toContainText('等待第二人核验')
  await look(phoneOfA.page, 'today-awaiting-second')

  const desk = await Desk.signIn(browser, office.url, 'wugang.leader')
  await desk.open(unit)
  await expect(desk.on('gaps')).toContainText('须有 2 名检查人员核验同一份记录')
  await expect(desk.on('approve')).toBeDisabled()
  await look(desk.page, 'desk-awaiting-second')
  // A desk that asks all the same is refused by the server, with the machine code.
  const leader = await Staff.signIn(office, 'wugang.leader')
  await expect(leader.post(`reports/${desk.reportId}/approve`, { note: '', clock_reason: '' })).rejects.toThrow(/409.*E_TWO_REQUIRED/s)

  const phoneOfB = await Phone.unpack(office.url)
  await phoneOfB.enrol(second, await (await teamOf(office, 'wugang', ['insp2'])).code(second))
  await phoneOfB.sync()
  await touch(phoneOfB.page.locator('button.row', { hasText: unit }))
  const older = office.copyDatabase()
  await phoneOfB.tap('step-attest')
  await phoneOfB.tap('attest-mine')
  await expect(phoneOfB.on(`attest-card-${second.id}`)).toContainText('双机分别上传')
  await phoneOfB.page.goto(`${office.url}/#/`)
  await phoneOfB.sync()
  await expect(phoneOfB.on('sync-strip')).toContainText('已送达')

  await desk.open(unit)
  await desk.approve()
  const levels = desk.page.locator('section', { hasText: '双人核验' }).last()
  await expect(levels).toContainText(`${second.name} `)
  await expect(levels).toContainText('双机分别上传')
  await desk.close()

  await expect(phoneOfB.on('log-fault')).toHaveCount(0)
  // The server goes on with an older database, as if the second attestation had never come. The phone remembers more.
  await office.putBack(older)
  await phoneOfB.page.goto(`${office.url}/#/visit/${insp}/late`)
  await phoneOfB.on('late-note').fill('日志倒退之后所记')
  await phoneOfB.tap('late-save')
  await expect(phoneOfB.on('late-added')).toContainText('1')
  await phoneOfB.page.goto(`${office.url}/#/`)
  await phoneOfB.sync()
  await expect(phoneOfB.on('log-fault')).toContainText('服务器的记录可能被改动')
  await look(phoneOfB.page, 'log-fault')
  // Another round heals nothing: what was remembered is not in this log. What it had lost was sent again, and the auditor is told.
  await phoneOfB.sync()
  await phoneOfB.on('log-fault').waitFor()
  await expect(phoneOfB.on('sync-strip')).toContainText('本机没有未上传的内容')
  const auditor = await Staff.signIn(office, 'wugang.audit')
  const verbs = async (): Promise<string[]> => (await auditor.get<{ facts: { verb: string }[] }>('audit/facts?limit=100')).facts.map(({ verb }) => verb)
  await expect.poll(verbs).toContain('log.equivocation')
  await phoneOfB.page.goto(`${office.url}/#/visit/${insp}/late`)
  await expect(phoneOfB.on('late-added')).toContainText('1')
  expect([...phoneOfA.complaints, ...phoneOfB.complaints]).toEqual([])
})
