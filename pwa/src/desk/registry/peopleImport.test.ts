// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FakeOffice, officeWith, settle, show, type Stage } from '../testing/fakeOffice'
import InspectorsScreen from './InspectorsScreen.vue'

const COLUMNS = { columns: [{ key: 'name', label: '姓名', required: true }, { key: 'login', label: '账号', required: false }, { key: 'certificate_no', label: '执法资格证编号', required: true }] }
const IMPORT = {
  id: 'i1', kind: 'inspectors', file_name: '人员.xlsx', state: 'checked', done: 2, total: 2, rows: 2, added: 1, updated: 0, unchanged: 0, left: 1, wrong: 1, by: '甄管', at: '2026-11-20T01:00:00Z', stored_at: null, undone_at: null, undone_reason: '', trouble: '', again: false, lacking: [],
  headers: [{ header: '姓名', field: 'name', sample: ['甄新'] }], errors: [{ row: 3, column: '证件有效期', text: '执法证已于 2020-01-01 到期', code: 'E_CERTIFICATE_EXPIRED' }], error_count: 1, notes: [{ row: 2, column: '账号', text: '将为“甄新”建立账号 zhenxin', code: 'W_ACCOUNT' }],
  conflicts: [{ row: 4, unit_id: 'p1', unit_name: '甄检一', field: 'post', label: '岗位', old: '值班', new: '执法', how: 'desk', day: '', source: '', decided: '' }], conflict_count: 1,
}
let office: FakeOffice
let on: Stage
async function open(...roles: string[]): Promise<void> {
  office = await officeWith(...roles)
  office.on('GET registry/inspectors', { inspectors: [] }).on('GET registry/conflicts', { conflicts: [] }).on('GET accounts/people', { people: [] }).on('GET registry/leading-group', { members: [] })
  office.on('GET registry/inspectors/completeness', { unregistered: [], incomplete: [], expired: [], ending: [], without_sector: [] })
  office.on('GET registry/imports/columns', COLUMNS).on('POST registry/imports', IMPORT).on('GET registry/imports', { imports: [IMPORT] })
  on = await show(InspectorsScreen)
}
async function choose(): Promise<void> {
  const input = on.element('import-file') as HTMLInputElement
  Object.defineProperty(input, 'files', { configurable: true, value: [new File(['x'], '人员.xlsx')] })
  input.dispatchEvent(new Event('change', { bubbles: true }))
  await settle()
}
afterEach(() => {
  on.screen.unmount()
  vi.unstubAllGlobals()
})

describe('a table of inspectors', () => {
  beforeEach(() => open('administrator'))
  it('is sent as what it is, and says what is wrong, whose account it makes and where a person said otherwise', async () => {
    await on.tap('import-open')
    await choose()
    expect(office.sent('POST', 'registry/imports')[0]?.body).toMatchObject({ kind: 'inspectors' })
    expect(on.text('import-errors')).toContain('到期')
    expect(document.body.textContent).toContain('将为“甄新”建立账号')
    expect(on.text('import-conflicts')).toContain('人员')
    expect(on.text('import-conflicts')).toContain('甄检一')
  })
  it('that made accounts tells how these people get their phones', async () => {
    office.on('POST registry/imports/i1/store', { ...IMPORT, state: 'done' })
    await on.tap('import-open')
    await choose()
    await on.tap('import-go')
    expect(on.text('import-done')).toContain('新增 1 人')
    expect(on.text('import-done')).toContain('发放登记码')
  })
  it('stands in the list of tables that came in', async () => {
    await on.tap('inspectors-view-imports')
    expect(on.text('import-checked')).toContain('执法检查人员')
    expect(office.asked.at(-1)?.path).toBe('registry/imports?of=people')
  })
  it('of the leading group is not an administrator’s to bring', async () => {
    await on.tap('inspectors-view-group')
    expect(on.has('import-open')).toBe(false)
  })
})

describe('the leading group', () => {
  it('comes in by a table of its own', async () => {
    await open('plan_officer')
    await on.tap('inspectors-view-group')
    await on.tap('import-open')
    expect(office.asked.at(-1)?.path).toBe('registry/imports/columns?kind=leaders')
    await choose()
    expect(office.sent('POST', 'registry/imports')[0]?.body).toMatchObject({ kind: 'leaders' })
  })
  it('is for reading only to a reviewer', async () => {
    await open('reviewer')
    expect(on.has('import-open')).toBe(false)
    expect(on.has('inspectors-view-imports')).toBe(false)
  })
})
