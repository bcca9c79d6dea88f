/** Each agency's main job on one phone, with nobody answering at the other end until the visit is over. */
import { expect, test } from '@playwright/test'
import { Desk, KINDS, type Kind, textOf } from './desk'
import { Office } from './office'
import { discardPhones, Phone } from './phone'
import { Staff, teamOf } from './staff'
import { type Plan, Visit } from './visit'

type Papers = Readonly<Record<Kind, string>>
interface Done {
  readonly phone: Phone
  readonly visit: Visit
  readonly papers: Papers
  readonly desk: Desk
  readonly staff: Staff
}

interface Scenario {
  readonly slug: string
  readonly agency: string
  readonly unit: string
  readonly logins: readonly [string, string]
  readonly plan: Omit<Plan, 'team'>
}

/** Enrol two people, prepare, stop the server, do everything, reopen without a network, send, approve, print. */
async function carry(office: Office, browser: import('@playwright/test').Browser, { slug, unit, logins, plan }: Scenario, during: (visit: Visit) => Promise<void>): Promise<Done> {
  const team = await teamOf(office, slug, logins)
  const [first, second] = team.holders as [typeof team.holders[0] & object, typeof team.holders[0] & object]
  const phone = await Phone.unpack(office.url)
  await phone.enrol(second, await team.code(second))
  await phone.lock()
  await phone.tap('go-enrol')
  await phone.enrol(first, await team.code(first))
  await phone.sync()
  await expect(phone.page.locator('button.row', { hasText: unit })).toContainText('准备好了')
  await phone.readyForOffline()
  await office.stop()

  const visit = new Visit(phone, { ...plan, team: [first, second] })
  await visit.begin(unit)
  await during(visit)
  await visit.walkTo('leave')
  await visit.seal()
  expect(visit.photos).toBeGreaterThanOrEqual(3)

  await phone.switchOff()
  await phone.switchOn()
  await phone.unlock(first)
  await phone.tap('resume')
  await expect(phone.on('sealed')).toBeVisible()
  await phone.tap('to-opinion')
  await visit.opinion()
  await phone.tap('home')

  await office.start()
  await phone.sync()
  await expect(phone.on('sync-strip')).toContainText('已送达')
  expect(phone.complaints).toEqual([])

  // The opinion came along, so the report has handed itself in.
  const desk = await Desk.signIn(browser, office.url, `${slug}.leader`)
  await desk.open(unit)
  await expect(desk.on('report-state')).toHaveText('待审核')
  await desk.approve()
  const staff = await Staff.signIn(office, `${slug}.leader`)
  const papers = {} as Record<Kind, string>
  for (const kind of KINDS) papers[kind] = textOf(await staff.bytes(`reports/${desk.reportId}/documents/${kind}.pdf`))
  return { phone, visit, papers, desk, staff }
}

let office: Office
test.beforeEach(async () => {
  office = await Office.open()
})
test.afterEach(async ({}, info) => {
  await discardPhones(info)
  await office.close()
})

test('文昌湖: the recorder is demanded, started, printed', async ({ browser }) => {
  const scenario: Scenario = {
    slug: 'wenchanghu', agency: '文昌湖', unit: '文昌湖示例度假酒店', logins: ['insp1', 'insp2'],
    plan: { finding: { part: '三层东侧楼梯间', note: '疏散通道堆放布草车一辆' }, receiver: '甄前台', party: '贾店长', recorder: 'ZFJLY-0417', photos: 2 },
  }
  const { papers } = await carry(office, browser, scenario, async (visit) => {
    await visit.walkTo('recorder')
    await expect(visit.phone.on('next')).toBeDisabled()
  })
  for (const kind of KINDS) expect(papers[kind], kind).toContain(scenario.unit)
  expect(papers.record).toContain('ZFJLY-0417')
})
