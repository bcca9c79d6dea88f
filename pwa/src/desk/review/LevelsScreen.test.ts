// @vitest-environment happy-dom
/** The share of 同机确认 per inspector, for leaders. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { flushPromises } from '@vue/test-utils'
import { officeWith, show } from '../testing/fakeOffice'
import LevelsScreen from './LevelsScreen.vue'

const row = (user: string, name: string, a1: number, a2: number, overdue = 0) => ({ user, name, total: a1 + a2, a1, a2, a3: 0, guest: a1, confirmed: a1 - overdue, overdue })
afterEach(() => vi.unstubAllGlobals())

describe('the table of levels', () => {
  it('says period, counts and share, and asks again for another period', async () => {
    const office = await officeWith('reviewer')
    office.on('GET inspections/levels', { inspectors: [row('u1', '甄检一', 3, 1, 2), row('u2', '贾检二', 0, 5)] })
    const stage = await show(LevelsScreen)
    expect(stage.text('levels-u1')).toMatch(/甄检一\s*4\s*75%\s*3\s*1\s*0\s*3\s*1\s*2/)
    expect(stage.text('levels-u2')).toContain('0%')
    await stage.type('levels-since', '2026-01-01')
    await flushPromises()
    expect(office.asked.at(-1)?.path).toContain('since=2026-01-01')
  })

  it('says so when nothing was sealed', async () => {
    const office = await officeWith('auditor')
    office.on('GET inspections/levels', { inspectors: [] })
    const stage = await show(LevelsScreen)
    expect(stage.screen.text()).toContain('没有封存的记录')
  })
})
