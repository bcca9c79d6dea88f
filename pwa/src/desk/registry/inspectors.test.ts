// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FakeOffice, officeWith, Problem, settle, show, type Stage } from '../testing/fakeOffice'
import CertificateReminders from './CertificateReminders.vue'
import InspectorsScreen from './InspectorsScreen.vue'

const INSPECTOR = { user_id: 'p1', name: '甄检一', certificate_no: 'YS-1', valid_to: '2027-01-01', days_left: 400, details: { sector_groups: ['宾馆饭店'] } }
let office: FakeOffice
let on: Stage
async function pick(name: string, value: string): Promise<void> {
  const field = on.element(name) as HTMLSelectElement
  field.value = value
  field.dispatchEvent(new Event('change', { bubbles: true }))
  await settle()
}
beforeEach(async () => {
  office = await officeWith('plan_officer')
  office
    .on('GET registry/inspectors', { inspectors: [INSPECTOR] })
    .on('GET registry/conflicts', { conflicts: [{ id: 'c1', user_id: 'p1', unit_id: 'u1', unit_name: '示例宾馆', reason: '配偶任职', recorded_at: '2026-11-01T00:00:00Z' }] })
    .on('GET accounts/people', { people: [] })
    .on('GET registry/inspectors/completeness', { unregistered: [{ id: 'x', name: '甄漏登' }], incomplete: [{ user_id: 'p1', name: '甄检一', lacking: ['职务'] }], expired: ['贾过期'], ending: [{ user_id: 'p1', name: '甄检一', valid_to: '2026-12-20', days_left: 23, urgent: true }], without_sector: ['工业仓储'] })
    .on('GET registry/leaves', { leaves: [] })
    .on('GET registry/trainings', { trainings: [{ user_id: 'p1', held_on: '2026-06-01', subject: '双随机业务', half_hours: 16, note: '' }], gate_hours: 8 })
    .on('GET registry/leading-group', { members: [] })
  on = await show(InspectorsScreen)
})
afterEach(() => {
  on.screen.unmount()
  vi.unstubAllGlobals()
})

describe('the inspector registry', () => {
  it('says who is missing, whose certificate ends, what is not filled in and which sectors nobody covers', () => {
    for (const words of ['甄漏登', '23 天后到期（2026-12-20），请立即办理', '贾过期', '甄检一 缺：职务', '工业仓储']) expect(on.text('inspector-gaps')).toContain(words)
  })
  it('withdraws an interest only with a reason', async () => {
    office.on('POST registry/conflicts/c1/withdraw', null)
    await on.tap('conflicts-YS-1')
    await on.tap('withdraw-c1')
    expect((on.element('reason-go') as HTMLButtonElement).disabled).toBe(true)
    await on.type('reason', '已离职')
    await on.tap('reason-go')
    expect(office.sent('POST', 'registry/conflicts/c1/withdraw')[0]?.body).toEqual({ reason: '已离职' })
  })
  it('records days on which somebody is not drawn, and says a refusal in words', async () => {
    office.on('POST registry/leaves', new Problem(422, 'E_FIELDS', '结束日期早于开始日期'))
    await on.tap('inspectors-view-leave')
    await pick('leave-who', 'p1')
    await on.type('leave-from', '2026-12-02')
    await on.type('leave-to', '2026-12-01')
    await on.tap('leave-save')
    expect(office.sent('POST', 'registry/leaves')[0]?.body).toEqual({ user_id: 'p1', kind: 'leave', from_day: '2026-12-02', to_day: '2026-12-01', note: '' })
    expect(document.body.textContent).toContain('结束日期早于开始日期')
  })
  it('records a training for several people with half hours and shows the gate', async () => {
    office.on('POST registry/trainings', { added: 1 })
    await on.tap('inspectors-view-training')
    expect(on.text('training-gate')).toContain('不足 8 学时')
    await on.type('training-day', '2026-11-20')
    await on.type('training-hours', '1.5')
    await on.type('training-subject', '文书规范')
    on.element('trained-YS-1').click()
    await settle()
    await on.tap('training-save')
    expect(office.sent('POST', 'registry/trainings')[0]?.body).toEqual({ user_ids: ['p1'], held_on: '2026-11-20', subject: '文书规范', half_hours: 3, note: '' })
  })
  it('keeps the roster of the leading group', async () => {
    office.on('POST registry/leading-group', { id: 'm1' })
    await on.tap('inspectors-view-group')
    await on.type('leader-name', '甄组长')
    await on.type('leader-from', '2026-01-01')
    await on.tap('leader-add')
    expect(office.sent('POST', 'registry/leading-group')[0]?.body).toEqual({ place: 'head', name: '甄组长', post: '', duty: '', from_day: '2026-01-01' })
  })
})

describe('certificates to be renewed', () => {
  it('are told by name with the days in words, also after the end', async () => {
    const reminder = (name: string, days: number) => ({ user_id: name, name, valid_to: '2026-12-20', days_left: days, urgent: days <= 30 })
    office.on('GET registry/inspectors/reminders', { reminders: [reminder('甄过期', -1), reminder('甄今日', 0), reminder('甄六十', 60)] })
    on.screen.unmount()
    on = await show(CertificateReminders)
    expect(on.text('certificates')).toMatch(/甄过期[\s\S]*已过期 1 天[\s\S]*甄今日[\s\S]*今天到期[\s\S]*甄六十[\s\S]*还有 60 天到期/)
  })
  it('leave the page alone when there are none', async () => {
    office.on('GET registry/inspectors/reminders', { reminders: [] })
    on.screen.unmount()
    on = await show(CertificateReminders)
    expect(on.has('certificates')).toBe(false)
  })
})
