/** What every scenario does: enrol a team on one phone, prepare, take the server away, visit, seal, reopen, send. */
import { type Browser, expect, test } from '@playwright/test'
import { writeFileSync } from 'node:fs'
import { Desk, KINDS, type Kind, textOf } from './desk'
import { look } from './look'
import type { Office } from './office'
import { type Holder, Phone } from './phone'
import { factsOf, type RecordFacts } from './record'
import { Staff, teamOf } from './staff'
import type { Plan } from './plan'
import { Visit } from './visit'

export type Papers = Readonly<Record<Kind, string>>
export interface Scenario {
  readonly slug: string
  readonly unit: string
  /** Who holds the phone, and who signs on it with the own PIN, unless that one has a phone too. */
  readonly logins: readonly [string, string]
  readonly plan: Omit<Plan, 'team'>
  /** True when the second inspector is not enrolled here. */
  readonly alone?: boolean
  /** Seconds by which every clock of the scenario differs from the real one. */
  readonly shift?: number
}

interface Prepared {
  readonly phone: Phone
  readonly visit: Visit
  readonly team: [Holder, Holder]
}

/** Both inspectors enrolled on one phone, the second one first, so that the first one holds it unlocked. */
export function preparedPhone(office: Office, scenario: Scenario): Promise<Prepared> {
  return test.step('a prepared phone', () => prepare(office, scenario))
}

async function prepare(office: Office, { slug, unit, logins, plan, alone = false, shift = 0 }: Scenario): Promise<Prepared> {
  const people = await teamOf(office, slug, logins)
  const [first, second] = people.holders as [Holder, Holder]
  const phone = await Phone.unpack(office.url, shift)
  await phone.on('enrol-code').waitFor()
  await look(phone.page, 'enrol')
  if (!alone) {
    await phone.enrol(second, await people.code(second))
    await phone.lock()
    await expect(phone.on('pin')).toBeAttached()
    await look(phone.page, 'unlock')
    await phone.tap('go-enrol')
  }
  await phone.enrol(first, await people.code(first))
  await phone.sync()
  await expect(phone.page.locator('button.row', { hasText: unit })).toContainText('准备好了')
  await look(phone.page, 'today')
  const team: [Holder, Holder] = [first, second]
  return { phone, team, visit: new Visit(phone, { ...plan, team, look: plan.look ?? ((step) => look(phone.page, step)) }) }
}

/** A page closed and opened again without a network stands where it was left, and shows the seal. */
export async function reopened(phone: Phone, holder: Holder): Promise<void> {
  await phone.switchOff()
  await phone.switchOn()
  await phone.unlock(holder)
  await phone.on('resume').waitFor()
  await look(phone.page, 'today-resume')
  await phone.tap('resume')
}

export async function delivered(phone: Phone): Promise<void> {
  await phone.sync()
  await expect(phone.on('sync-strip')).toContainText('已送达')
  await expect(phone.on('sync-strip')).toContainText('本机没有未上传的内容')
}

/** All papers of a report as text; the files stay in the scenario's folder for whoever wants to look. */
export async function papersOf(staff: Staff, report: string): Promise<Papers> {
  const papers = {} as Record<Kind, string>
  for (const kind of KINDS) {
    const pdf = await staff.bytes(`reports/${report}/documents/${kind}.pdf`)
    writeFileSync(test.info().outputPath(`${kind}.pdf`), pdf)
    papers[kind] = textOf(pdf)
  }
  return papers
}

export interface Done {
  readonly phone: Phone
  readonly visit: Visit
  readonly papers: Papers
  /** The record as exported and verified. */
  readonly facts: RecordFacts
}

/** What a leader may do with the report on the screen before approving it. */
export type BeforeApproval = (desk: Desk, visit: Visit) => Promise<void>

/** The whole main job; `during` runs after 开始检查, without a server, and may walk on by itself. */
export async function carry(office: Office, browser: Browser, scenario: Scenario, during: (visit: Visit) => Promise<void>, before?: BeforeApproval): Promise<Done> {
  const { phone, visit, team } = await preparedPhone(office, scenario)
  await office.stop()

  await visit.begin(scenario.unit)
  await during(visit)
  await visit.walkTo('leave')
  await visit.seal()
  const insp = visit.insp()

  await reopened(phone, team[0])
  await phone.on('sealed').waitFor()
  await phone.tap('to-opinion')
  await visit.opinion()
  await phone.tap('home')

  await office.start()
  await delivered(phone)
  expect(phone.complaints).toEqual([])

  const desk = await Desk.signIn(browser, office.url, `${scenario.slug}.leader`)
  await desk.queued(scenario.unit)
  await look(desk.page, 'desk-queue')
  await desk.open(scenario.unit)
  // The opinion came along, so the report has handed itself in.
  await expect(desk.on('report-state')).toHaveText('待审核')
  await look(desk.page, 'desk-review')
  await before?.(desk, visit)
  await desk.approve()
  const papers = await papersOf(await Staff.signIn(office, `${scenario.slug}.leader`), desk.reportId)
  await desk.close()
  const facts = await factsOf(office, insp)
  expect(visit.photos).toBeGreaterThanOrEqual(3)
  expect(facts.types.filter((type) => type === 'photo.add' || type === 'supplement.photo')).toHaveLength(visit.photos)
  // No two of them are alike, and files are named by their content.
  expect(Object.keys(facts.files).length).toBeGreaterThanOrEqual(visit.photos)
  expect(Object.values(facts.files)).not.toContain(false)
  return { phone, visit, papers, facts }
}

/** What every agency's papers say: who, where, when, what was found, in each paper that has to say it. */
export function commonWords(papers: Papers, visit: Visit, { agency, unit }: { readonly agency: string; readonly unit: string }): void {
  const [first, second] = visit.plan.team
  for (const kind of KINDS) {
    expect(papers[kind], kind).toContain(unit)
    expect(papers[kind], kind).toContain(agency)
  }
  for (const kind of ['notice', 'record', 'report'] as const) {
    expect(papers[kind], kind).toContain(first.name)
    expect(papers[kind], kind).toContain(second.name)
  }
  expect(visit.findings).toHaveLength(1)
  for (const kind of ['record', 'report'] as const) {
    for (const { part, note, text } of visit.findings) {
      expect(papers[kind], kind).toContain(part)
      expect(papers[kind], kind).toContain(note)
      expect(papers[kind], kind).toContain(text)
    }
    expect(papers[kind], kind).toMatch(/\d{4}年\d{1,2}月\d{1,2}日\d{1,2}时\d{1,2}分/)
  }
  expect(papers.receipt).toContain(visit.plan.receiver)
  expect(papers.record).toContain(visit.plan.party)
  expect(papers.record).toContain('无异议')
  expect(papers.record).toContain(visit.recordCode)
  expect(papers.report).toContain('责令限期改正')
}
