// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FakeOffice, officeWith, Problem, settle, show, type Stage } from '../testing/fakeOffice'
import CalendarScreen from './CalendarScreen.vue'
import ChangesScreen from './ChangesScreen.vue'
import DocumentsScreen from './DocumentsScreen.vue'
import InboxScreen from './InboxScreen.vue'
import MonthPlanScreen from './MonthPlanScreen.vue'
import PlansScreen from './PlansScreen.vue'

let on: Stage
let office: FakeOffice
beforeEach(() => {
  vi.setSystemTime(Date.parse('2026-11-27T09:00:00+08:00'))
})
afterEach(() => {
  on.screen.unmount()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const plan = (more: Record<string, unknown> = {}) => ({
  id: 'p1', month: '2026-12', seq: 1, title: '2026年12月抽查计划', state: 'draft', late: false, late_note: '', merges: true, source: 'internal', created_at: '2026-11-20T02:00:00.000Z', approved_at: null, number: '', signatory: '', released_at: null, published_at: null, version: 0, lines: 1, ...more,
})
const line = (more: Record<string, unknown> = {}) => ({
  id: 'l1', unit_id: 'u1', unit_name: '示例度假酒店', address: '湖滨路1号', premises: [], item_codes: ['WC-1'], team: [{ id: 'a', name: '甄文一' }, { id: 'b', name: '贾湖二' }], inspect_by: '2026-12-31', mode: 'on_site', draw_no: '抽-1', stratum: 'general', candidates: 4, visit_group: '', withdrawn: '', ...more,
})
const bound = { amend: 'superior_approval', before_visit: true, public: true, hides_inspectors: true }
const detail = (more: Record<string, unknown> = {}, extra: Record<string, unknown> = {}) => ({ plan: plan(more), rules: bound, versions: [], amendments: [], ...extra })

describe('the monthly close', () => {
  it('says what is due and takes the number with the note of the head', async () => {
    office = await officeWith('reviewer')
    const month = { month: '2026-12', what: 'quota_set', last_day: '2026-11-24', remind_on: '2026-11-17', standing: 'overdue', quota: null, late: false, late_note: '', plans: 0 }
    office.on('GET plans/months', { months: [month] }).on('GET plans/monthly', { plans: [plan({ late: true })] })
    on = await show(PlansScreen)
    expect(on.text('month-2026-12')).toContain('已过截止日，还没有办')
    expect(on.text('plan-p1')).toContain('逾期')
    office.on('POST plans/months/quota', new Problem(409, 'E_LATE_NOTE', '已过本月截止日，须由负责人设定并写明原因'))
    await on.tap('quota-2026-12')
    await on.type('quota-number', '12')
    await on.tap('quota-save')
    expect(on.text('quota-trouble')).toContain('须由负责人')
    office.on('POST plans/months/quota', { ...month, quota: 12 })
    await on.type('quota-note', '支队部署')
    await on.tap('quota-save')
    expect(office.sent('POST', 'plans/months/quota').at(-1)?.body).toEqual({ month: '2026-12', quota: 12, note: '支队部署' })
  })
})

describe('a monthly plan', () => {
  it('shows under whose eyes the secret list is read and approves a late one only with a note', async () => {
    office = await officeWith('reviewer')
    office.on('GET plans/monthly/p1', detail({ late: true })).on('GET plans/monthly/p1/lines', { lines: [line(), line({ id: 'l2', unit_name: '没有人选的单位', team: [] })] })
    on = await show(MonthPlanScreen, { id: 'p1' })
    expect(on.text('plan-secret')).toContain('甄我')
    expect(on.text('line-l2')).toContain('没有符合条件的检查人员')
    await on.tap('plan-approve')
    expect((on.element('step-go') as HTMLButtonElement).disabled).toBe(true)
    await on.type('late-note', '上级临时部署')
    office.on('POST plans/monthly/p1/approve', plan({ state: 'approved' }))
    await on.tap('step-go')
    expect(office.sent('POST', 'plans/monthly/p1/approve')[0]?.body).toEqual({ note: '上级临时部署' })
  })
  it('does not even ask for the list for an auditor while it is secret', async () => {
    office = await officeWith('auditor')
    office.on('GET plans/monthly/p1', detail())
    on = await show(MonthPlanScreen, { id: 'p1' })
    expect(office.sent('GET', 'plans/monthly/p1/lines')).toHaveLength(0)
    expect(on.text('plan-secret')).toContain('不在知悉范围内')
    expect(on.has('plan-approve')).toBe(false)
  })
  it('sends only the limits that were changed, and no team', async () => {
    office = await officeWith('plan_officer')
    office.on('GET plans/monthly/p1', detail()).on('GET plans/monthly/p1/lines', { lines: [line(), line({ id: 'l2' })] }).on('PATCH plans/monthly/p1', plan())
    on = await show(MonthPlanScreen, { id: 'p1' })
    await on.type('limit-l2', '2026-12-18')
    await on.tap('limits-save')
    expect(office.sent('PATCH', 'plans/monthly/p1')[0]?.body).toEqual({ limits: [{ line: 'l2', inspect_by: '2026-12-18' }], premises: [] })
  })
  it('lets the premises of a drawn market entity be chosen among its own (D-2), in a draft only', async () => {
    office = await officeWith('plan_officer')
    const premises = [{ id: 'u1', name: '示例度假酒店', address: '湖滨路1号' }, { id: 'u2', name: '示例度假酒店东楼', address: '湖滨路9号' }]
    office.on('GET plans/monthly/p1', detail()).on('GET plans/monthly/p1/lines', { lines: [line({ premises }), line({ id: 'l2' })] }).on('PATCH plans/monthly/p1', plan())
    on = await show(MonthPlanScreen, { id: 'p1' })
    expect(on.has('place-l2')).toBe(false)
    const field = on.element('place-l1') as HTMLSelectElement
    expect([...field.options].map((one) => one.text)).toEqual(['示例度假酒店（湖滨路1号）', '示例度假酒店东楼（湖滨路9号）'])
    field.value = 'u2'
    field.dispatchEvent(new Event('change', { bubbles: true }))
    await settle()
    await on.tap('limits-save')
    expect(office.sent('PATCH', 'plans/monthly/p1')[0]?.body).toEqual({ limits: [], premises: [{ line: 'l1', unit: 'u2' }] })
    office.on('GET plans/monthly/p1', detail({ state: 'approved' }))
    on.screen.unmount()
    on = await show(MonthPlanScreen, { id: 'p1' })
    expect(on.has('place-l1')).toBe(false)
  })
  it('once public is changed by asking, with a new version to come', async () => {
    office = await officeWith('plan_officer')
    const version = { version: 1, rows: [{ unit_name: '示例度假酒店' }], sha256: 'ab'.repeat(32), reason: '首次公开', published_at: '2026-11-25T02:00:00.000Z' }
    office.on('GET plans/monthly/p1', detail({ state: 'published', approved_at: '2026-11-24T02:00:00.000Z', released_at: '2026-11-25T02:00:00.000Z', published_at: '2026-11-25T02:00:00.000Z', version: 1 }, { versions: [version] }))
    office.on('GET plans/monthly/p1/lines', { lines: [line()] }).on('POST plans/monthly/p1/amendments', {})
    on = await show(MonthPlanScreen, { id: 'p1' })
    expect(on.has('plan-secret')).toBe(false)
    expect(on.has('limit-l1')).toBe(false)
    await on.tap('plan-amend')
    await on.type('amend-day-l1', '2027-01-15')
    await on.type('amend-reason', '停产检修')
    await on.tap('amend-send')
    expect(office.sent('POST', 'plans/monthly/p1/amendments')[0]?.body).toMatchObject({ reason: '停产检修', changes: [{ line: 'l1', inspect_by: '2027-01-15' }] })
  })
})

describe('replacements', () => {
  const listed = (state: string) => ({
    replacements: [{ id: 'r1', visit_group: 'v1', kind: 'inspector', out_name: '甄文一', unit_name: '示例度假酒店', reason: 'leave', note: '年休假', state, asked_by: '贾计划', asked_at: '2026-11-26T02:00:00.000Z', decision: '', filing_no: '（文昌湖消防）备字〔2026〕第1号', filing_state: 'sent', draw_id: '', in_name: '', done_at: null }],
    reasons: { leave: '休假', recusal: '回避' }, unit_reasons: { closed: '已停业或注销' }, approval: 'agency_head',
  })
  const count = { year: 2026, visits: 10, replaced: 1, permille: 100, red: true, by_reason: {}, by_leader: [], by_inspector: [], by_unit: [] }
  const share = { year: 2026, drawn: 9, undrawn: 1, permille: 900, by_type: {} }
  const ready = async (role: string, state: string): Promise<void> => {
    office = await officeWith(role)
    office.on('GET plans/replacements', listed(state)).on('GET plans/replacements/count', count).on('GET plans/undrawn', { undrawn: [], types: { complaint_check: 'none', duty_spot_check: 'both', large_event: 'inspectors_only' }, items: { 'WC-1': '监督抽查' } }).on('GET plans/share', share)
    on = await show(ChangesScreen)
  }
  it('are counted in red above five per cent, approved by the head, and nobody can be named', async () => {
    await ready('reviewer', 'asked')
    expect(on.text('replacement-count')).toContain('10%')
    expect(on.text('replacement-r1')).toContain('备字〔2026〕第1号')
    office.on('POST plans/replacements/r1/decide', {})
    await on.tap('grant-r1')
    expect(office.sent('POST', 'plans/replacements/r1/decide')[0]?.body).toEqual({ granted: true, decision: '' })
  })
  it('begin a ceremony of two officials and a witness', async () => {
    await ready('plan_officer', 'approved')
    office.on('GET accounts/people', { people: [{ id: 'A', login: 'a', name: '甄一', roles: ['plan_officer'], active: true }, { id: 'B', login: 'b', name: '贾二', roles: ['reviewer'], active: true }, { id: 'C', login: 'c', name: '检查员', roles: ['inspector'], active: true }] })
    office.on('POST plans/replacements/r1/draw', { draw_id: 'd9' })
    await on.tap('draw-r1')
    expect(on.text('official-a')).not.toContain('检查员')
    for (const [name, value] of [['official-a', 'A'], ['official-b', 'B']] as const) {
      const field = on.element(name) as HTMLSelectElement
      field.value = value
      field.dispatchEvent(new Event('change', { bubbles: true }))
    }
    await on.type('official-witness', '甄见证')
    await on.tap('ceremony-go')
    expect(office.sent('POST', 'plans/replacements/r1/draw')[0]?.body).toEqual({ official_a: 'A', official_b: 'B', witness_name: '甄见证' })
    expect(on.at()).toBe('/draws/d9')
  })
  it('stand beside what was not drawn, whose form offers no drawn type', async () => {
    await ready('plan_officer', 'asked')
    await on.tap('changes-undrawn')
    expect(on.text('draw-share')).toContain('90%')
    office.on('GET registry/inspectors', { inspectors: [] })
    await on.tap('changes-new')
    expect(on.text('undrawn-type')).toContain('举报投诉核查')
    expect(on.text('undrawn-type')).not.toContain('监督抽查')
  })
})

describe('the calendar', () => {
  it('moves a visit and says the limit when it is refused', async () => {
    office = await officeWith('plan_officer')
    const entry = { id: 'v1', number: '2026-11-0001', unit_name: '示例度假酒店', team: ['甄文一', '贾湖二'], source: 'internal', inspect_by: '2026-11-30', planned_on: null, state: 'prepared', done: false, overdue: false, may_move: true }
    office.on('GET plans/board', { month: '2026-11', planned: 1, done: 0, overdue: 0, elapsed_permille: 900, done_permille: 0, per_day: 2, days: [{ day: '2026-11-28', workday: false, planned: 0, due: 0, room: 0 }], entries: [entry], teams: [{ team: ['甄文一', '贾湖二'], planned: 1, done: 0, overdue: 0 }] })
    on = await show(CalendarScreen)
    office.on('POST plans/visits/v1/day', new Problem(409, 'E_PAST_LIMIT', '检查时限为 2026-11-30，不能安排在时限之后'))
    await on.type('day-v1', '2026-12-02')
    await on.tap('move-v1')
    expect(on.text('move-trouble')).toContain('不能安排在时限之后')
    office.on('POST plans/visits/v1/day', { day: '2026-11-30' })
    await on.type('day-v1', '2026-11-30')
    await on.tap('move-v1')
    expect(on.text('move-done')).toContain('2026-11-30')
  })
})

describe('documents and letters', () => {
  const letter = { id: 'x1', agency_name: '文昌湖大队', recipient: '淄博支队', to_agency: 'above', object: 'plan_change', act: 'approve', number: '（文昌湖消防）请字〔2026〕第1号', title: '关于变更的请示', summary: [['理由', '停产检修']], document: '', sent_at: '2026-11-26T02:00:00.000Z', state: 'sent', answer_no: '', answer_on: null, answer: '' }
  it('a permission is granted, or refused only with its reason', async () => {
    office = await officeWith('superior')
    office.on('GET plans/inbox', { letters: [letter] }).on('POST plans/inbox/x1/answer', { ...letter, state: 'refused' })
    on = await show(InboxScreen)
    expect(on.text('letter-x1')).toContain('停产检修')
    await on.tap('answer-x1')
    expect((on.element('answer-refused') as HTMLButtonElement).disabled).toBe(true)
    await on.type('answer-reason', '理由不足')
    await on.tap('answer-refused')
    expect(office.sent('POST', 'plans/inbox/x1/answer')[0]?.body).toEqual({ state: 'refused', reason: '理由不足', number: '' })
  })
  it('a scheme takes its objects from a sub-pool or from conditions, and shows them in words', async () => {
    office = await officeWith('plan_officer')
    const content = { title: '示例方案', period_from: '2026-11-01', period_to: '2026-12-31', source: 'own', item_codes: ['JD-DUTY'], object_filter: '人员密集场所', pool_filter: { sectors: ['宾馆'] }, pool_words: '行业领域：宾馆', ratio_permille: 200, check_content: '安全出口' }
    const scheme = { id: 's1', kind: 'scheme', year: 2026, number: '计字1号', state: 'draft', rev: 1, title: '示例方案', signatory: '', issued_on: null, created_at: '2026-11-20T02:00:00.000Z', void_reason: '', content }
    office.on('GET plans/documents', { documents: [scheme], capacity: null, items: { 'JD-DUTY': '监督抽查' } }).on('GET plans/upward', { letters: [] })
    office.on('GET registry/sub-pools', { sub_pools: [{ id: 'p1', name: '高风险库', filter: { grades: ['D'] }, words: '风险等级：D', count: 7 }] }).on('PUT plans/documents/s1', scheme)
    on = await show(DocumentsScreen)
    expect(on.text('scheme-words')).toBe('检查对象：人员密集场所；行业领域：宾馆；抽查比例 20%；检查内容：安全出口')
    await on.tap('edit-s1')
    expect((on.element('condition-sectors') as HTMLInputElement).value).toBe('宾馆')
    const pool = on.element('scheme-pool') as HTMLSelectElement
    pool.value = 'p1'
    pool.dispatchEvent(new Event('change'))
    await on.screen.vm.$nextTick()
    expect(on.text('scheme-pool-words')).toBe('风险等级：D（今天 7 家）')
    await on.tap('document-save')
    expect(office.sent('PUT', 'plans/documents/s1')[0]?.body).toMatchObject({ base: 1, content: { pool_filter: { grades: ['D'] }, object_filter: '人员密集场所' } })
  })
  it('says what has become of the registry since the annual plan was signed', async () => {
    office = await officeWith('reviewer')
    const annual = { id: 'a1', kind: 'annual', year: 2026, number: '（示例）计字〔2026〕第1号', state: 'approved', rev: 1, title: '2026年计划', signatory: '甄我', issued_on: '2026-01-05', created_at: '2026-01-05T02:00:00Z', void_reason: '', content: { period_from: '2026-01-01', period_to: '2026-12-31', target_key: 1, target_general: 2 } }
    office.on('GET plans/documents', { documents: [annual], capacity: null, items: {} }).on('GET plans/upward', { letters: [] })
    const none = { count: 0, names: [] }
    office.on('GET plans/documents/a1/registry', { since: { snapshot: { on: '2026-01-05', count: 12, root: 'r00t', leaf: 7 }, now: 13, added: { count: 1, names: ['示例新店'] }, removed: none, changed: none } })
    on = await show(DocumentsScreen)
    await on.tap('registry-a1')
    expect(on.text('since-then')).toContain('2026-01-05 签发时在册 12 家，现在 13 家')
    expect(on.text('since-added')).toContain('示例新店')
    expect(on.has('since-removed')).toBe(false)
    office.on('GET plans/documents/a1/registry', { since: null })
    await on.tap('dialog-close')
    await on.tap('registry-a1')
    expect(on.has('since-none')).toBe(true)
  })
  it('an annual plan is drawn up under an id of its own and signed by the head', async () => {
    office = await officeWith('plan_officer')
    office.on('GET plans/documents', { documents: [], capacity: { headcount: 4, each: 77, least: 308, most: 440, per_day: 2 }, items: { 'JD-DUTY': '监督抽查' } }).on('GET plans/upward', { letters: [] })
    on = await show(DocumentsScreen)
    expect(on.text('capacity')).toContain('77')
    await on.tap('document-annual')
    expect((on.element('document-save') as HTMLButtonElement).disabled).toBe(true)
    const item = on.element('item-JD-DUTY') as HTMLInputElement
    item.click()
    await on.type('target-key', '60')
    const saved: unknown[] = []
    const fetchOne = office.fetch.bind(office)
    vi.stubGlobal('fetch', (input: string, init?: RequestInit) => {
      if (init?.method === 'PUT') {
        saved.push(JSON.parse(String(init.body)))
        return Promise.resolve(new Response('{}', { status: 200 }))
      }
      return fetchOne(input, init)
    })
    await on.tap('document-save')
    expect(saved).toMatchObject([{ kind: 'annual', base: 0, content: { item_codes: ['JD-DUTY'], target_key: 60, source: 'own' } }])
  })
})

describe('letters to a superior', () => {
  const letter = (more: Record<string, unknown> = {}) => ({ id: 'w1', agency_name: '示例大队', recipient: '上一级消防救援机构', to_agency: '', object: 'plan_change', object_id: 'p1', act: 'approve', number: '（示例）请字〔2026〕第1号', title: '关于变更计划的请示', summary: [['理由', '停业']], document: '', sent_at: '2026-11-20T02:00:00Z', state: 'sent', answer_no: '', answer_on: null, answer: '', ...more })
  const documents = { documents: [], capacity: null, items: {} }
  it('an answer on paper is recorded with number, date, answer and reason, only where the superior is not here', async () => {
    office = await officeWith('plan_officer')
    office.on('GET plans/documents', documents).on('GET plans/upward', { letters: [letter(), letter({ id: 'w2', to_agency: 'above' }), letter({ id: 'w3', state: 'granted', answer_on: '2026-11-21' })] })
    on = await show(DocumentsScreen)
    expect([on.has('paper-w1'), on.has('paper-w2'), on.has('paper-w3')]).toEqual([true, false, false])
    await on.tap('paper-w1')
    const go = (): boolean => !(on.element('paper-go') as HTMLButtonElement).disabled
    await on.type('paper-number', '淄消〔2026〕7号')
    await on.type('paper-on', '2026-11-26')
    expect(go(), 'no answer chosen yet').toBe(false)
    await on.screen.find('[data-test="paper-refused"]').setValue(true)
    expect(go(), 'a refusal has its reason').toBe(false)
    await on.type('paper-reason', '理由不足')
    await on.type('paper-on', '2026-11-28')
    expect(go(), 'no letter comes from tomorrow').toBe(false)
    await on.type('paper-on', '2026-11-26')
    office.on('POST plans/upward/w1/answer', letter({ state: 'refused' }))
    await on.tap('paper-go')
    expect(office.sent('POST', 'plans/upward/w1/answer')[0]?.body).toEqual({ state: 'refused', reason: '理由不足', number: '淄消〔2026〕7号', on: '2026-11-26' })
    expect(on.has('paper-go')).toBe(false)
  })
  it('who only reads records nothing', async () => {
    office = await officeWith('auditor')
    office.on('GET plans/documents', documents).on('GET plans/upward', { letters: [letter()] })
    on = await show(DocumentsScreen)
    expect(on.has('paper-w1')).toBe(false)
  })
})
