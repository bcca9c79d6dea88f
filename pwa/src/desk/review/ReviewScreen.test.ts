// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Asked, type FakeOffice, officeWith, Problem, settle, show, type Stage } from '../testing/fakeOffice'
import { forgetDraft } from './drafts'
import ReviewScreen from './ReviewScreen.vue'

const LINE = { id: 'r1', insp: 'i1', number: '2026-11-0001', unit_name: '试验宾馆', state: 'submitted', state_words: '待审核', round: 0, due_on: '2026-11-27', provisional: false, days_left: 5, lead_target: '2026-11-25', counted_from: '2026-11-20', clamped: false, ended_ms: 1, team: ['甄', '贾'], lead: 'me', inspection_state: 'sealed', flags: [], counts: { fails: 1 }, submitted_at: null }
const item = (id: string, val: string) => ({ id, sheet: 0, text: `检查项${id}`, star: false, basis: [], val, answer: {}, conflict: false, choices: {}, extra: [], photos: [] })
const INTEGRITY = { sentence: '完整：12 个事件', complete: true, level: 'A3', level_words: '双机分别上传', acts: [], findings: [], corrections: [{ h: 'h1', name: '甄', at_ms: 1, about: '检查项 A', field: '问题描述', old: '三层', new: '四层', reason: '笔误', state: 'waits', approved_name: '' }], added: [], live_codes: {}, seal: { covered: 9, after: 0, late: 0, added: 0, corrections: 0 } }
const ALL = { opinion: false, submit: false, approve: true, hold: true, return: true }
function aReport(more: Record<string, unknown> = {}) {
  return {
    ...LINE, agency_name: '试验大队', agency_kind: 'fire', unit: {}, assignments: [], deadline: { workdays: 5, means: 'approved', calendar: 'c' }, record_text: '笔录', record_code: 'AAAAABBBBB', photos: [], timeline: [], attestations: [], party: null, notice: null, recorder: [], samples: [], outcome: null, verdict: '完整', integrity: INTEGRITY, flag_words: [], clock_in_doubt: false, gaps: [], opinions: [], returns: [], decision_note: '', clock_reason: '', may: ALL,
    sections: [{ checklist: '检查表', checklist_id: 'CL-1', title: '疏散', items: [item('A', 'fail'), item('B', 'pass')] }], ...more,
  }
}
let office: FakeOffice
let on: Stage
async function open(more: Record<string, unknown> = {}): Promise<void> {
  office.on('GET reports/r1', () => aReport(more))
  on = await show(ReviewScreen, { id: 'r1' })
}
beforeEach(async () => {
  office = await officeWith('reviewer')
  office.on('GET reports', { reports: [LINE, { ...LINE, id: 'r2' }] })
})
afterEach(() => {
  forgetDraft('r1')
  on.screen.unmount()
  vi.unstubAllGlobals()
})

describe('the leader decides', () => {
  it('approves with Alt+A, and the next one is a press of Enter away', async () => {
    let state = 'submitted'
    office.on('GET reports/r1', () => aReport({ state, state_words: state, may: { ...ALL, approve: state === 'submitted' } }))
    office.on('POST reports/r1/approve', () => ((state = 'approved'), null))
    on = await show(ReviewScreen, { id: 'r1' })
    await on.type('decision-note', '同意')
    window.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyA', key: 'å', altKey: true }))
    await settle()
    expect(office.sent('POST', 'reports/r1/approve').map((one) => one.body)).toEqual([{ note: '同意', clock_reason: '' }])
    expect(on.text('report-state')).toBe('approved')
    expect(document.activeElement).toBe(on.element('decided-next'))
    await on.tap('decided-next')
    expect(on.at()).toBe('/reports/r2')
  })
  it('returns with a reason at the item and one for the whole', async () => {
    office.on('POST reports/r1/return', { id: 'ret' })
    await open()
    expect((on.element('return') as HTMLButtonElement).disabled).toBe(true)
    await on.tap('ask-A')
    await on.type('return-reason-A', '请补拍全景照片')
    await on.type('return-whole', '笔录地址有误')
    await on.tap('return')
    expect(on.has('return-reason-A')).toBe(false)
    expect(office.sent('POST', 'reports/r1/return')[0]?.body).toEqual({ note: '', reasons: [{ checklist: 'CL-1', item: 'A', text: '请补拍全景照片' }, { checklist: '', item: '', text: '笔录地址有误' }] })
  })
  it('takes back a reason by closing its field', async () => {
    await open()
    await on.tap('ask-A')
    await on.type('return-reason-A', '先写后悔')
    await on.tap('ask-A')
    expect((on.element('return') as HTMLButtonElement).disabled).toBe(true)
  })
  it('holds only with a note', async () => {
    office.on('POST reports/r1/hold', null)
    await open()
    expect((on.element('hold') as HTMLButtonElement).disabled).toBe(true)
    await on.type('decision-note', '等检测报告')
    await on.tap('hold')
    expect(office.sent('POST', 'reports/r1/hold')[0]?.body).toEqual({ note: '等检测报告' })
  })
})

