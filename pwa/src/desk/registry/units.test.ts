// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Asked, type FakeOffice, officeWith, Problem, settle, show, type Stage } from '../testing/fakeOffice'
import UnitsScreen from './UnitsScreen.vue'

const HEADERS = {
  columns: [{ key: 'name', label: '单位名称', required: true }, { key: 'address', label: '地址', required: true }, { key: 'uscc', label: '统一社会信用代码', required: false }, { key: 'responsible_name', label: '消防安全责任人', required: true }, { key: 'unit_type', label: '单位类型', required: true }, { key: 'items', label: '适用抽查事项', required: false }],
  facts: [{ key: 'key_unit', label: '消防安全重点单位', required: false }], items: [], sectors: ['宾馆饭店'], districts: ['样本镇'],
}
const UNIT = { id: 'u1', name: '示例宾馆', entity_name: '示例宾馆', address: '示例路1号', uscc: '9141', registration_no: '', details: { unit_type: '重点单位', sector: '宾馆饭店' }, facts: {}, blacklisted: true, state: 'active', percent: 80, verified_on: null, stale: true }
const CARD = {
  id: 'u1', name: '示例宾馆', state: 'active', merged_into: null, blacklisted: true, percent: 80, lacking: ['建筑面积'], verified_on: null, stale: true, premises: [], duplicates: [{ id: 'u2', name: '示例宾馆', address: '示例路一号', state: 'active' }],
  values: [{ key: 'name', label: '单位名称', value: '示例宾馆', required: true, how: 'import', day: '2026-11-01', source: '导入：十一月.xlsx' }, { key: 'floor_area', label: '建筑面积', value: '', required: false, how: '', day: '', source: '' }, { key: 'fact.key_unit', label: '消防安全重点单位', value: 'yes', required: false, how: 'import', day: '2026-11-01', source: '' }],
  marks: [{ id: 'm1', kind: 'blacklist', since: '2026-11-01', until: null, reason: '拒不整改', source: '信用平台', ended_reason: '' }],
  history: [{ at: '2026-11-02T01:00:00Z', label: '行业', old: '', new: '宾馆饭店', how: 'desk', source: '', reason: '核实', by: '甄划' }],
}
const IMPORT = {
  id: 'i1', file_name: '十二月.xlsx', state: 'checked', done: 3, total: 3, rows: 4, added: 1, updated: 1, unchanged: 1, left: 0, wrong: 1, by: '甄划', at: '2026-11-20T01:00:00Z', stored_at: null, undone_at: null, undone_reason: '', trouble: '', lacking: [],
  headers: [{ header: '单位名称', field: 'name', sample: ['示例宾馆'] }, { header: '电话', field: '', sample: ['0379'] }], errors: [{ row: 5, column: '统一社会信用代码', text: '不正确', code: 'E_USCC' }], error_count: 1, notes: [],
  conflicts: [{ row: 3, unit_id: 'u1', unit_name: '示例宾馆', field: 'sector', label: '行业', old: '宾馆饭店', new: '工业仓储', how: 'desk', day: '2026-11-02', source: '核实', decided: '' }], conflict_count: 1,
}
let office: FakeOffice
let on: Stage
async function choose(): Promise<void> {
  const input = on.element('import-file') as HTMLInputElement
  Object.defineProperty(input, 'files', { configurable: true, value: [new File(['x'], '十二月.xlsx')] })
  input.dispatchEvent(new Event('change', { bubbles: true }))
  await settle()
}
async function pick(name: string, value: string): Promise<void> {
  const field = on.element(name) as HTMLSelectElement
  field.value = value
  field.dispatchEvent(new Event('change', { bubbles: true }))
  await settle()
}
async function open(...roles: string[]): Promise<void> {
  office = await officeWith(...roles)
  office.on('GET registry/headers', HEADERS).on('GET registry/units', { units: [UNIT], total: 1 }).on('GET registry/sub-pools', { sub_pools: [] }).on('GET registry/proposals', { proposals: [], open: 2 }).on('GET registry/units/u1/card', CARD)
  on = await show(UnitsScreen)
}
beforeEach(() => open('plan_officer'))
afterEach(() => {
  on.screen.unmount()
  vi.unstubAllGlobals()
})

