// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FakeOffice, officeWith, show, type Stage } from '../testing/fakeOffice'
import DevicesScreen from './DevicesScreen.vue'
import QuarantineScreen from './QuarantineScreen.vue'

const DEV = `${'d'.repeat(21)}A`
const PHONE = {
  dev: DEV, user: 'u', user_name: '甄', installation: 'i', label: '3 号手机', enrolled_at: '2026-10-01T08:00:00.000Z', revoked_at: null, revoke_reason: '', self_test: {}, last_contact: '2026-11-20T08:00:00.000Z',
  lost_at: null, follows: '', replaced_by: '', replaced_at: null, story: '', story_note: '', story_at: null,
}
const CHAIN = { dev: DEV, next_n: 41, last_ms: Date.parse('2026-11-20T08:00:00Z'), held: 2, quarantined: 0, open: [{ insp: 'i', number: '2026-11-0042', unit_name: '试验宾馆', state: 'in_progress', events: 30, files_lacking: 5 }] }
let office: FakeOffice
let on: Stage
beforeEach(async () => {
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true
  }
  office = await officeWith('administrator')
  office.on('GET accounts/devices', { devices: [PHONE] }).on('GET inspections/chains', { chains: [CHAIN] })
})
afterEach(() => {
  on.screen.unmount()
  vi.unstubAllGlobals()
})

describe('a lost phone', () => {
  it('is revoked in three steps, at the time it was lost, after what follows was read', async () => {
    office.on(`POST accounts/devices/${DEV}/revoke`, PHONE)
    on = await show(DevicesScreen)
    await on.tap(`revoke-${DEV}`)
    await on.tap('lost-next')
    expect((on.element('lost-next') as HTMLButtonElement).disabled).toBe(true)
    await on.type('lost-at', '2026-11-20T17:30')
    await on.type('lost-note', '乘车时遗失')
    await on.tap('lost-next')
    expect(on.text('lost-known')).toContain('试验宾馆')
    expect(on.text('lost-known')).toContain('还有 5 个文件没有传到')
    expect(on.text('lost-follows')).toContain('2026-11-20 17:30之前已收到的记录照常有效')
    await on.tap('lost-go')
    expect(office.sent('POST', `accounts/devices/${DEV}/revoke`)[0]?.body).toEqual({ reason: '手机遗失或被盗：乘车时遗失', lost_at: '2026-11-20T09:30:00.000Z' })
  })
})

describe('quarantine', () => {
  const KEPT = { h: 'h'.repeat(43), dev: DEV, user: 'u', user_name: '甄', insp: 'i', number: '2026-11-0042', unit_name: '试验宾馆', t: 'note.add', code: 'E_DEV_REVOKED', reason: '手机停用之后到达', todo: '核对停用时间', received_ms: 1, claimed_ms: 1, releasable: true, decision: '', decision_reason: '', decided_by: '', decided_at: null, said: '三层东侧' }
  it('lets a reviewer let events in with a reason', async () => {
    office = await officeWith('reviewer')
    office.on('GET inspections/quarantine', { events: [KEPT, { ...KEPT, h: 'f'.repeat(43), code: 'E_FORK', releasable: false }] }).on('POST inspections/quarantine/decisions', { released: [KEPT.h] })
    on = await show(QuarantineScreen)
    await on.tap(`choose-${DEV}`)
    await on.tap('release')
    await on.type('reason', '经核实手机仍在本人手中')
    await on.tap('reason-go')
    expect(office.sent('POST', 'inspections/quarantine/decisions')[0]?.body).toEqual({ events: [KEPT.h], decision: 'release', reason: '经核实手机仍在本人手中' })
    expect(on.text('quarantine-out')).toContain('1')
  })
})
