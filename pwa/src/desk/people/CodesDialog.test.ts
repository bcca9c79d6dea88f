// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { type FakeOffice, officeWith, Problem, show, type Stage } from '../testing/fakeOffice'
import CodesDialog from './CodesDialog.vue'
import PeopleScreen from './PeopleScreen.vue'

const NOW = Date.parse('2026-11-20T09:00:00+08:00')
const code = (person: string, name: string, code = 'AB12C3D4E5') => ({ person, name, code, expires_at: '2026-11-20T09:10:00+08:00' })
let on: Stage
afterEach(() => {
  on.screen.unmount()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('the code on the screen', () => {
  beforeEach(() => officeWith('administrator'))
  it('is large, grouped, and its QR leads to enrolment without the code in a server log', async () => {
    vi.setSystemTime(NOW)
    on = await show(CodesDialog, { codes: [code('p1', '甄检一')], busy: false })
    expect(on.text('code')).toBe('AB12C 3D4E5')
    expect(on.text('code-left')).toContain('10:00')
    expect(document.querySelector('.qr')?.getAttribute('data-text')).toMatch(/\/#\/enrol\?code=AB12C3D4E5$/)
  })
  it('can be printed: name, login, code, its end, the address and four steps for each person, gone with the codes', async () => {
    vi.setSystemTime(NOW)
    const printed = vi.fn()
    vi.stubGlobal('print', printed)
    on = await show(CodesDialog, { codes: [code('p1', '甄检一'), code('p2', '甄检二', 'ZZZZZ11111')], logins: { p1: 'zhen1', p2: 'zhen2' }, busy: false })
    on.element('code-print').click()
    expect(printed).toHaveBeenCalledOnce()
    for (const words of ['甄检一', 'zhen1', 'AB12C 3D4E5', '试验大队', location.origin, '09:10']) expect(on.text('sheet-p1')).toContain(words)
    expect(on.element('sheet-p2').querySelectorAll('li')).toHaveLength(4)
    expect(on.element('sheet-p2').querySelector('.qr')?.getAttribute('data-text')).toContain('ZZZZZ11111')
  })
  it('counts down and is taken away when it has expired', async () => {
    vi.useFakeTimers({ now: NOW })
    const mounted = show(CodesDialog, { codes: [code('p1', '甄检一')], busy: false })
    await vi.advanceTimersByTimeAsync(125_000)
    on = await mounted
    expect(on.text('code-left')).toContain('7:5')
    await vi.advanceTimersByTimeAsync(480_000)
    await nextTick()
    for (const name of ['code', 'code-print', 'sheet-p1']) expect(on.has(name), name).toBe(false)
    expect(on.has('code-over')).toBe(true)
    on.element('code-again').click()
    expect(on.screen.emitted('again')).toHaveLength(1)
  })
})

describe('asking for codes', () => {
  let office: FakeOffice
  const person = (id: string, roles: string[], active = true) => ({ id, login: id, name: `甄${id}`, roles, active })
  beforeEach(async () => {
    vi.setSystemTime(NOW)
    office = await officeWith('administrator')
    office.on('GET accounts/people', { people: [person('a', ['inspector']), person('b', ['inspector']), person('gone', ['inspector'], false), person('me', ['administrator'])] })
    on = await show(PeopleScreen)
  })
  it('is offered for inspectors in office only, one or a whole class in one request', async () => {
    expect(['a', 'b', 'gone', 'me'].map((id) => on.has(`code-${id}`))).toEqual([true, true, false, false])
    office.on('POST accounts/enrolment-codes', { codes: [code('a', '甄a', 'AAAAABBBBB'), code('b', '甄b', 'CCCCCDDDDD')] })
    await on.tap('pick-a')
    await on.tap('pick-b')
    await on.tap('codes-batch')
    expect(office.sent('POST', 'accounts/enrolment-codes').map((one) => one.body)).toEqual([{ people: ['a', 'b'] }])
    expect([...document.querySelectorAll('[data-test="code"]')].map((one) => one.textContent)).toEqual(['AAAAA BBBBB', 'CCCCC DDDDD'])
  })
  it('that is refused says so and shows no code', async () => {
    office.on('POST accounts/enrolment-codes', new Problem(404, 'E_NOT_FOUND', '人员不存在'))
    await on.tap('code-a')
    expect(on.text('code-trouble')).toContain('人员不存在')
    expect(on.has('code')).toBe(false)
  })
})