describe('the list', () => {
  it('shows how complete a unit is, who is blacklisted, and how many proposals wait', () => {
    expect(on.text('unit-u1')).toContain('80%')
    expect(on.text('unit-u1')).toContain('黑名单')
    expect(document.body.textContent).toContain('更正建议（2）')
  })
  it('asks the server for every filter, from the first page', async () => {
    await pick('filter-sector', '宾馆饭店')
    await pick('filter-only', 'stale')
    const last = office.asked.filter((one) => one.path.startsWith('registry/units?')).at(-1)
    expect(last?.path).toContain(`sector=${encodeURIComponent('宾馆饭店')}`)
    expect(last?.path).toContain('only=stale')
    expect(last?.path).toContain('offset=0')
  })
  it('offers no way to filter the blacklist away', () => {
    const words = [...(on.element('filter-mark') as HTMLSelectElement).options].map((one) => one.text)
    expect(words).toContain('黑名单')
    expect(words.some((one) => one.includes('非黑名单') || one.includes('剔除'))).toBe(false)
  })
  it('is for reading only to a reviewer', async () => {
    on.screen.unmount()
    await open('reviewer')
    for (const name of ['import-open', 'unit-add']) expect(on.has(name)).toBe(false)
    await on.tap('unit-u1')
    for (const name of ['unit-edit', 'unit-verify', 'mark-add', 'end-blacklist', 'merge-u2']) expect(on.has(name)).toBe(false)
  })
})

describe('the card', () => {
  beforeEach(() => on.tap('unit-u1'))
  it('says where each field came from, what is missing, and what may be the same', () => {
    expect(on.text('unit-fields')).toContain('导入：十一月.xlsx')
    expect(document.body.textContent).toContain('还缺：建筑面积')
    expect(document.body.textContent).toContain('疑似重复：示例宾馆（示例路一号）')
    expect(on.text('unit-history')).toContain('核实')
  })
  it('sends only what was changed, and only with a reason', async () => {
    office.on('PUT registry/units/u1/fields', null)
    await on.tap('unit-edit')
    await on.type('edit-floor_area', '320')
    expect((on.element('edit-save') as HTMLButtonElement).disabled).toBe(true)
    await on.type('edit-reason', '现场测量')
    await on.tap('edit-save')
    expect(office.sent('PUT', 'registry/units/u1/fields')[0]?.body).toEqual({ values: { floor_area: '320' }, reason: '现场测量' })
  })
  it('says the refusal of the server in its words and keeps what was typed', async () => {
    office.on('PUT registry/units/u1/fields', new Problem(409, 'E_UNIT_TAKEN', '同一市场主体下已有名称和地址都相同的单位'))
    await on.tap('unit-edit')
    await on.type('edit-name', '示例宾馆二')
    await on.type('edit-reason', '更名')
    await on.tap('edit-save')
    expect(on.text('edit-trouble')).toContain('已有名称和地址都相同')
    expect((on.element('edit-name') as HTMLInputElement).value).toBe('示例宾馆二')
  })
  it('ends the blacklist only with a reason', async () => {
    office.on('POST registry/units/u1/marks/m1/end', null)
    await on.tap('end-blacklist')
    expect((on.element('reason-go') as HTMLButtonElement).disabled).toBe(true)
    await on.type('reason', '信用修复')
    await on.tap('reason-go')
    expect(office.sent('POST', 'registry/units/u1/marks/m1/end')[0]?.body).toEqual({ reason: '信用修复' })
  })
})

