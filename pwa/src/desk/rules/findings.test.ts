// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest'
import { officeWith, show, type Stage } from '../testing/fakeOffice'
import FindingsPanel from './FindingsPanel.vue'

let on: Stage
afterEach(() => {
  on.screen.unmount()
  vi.unstubAllGlobals()
})
const item = (more: Record<string, unknown> = {}) => ({ code: 'WS-GEN', name: '综合监管检查', checked: 8, failed: 6, checked_year: 0, failed_year: 0, worst: [{ text: '通道堆放杂物', checklist: '综合检查表', count: 5 }], ...more })
async function open(found: Record<string, unknown>): Promise<void> {
  const office = await officeWith('plan_officer')
  office.on('GET reports/findings', { since: '2025-11-27', inspections: 8, items: [item()], without_item: [], ...found })
  on = await show(FindingsPanel)
}

describe('what inspections found', () => {
  it('stands beside each item, with its most frequent problems', async () => {
    await open({})
    expect(on.text('found-WS-GEN')).toContain('6 / 8 次不合格（75%）')
    expect(on.text('found-WS-GEN')).toContain('没有检查')
    expect(on.text('found-WS-GEN')).toContain('通道堆放杂物（5 次）')
    expect(on.text('findings')).toContain('没有发现多次出现')
  })
  it('suggests what has no item, and says whether a checklist or a free note told it', async () => {
    await open({ without_item: [{ text: '电动车入户充电', checklist: '', count: 4 }, { text: '灭火器失压', checklist: '附加检查表', count: 3 }] })
    expect(on.text('found-loose')).toContain('电动车入户充电（4 次） 现场另行记录')
    expect(on.text('found-loose')).toContain('检查表：附加检查表')
  })
  it('says when there is nothing to count', async () => {
    await open({ inspections: 0 })
    expect(on.text('findings')).toContain('还没有审核通过的检查')
    expect(on.has('found-WS-GEN')).toBe(false)
  })
})