describe('what stands in the way', () => {
  it('is listed, and neither the button nor the key approves', async () => {
    await open({ gaps: [{ code: 'M_PHOTO', text: '缺少安全出口照片' }] })
    expect(on.text('gaps')).toContain('缺少安全出口照片')
    window.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyA', altKey: true }))
    await on.tap('approve')
    expect(office.sent('POST', 'reports/r1/approve')).toEqual([])
  })
  it('a clock in doubt wants its reason first', async () => {
    office.on('POST reports/r1/approve', null)
    await open({ clock_in_doubt: true })
    expect((on.element('approve') as HTMLButtonElement).disabled).toBe(true)
    await on.type('clock-reason', '记录仪视频时间一致')
    await on.tap('approve')
    expect(office.sent('POST', 'reports/r1/approve')[0]?.body).toEqual({ note: '', clock_reason: '记录仪视频时间一致' })
  })
  it('a refusal is shown in its words, the report is read again and nothing typed is lost', async () => {
    office.on('POST reports/r1/approve', new Problem(409, 'E_TWO_REQUIRED', '须有 2 名检查人员核验同一份记录'))
    await open()
    await on.type('decision-note', '同意')
    await on.tap('approve')
    expect(on.text('decision-trouble')).toContain('须有 2 名检查人员')
    expect((on.element('decision-note') as HTMLTextAreaElement).value).toBe('同意')
    expect(office.sent('GET', 'reports/r1')).toHaveLength(2)
  })
  it('what was typed is still there after looking something up elsewhere', async () => {
    await open()
    await on.type('decision-note', '写到一半')
    on.screen.unmount()
    await open()
    expect((on.element('decision-note') as HTMLTextAreaElement).value).toBe('写到一半')
  })
  it('a report that cannot be read says why and can be asked for again', async () => {
    office.on('GET reports/r1', new Problem(404, 'E_REPORT_UNKNOWN', '没有这份报告'))
    on = await show(ReviewScreen, { id: 'r1' })
    expect(on.text('ask-trouble')).toContain('没有这份报告')
    office.on('GET reports/r1', aReport())
    await on.tap('ask-again')
    expect(on.text('verdict')).toContain('完整')
    // Both values of a correction, and that it does not stand yet.
    expect(on.text('correction-h1')).toContain('三层 → 四层')
    expect(on.text('correction-h1')).toContain('等待第二人确认')
  })
})

describe('the lead writes', () => {
  const revision = (rev: number, evaluation: string) => ({ rev, base: rev - 1, clash: false, author: '甄我', from_phone: false, evaluation, handling: '', advice: '', at: '2026-11-20T09:00:00+08:00' })
  const writing = { opinion: true, submit: true, approve: false, hold: false, return: false }
  beforeEach(async () => {
    vi.unstubAllGlobals()
    office = await officeWith('inspector')
  })
  it('a new revision over the one that was seen, and only then hands in', async () => {
    let opinions = [revision(1, '旧')]
    office.on('GET reports/r1', () => aReport({ state: 'draft', opinions, may: writing }))
    office.on('PUT reports/r1/opinion', (asked: Asked) => ((opinions = [revision(2, (asked.body as { evaluation: string }).evaluation), ...opinions]), { rev: 2 }))
    office.on('POST reports/r1/submit', null)
    on = await show(ReviewScreen, { id: 'r1' })
    await on.type('desk-evaluation', '总体良好')
    expect((on.element('report-submit') as HTMLButtonElement).disabled).toBe(true)
    await on.tap('opinion-save')
    expect(office.sent('PUT', 'reports/r1/opinion')[0]?.body).toEqual({ base: 1, evaluation: '总体良好', handling: '', advice: '' })
    await on.tap('report-submit')
    expect(office.sent('POST', 'reports/r1/submit')).toHaveLength(1)
  })
  it('is told what is missing before handing in', async () => {
    await open({ state: 'draft', may: { ...writing, submit: false }, gaps: [{ code: 'M_OPINION', text: '缺少处理意见和建议' }] })
    expect(on.text('opinion-gaps')).toContain('缺少处理意见和建议')
    expect((on.element('report-submit') as HTMLButtonElement).disabled).toBe(true)
  })
})
