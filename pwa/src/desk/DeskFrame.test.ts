// @vitest-environment happy-dom
/** The lock of the desk on the screen: what was typed stays, nothing is seen or asked until the password is given. */
import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { DESK_MINUTES } from '@/device/deskIdle'
import DeskFrame from './DeskFrame.vue'
import { type FakeOffice, officeWith, Problem } from './testing/fakeOffice'
import { locked, restore, send, useDesk } from './useDesk'

let office: FakeOffice
let screen: VueWrapper
const MINUTES = DESK_MINUTES * 60_000
const Page = { template: '<textarea data-test="reason" />' }

/** Fake time passes; what the store and the answers need still comes. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  for (let turn = 0; turn < 30; turn += 1) await new Promise((done) => setImmediate(done))
}
const on = (name: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`[data-test="${name}"]`)
  if (!found) throw new Error(`nothing on the screen is called ${name}`)
  return found
}
const has = (name: string): boolean => document.querySelector(`[data-test="${name}"]`) !== null

beforeEach(async () => {
  localStorage.clear()
  // The test's page has no Web Locks: one tab at a time it is anyway.
  Object.defineProperty(navigator, 'locks', { configurable: true, value: { request: async (_name: string, run: () => unknown) => run() } })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
  office = await officeWith('reviewer')
  office.on('POST accounts/logout', null)
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/login', component: { template: '<i data-test="login-page" />' } }, { path: '/:rest(.*)*', component: Page }] })
  await router.push('/reports')
  screen = mount(DeskFrame, { global: { plugins: [router] }, attachTo: document.body })
  await pass(0)
})
afterEach(() => {
  screen.unmount()
  vi.useRealTimers()
})

async function giveThePassword(): Promise<void> {
  const field = on('password') as HTMLInputElement
  field.value = 'secret'
  field.dispatchEvent(new Event('input', { bubbles: true }))
  await pass(0)
  on('login-go').click()
  await pass(0)
}

describe('the desk', () => {
  it('locks after a quarter of an hour without a touch, ends the session, and keeps what was typed', async () => {
    ;(on('reason') as HTMLTextAreaElement).value = '写到一半的理由'
    await pass(MINUTES - 20_000)
    expect(locked.value).toBe(false)
    await pass(40_000)
    expect(on('desk-locked').textContent).toContain('15 分钟没有操作')
    expect(document.querySelector('.frame')?.classList.contains('hidden')).toBe(true)
    expect(document.title).toBe('随检')
    expect(office.sent('POST', 'accounts/logout')).toHaveLength(1)
    await expect(send('POST', 'reports/r1/approve')).rejects.toThrow('请先登录')
    // A reload is no way around: there is no session in the store any more.
    office.on('POST accounts/refresh', new Problem(401, 'E_LOGIN', '登录已过期'))
    expect(await restore()).toBe(false)
    expect((on('login') as HTMLInputElement).readOnly).toBe(true)

    await giveThePassword()
    await vi.waitFor(() => expect(has('desk-locked')).toBe(false))
    expect((on('reason') as HTMLTextAreaElement).value).toBe('写到一半的理由')
    expect(useDesk().value).toBeDefined()
    // And it is watched again.
    await pass(MINUTES + 20_000)
    expect(has('desk-locked')).toBe(true)
  })

  it('stays open while keys are pressed', async () => {
    for (let n = 0; n < 4; n += 1) {
      await pass(MINUTES - 60_000)
      on('reason').dispatchEvent(new KeyboardEvent('keydown', { bubbles: true }))
    }
    expect(has('desk-locked')).toBe(false)
  })

  it('a wrong password leaves it locked', async () => {
    await pass(MINUTES + 20_000)
    office.on('POST accounts/login', new Problem(401, 'E_LOGIN', '账号或密码不正确'))
    await giveThePassword()
    await vi.waitFor(() => expect(on('login-trouble').textContent).toContain('不正确'))
    expect(has('desk-locked')).toBe(true)
  })

  it('lets somebody else sign in, who sees nothing of the page', async () => {
    await pass(MINUTES + 20_000)
    on('lock-other').click()
    await pass(0)
    expect(has('login-page') || screen.html() === '').toBe(true)
    expect(has('desk-locked')).toBe(false)
  })

  it('goes on when the same person gives the password in another tab, and not when somebody else does', async () => {
    const user = { id: 'me', login: 'me', name: '甄我', roles: ['reviewer'], agency: 'fire-test', agency_name: '试验大队' }
    const { DeskSession } = await import('@/device/deskSession')
    async function signsInElsewhere(id: string): Promise<void> {
      const tokens = { access: 'b', refresh: 'r2', expires_in: 600, dev: '', user: { ...user, id } }
      office.on('POST accounts/login', tokens).on('POST accounts/refresh', tokens)
      await DeskSession.login('me', 'secret')
      globalThis.dispatchEvent(new StorageEvent('storage', { key: 'suijian-desk-signed-in', newValue: '1' }))
      await pass(0)
    }
    await pass(MINUTES + 20_000)
    await signsInElsewhere('somebody-else')
    expect(has('desk-locked')).toBe(true)
    await signsInElsewhere('me')
    await vi.waitFor(() => expect(has('desk-locked')).toBe(false))
  })
})
