/** 乌审旗 on the last working days before 国庆: two sections at one enterprise, and five working days across the holiday. */
import { expect, test } from '@playwright/test'
import { carry } from '../carry'
import { KINDS } from '../desk'
import { Office } from '../office'
import { discardPhones } from '../phone'
import { Staff } from '../staff'

const VISIT_DAY = '2026-09-28'
/** The whole scenario, server and phone, lives at ten in the morning of that day. */
const SHIFT = Math.round((Date.parse(`${VISIT_DAY}T10:00:00+08:00`) - Date.now()) / 1000)

let office: Office
test.beforeAll(async () => {
  office = await Office.open({ shift: SHIFT })
})
test.afterEach(async ({}, info) => {
  await discardPhones(info)
})
test.afterAll(async () => {
  await office.close()
})

test('乌审旗: two lists of two sections in one inspection, due after the holiday', async ({ browser }) => {
  const unit = '乌审示例化工有限公司'
  const { papers, visit, facts } = await carry(office, browser, {
    slug: 'wushen', unit, logins: ['insp1', 'insp2'], shift: SHIFT,
    plan: { finding: { part: '罐区西侧围堰', note: '围堰排水阀未关闭' }, receiver: '甄安环', party: '贾厂长', recorder: 'WS-JLY-02', photos: 2 },
  }, async (before) => {
    await before.overview()
    const page = before.phone.page
    await expect(page.locator('main')).toContainText('来源批次 综合监管股-11')
    await expect(page.locator('main')).toContainText('来源批次 危险化学品股-11')
    await expect(page.locator('[data-test^="step-checklist~"]')).toHaveCount(2)
    await before.phone.tap('next-step')
  })
  for (const kind of KINDS) expect(papers[kind], kind).toContain(unit)
  for (const section of ['综合监管股-11', '危险化学品股-11']) expect(papers.report, section).toContain(section)
  for (const word of ['围堰排水阀未关闭', 'WS-JLY-02', visit.plan.team[0].name, visit.plan.team[1].name, `WS-JLY-02（${visit.plan.team[0].name}佩戴`, '2026年9月28日'])
    expect(papers.record, word).toContain(word)
  expect(papers.report).toContain('围堰排水阀未关闭')

  // 29, 30 September, then seven days off; 8, 9 October and the made-up Saturday of the 10th.
  const due = '2026-10-10'
  expect((await office.cli('workdays', 'add', VISIT_DAY, '5', '--agency', 'emergency-wushen')).trim()).toBe(due)
  const leader = await Staff.signIn(office, 'wushen.leader')
  const { reports } = await leader.get<{ reports: { insp: string; due_on: string; provisional: boolean; counted_from: string; clamped: boolean }[] }>('reports?queue=approved')
  expect(reports.find((one) => one.insp === facts.insp)).toMatchObject({ due_on: due, provisional: false, counted_from: VISIT_DAY, clamped: false })
})
