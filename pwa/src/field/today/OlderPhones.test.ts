// @vitest-environment happy-dom
/** 今日 asks what became of an older phone, until its holder has said so; without a network it asks the next time. */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Session } from '@/sync/session'
import { enter } from '../app/usePhone'
import type { OldPhone } from '../me/oldPhones'
import { otherPhones } from '../me/oldPhones'
import OlderPhones from './OlderPhones.vue'

const MINE = `${'m'.repeat(21)}A`
const OLD: OldPhone = { dev: `${'o'.repeat(21)}A`, label: '大队 3 号手机', user: 'u-qin', enrolled_at: '2026-10-01T08:00:00.000Z', revoked_at: null, story: '', replaced_by: '' }
let screen: VueWrapper
let asked = 0

async function today(devices: readonly OldPhone[] | undefined): Promise<Session> {
  asked = 0
  const session = {
    me: { dev: MINE, user: 'u-qin', name: '秦试' },
    whenIdle: () => () => undefined,
    fetchJson: async () => {
      asked += 1
      return devices ? { ok: true, data: { devices } } : { ok: false, reason: 'offline', text: '没有网络' }
    },
    lock: async () => undefined,
  } as unknown as Session
  enter(session)
  await open()
  return session
}
async function open(): Promise<void> {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  await router.push('/')
  screen = mount(OlderPhones, { global: { plugins: [router] }, attachTo: document.body })
  await flushPromises()
}
afterEach(() => screen.unmount())
const question = () => screen.find('[data-test="older-phones"]')

describe('an older phone', () => {
  it('is asked about on the first screen after the new enrolment', async () => {
    await today([OLD, { ...OLD, dev: MINE }])
    expect(question().text()).toContain('大队 3 号手机')
    expect(question().text()).toContain('重装过应用')
    await screen.find('[data-test="tell-older"]').trigger('click')
    await flushPromises()
    expect(screen.vm.$router.currentRoute.value.path).toBe('/keys')
  })

  it('is asked about no more once its holder has spoken, and the server is asked once per unlocking', async () => {
    const session = await today([OLD])
    screen.unmount()
    otherPhones(session, [{ ...OLD, story: 'reinstalled' }])
    await open()
    expect(question().exists()).toBe(false)
    expect(asked).toBe(1)
  })

  it.each([
    ['a key that was changed on this phone', { replaced_by: MINE }],
    ['a phone that is revoked already', { revoked_at: '2026-10-02T08:00:00.000Z' }],
    ['a phone that its holder has spoken of', { story: 'in_use' }],
    ['a colleague’s phone', { user: 'u-lu' }],
  ])('is not %s', async (_what, rest) => {
    await today([{ ...OLD, ...rest }])
    expect(question().exists()).toBe(false)
  })

  it('is asked about after the next unlocking when there was no network', async () => {
    await today(undefined)
    expect(question().exists()).toBe(false)
    screen.unmount()
    await today([OLD])
    expect(question().exists()).toBe(true)
  })
})
