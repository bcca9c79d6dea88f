// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Session, UnitReport } from '@/sync/session'
import { enter } from '../app/usePhone'
import ReportUnitScreen from './ReportUnitScreen.vue'

let screen: VueWrapper
let kept: Record<string, string> | undefined
let reports: UnitReport[]
let refusal = ''

async function open(): Promise<void> {
  const session = {
    me: { dev: 'd', user: 'u', name: '秦试' },
    subscribe: () => () => undefined,
    whenIdle: () => () => undefined,
    draft: () => ({ load: async () => kept, save: (value: Record<string, string>) => void (kept = { ...value }), drop: async () => void (kept = undefined), flush: async () => ({ ok: true }) }),
    unitReports: async () => reports,
    reportUnit: async (form: UnitReport) => {
      if (refusal) return { ok: false, reason: 'storage_full', text: refusal }
      reports = [{ ...form, id: 'r1', at: 1, sync: { word: 'saved', done: 0, total: 1 } }, ...reports]
      return { ok: true, id: 'r1' }
    },
    dropUnitReport: async () => void (reports = []),
    syncNow: async () => ({}),
  }
  enter(session as unknown as Session)
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  screen = mount(ReportUnitScreen, { global: { plugins: [router] }, attachTo: document.body })
  await flushPromises()
}
beforeEach(() => {
  kept = undefined
  reports = []
  refusal = ''
})
afterEach(() => screen.unmount())
const find = (name: string) => screen.find(`[data-test="${name}"]`)
async function fill(): Promise<void> {
  await find('report-name').setValue(' 漏登小店 ')
  await find('report-address').setValue('示例路77号')
}

describe('a unit outside the registry', () => {
  it('is kept on the phone and says that it waits for a network', async () => {
    await open()
    expect(find('report-save').attributes('disabled')).toBeDefined()
    await fill()
    await find('report-save').trigger('click')
    await flushPromises()
    expect(find('report-kept').text()).toContain('已存在手机上')
    expect(find('report').text()).toContain('漏登小店')
    expect(find('report').text()).toContain('等待网络')
    expect(kept).toBeUndefined()
  })
  it('half typed is there again after a kill', async () => {
    await open()
    await fill()
    screen.unmount()
    await open()
    expect((find('report-address').element as HTMLInputElement).value).toBe('示例路77号')
  })
  it('that cannot be kept stays in the form with the reason', async () => {
    refusal = '手机空间已满'
    await open()
    await fill()
    await find('report-save').trigger('click')
    await flushPromises()
    expect(find('report-trouble').text()).toContain('空间已满')
    expect((find('report-name').element as HTMLInputElement).value).toContain('漏登小店')
  })
  it('that was refused says why and can be taken back', async () => {
    reports = [{ id: 'r', name: '店', address: '路', uscc: '', note: '', at: 1, sync: { word: 'attention', done: 0, total: 1, reason: '名称太长' } }]
    await open()
    expect(find('report').text()).toContain('名称太长')
    await find('report-drop').trigger('click')
    await flushPromises()
    expect(find('report').exists()).toBe(false)
  })
})