describe('a table', () => {
  beforeEach(async () => {
    office.on('POST registry/imports', IMPORT)
    await on.tap('import-open')
  })
  it('is looked at first: columns, errors and conflicts stand there before anything is stored', async () => {
    await choose()
    expect(on.text('import-looked')).toContain('新增 1，更新 1，没有变化 1，有错误 1')
    expect(on.text('import-errors')).toContain('不正确')
    expect(on.text('import-conflicts')).toContain('工业仓储')
    expect(office.asked.some((one) => one.path.endsWith('/store'))).toBe(false)
  })
  it('wins over a person only where the clerk says so', async () => {
    office.on('PUT registry/imports/i1/decisions', { ...IMPORT, conflicts: [{ ...IMPORT.conflicts[0], decided: 'file' }] })
    await choose()
    expect(document.body.textContent).toContain('还有 1 处没有决定')
    await on.tap('take-3-sector')
    expect(office.sent('PUT', 'registry/imports/i1/decisions')[0]?.body).toEqual({ decisions: { '3:sector': 'file' } })
    expect(document.body.textContent).not.toContain('处没有决定')
  })
  it('can have its columns assigned by the clerk', async () => {
    office.on('PUT registry/imports/i1/mapping', IMPORT)
    await choose()
    await pick('map-1', 'responsible_name')
    await on.tap('import-remap')
    expect(office.sent('PUT', 'registry/imports/i1/mapping')[0]?.body).toEqual({ mapping: { 单位名称: 'name', 电话: 'responsible_name' } })
  })
  it('shows how far storing is and asks until it is done', async () => {
    let asked = 0
    office.on('POST registry/imports/i1/store', { ...IMPORT, state: 'storing', done: 0, total: 50_000 })
    office.on('GET registry/imports/i1', (_: Asked) => ((asked += 1) > 1 ? { ...IMPORT, state: 'done' } : { ...IMPORT, state: 'storing', done: 21_000, total: 50_000 }))
    await choose()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    on.element('import-go').click()
    await vi.advanceTimersByTimeAsync(50)
    await vi.advanceTimersByTimeAsync(800)
    expect(on.text('import-progress')).toContain('21000 / 50000 行')
    await vi.advanceTimersByTimeAsync(800)
    vi.useRealTimers()
    await settle()
    expect(on.text('import-done')).toContain('新增 1 家，更新 1 家，1 行没有导入')
  })
  it('that cannot be read says why', async () => {
    office.on('POST registry/imports', { ...IMPORT, state: 'failed', trouble: '文件不是可读取的 Excel 表格，或已损坏、已加密' })
    await choose()
    expect(on.text('import-trouble')).toContain('已损坏')
    expect(on.has('import-go')).toBe(false)
  })
})

describe('the coverage', () => {
  it('has the period after which a unit is stale, within its limits', async () => {
    office.on('GET registry/coverage', { total: 1, incomplete: 0, stale: 1, blacklisted: 0, without_item: 0, stale_days: 365, sectors: [], districts: [], cells: [] }).on('PUT registry/coverage/stale-period', null)
    await on.tap('units-view-coverage')
    expect((on.element('stale-days') as HTMLInputElement).value).toBe('365')
    for (const days of ['365', '29', '4000', 'x']) {
      await on.type('stale-days', days)
      expect((on.element('stale-keep') as HTMLButtonElement).disabled, days).toBe(true)
    }
    await on.type('stale-days', '180')
    await on.tap('stale-keep')
    expect(office.sent('PUT', 'registry/coverage/stale-period')[0]?.body).toEqual({ days: 180 })
  })
})

describe('what the field proposes', () => {
  const seen = { id: 'p1', kind: 'field', unit_id: 'u1', unit_name: '示例宾馆', insp: 'x', field: 'sector', label: '行业', old: '宾馆饭店', now: '商场市场', new: '工业仓储', source: '营业执照', details: {}, by: '甄检', at: '2026-11-20T01:00:00Z', state: 'open', reason: '' }
  it('is taken over or turned down, each with a reason, and says when the registry has moved on', async () => {
    office.on('GET registry/proposals', { proposals: [seen], open: 1 }).on('POST registry/proposals/p1/decide', null)
    await on.tap('units-view-proposals')
    expect(on.text('proposal-field')).toContain('行业：商场市场 → 工业仓储')
    expect(on.text('proposal-field')).toContain('提出时是“宾馆饭店”')
    await on.tap('proposal-reject')
    await on.type('reason', '执照未变')
    await on.tap('reason-go')
    expect(office.sent('POST', 'registry/proposals/p1/decide')[0]?.body).toEqual({ accept: false, reason: '执照未变', values: {} })
  })
})
