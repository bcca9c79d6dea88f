// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import BatchesScreen from '../plans/BatchesScreen.vue'
import { type Asked, type FakeOffice, officeWith, Problem, settle, show, type Stage } from '../testing/fakeOffice'
import { csvOf } from './tables'

let office: FakeOffice
let on: Stage
const WRONG = [
  { row: 3, column: '检查人员2证号', text: '检查人员不得少于2人，本行只有1人', code: 'E_TOO_FEW_INSPECTORS' },
  { row: 5, column: '', text: '与第4行重复', code: 'E_ROW_DOUBLE' },
]
async function choose(name: string, text = '批次号\n'): Promise<void> {
  const input = on.element('import-file') as HTMLInputElement
  Object.defineProperty(input, 'files', { configurable: true, value: [new File([text], name)] })
  input.dispatchEvent(new Event('change', { bubbles: true }))
  await settle()
}
const dry = (asked: Asked): unknown => (asked.body as Record<string, unknown>)['dry_run']
beforeEach(async () => {
  office = await officeWith('plan_officer')
})
afterEach(() => {
  on.screen.unmount()
  vi.unstubAllGlobals()
})

describe('a batch that was drawn elsewhere', () => {
  beforeEach(async () => {
    office.on('GET plans/batches', { batches: [] })
    on = await show(BatchesScreen)
    await on.tap('import-open')
  })
  it('is looked at first and stored only when the clerk confirms', async () => {
    office.on('POST plans/batches', (asked: Asked) => ({ batch_ids: dry(asked) === '1' ? [] : ['b1'], lines: 4, visits: 3, errors: [] }))
    await choose('十二月.xlsx')
    expect(office.sent('POST', 'plans/batches').map(dry)).toEqual(['1'])
    expect(on.text('import-looked')).toContain('十二月.xlsx：共 4 行，形成 3 次检查')
    await on.tap('import-go')
    expect(office.sent('POST', 'plans/batches').map(dry)).toEqual(['1', '0'])
    expect(on.text('import-done')).toContain('形成 3 次检查')
    expect(office.sent('GET', 'plans/batches')).toHaveLength(2)
  })
  it('with errors shows row, column and sentence, and offers no way to store half of it', async () => {
    office.on('POST plans/batches', { batch_ids: [], lines: 4, visits: 2, errors: WRONG })
    await choose('十二月.xlsx')
    const rows = [...document.querySelectorAll('[data-test="import-errors"] tbody tr')].map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent))
    expect(rows).toEqual([['3', '检查人员2证号', '检查人员不得少于2人，本行只有1人'], ['5', '整行', '与第4行重复']])
    expect(on.has('import-go')).toBe(false)
  })
  it('that turned wrong between looking and storing is shown again, not claimed as done', async () => {
    office.on('POST plans/batches', (asked: Asked) => ({ batch_ids: [], lines: 4, visits: 3, errors: dry(asked) === '1' ? [] : WRONG }))
    await choose('十二月.xlsx')
    await on.tap('import-go')
    expect(on.has('import-done')).toBe(false)
    expect(on.text('import-looked')).toContain('有 2 处需要修改')
  })
  it('refused as a whole says why in the words of the server, and another file can be chosen', async () => {
    office.on('POST plans/batches', new Problem(409, 'E_BATCH_KNOWN', '批次“2026-12”已经导入过，不会重复派发任务'))
    await choose('十二月.csv')
    expect(on.text('import-trouble')).toContain('已经导入过')
    office.on('POST plans/batches', { batch_ids: [], lines: 1, visits: 1, errors: [] })
    await choose('一月.csv')
    expect(on.has('import-trouble')).toBe(false)
    expect(on.text('import-looked')).toContain('一月.csv')
  })
})

it('a table for Excel carries its mark, keeps commas and line feeds, and holds no formula', () => {
  on = { screen: { unmount: () => undefined } } as unknown as Stage
  expect(csvOf([['单位,名称', '=HYPERLINK("x")'], ['两\n行', '-5']])).toBe('\uFEFF"单位,名称","\'=HYPERLINK(""x"")"\r\n"两\n行",-5\r\n')
})
