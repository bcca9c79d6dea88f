// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Session } from '@/sync/session'
import { enter } from '../app/usePhone'
import KeysScreen from './KeysScreen.vue'

const OLD = { dev: `${'o'.repeat(21)}A`, label: '旧手机', user: 'u-qin', enrolled_at: '2026-10-01T08:00:00.000Z', revoked_at: null, story: '', replaced_by: '' }
let screen: VueWrapper
let told: { path: string; body: unknown }[]
let story = ''
let rotation: unknown = { ok: true, dev: 'n' }

beforeEach(async () => {
  told = []
  story = ''
  rotation = { ok: true, dev: 'n' }
  const session = {
    me: { dev: `${'m'.repeat(21)}A`, user: 'u-qin', name: '秦试' },
    rotating: async () => false,
    rotateKey: async () => rotation,
    fetchJson: async (path: string) =>
      path === 'accounts/devices'
        ? { ok: true, data: { devices: [{ ...OLD, story }, { ...OLD, dev: `${'m'.repeat(21)}A` }] } }
        : { ok: true, data: { chains: [{ dev: OLD.dev, next_n: 41, last_ms: 1_795_000_000_000, open: [{ insp: 'i', unit_name: '试验宾馆' }] }] } },
    postJson: async (path: string, body: { story: string }) => {
      told.push({ path, body })
      story = body.story
      return { ok: true, data: {} }
    },
    lock: async () => undefined,
    whenIdle: () => () => undefined,
  }
  enter(session as unknown as Session)
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  screen = mount(KeysScreen, { global: { plugins: [router] }, attachTo: document.body })
  await flushPromises()
})
afterEach(() => screen.unmount())
const find = (name: string) => screen.find(`[data-test="${name}"]`)

describe('phones and keys', () => {
  it('shows the gap of the older phone and sends what its holder says', async () => {
    expect(screen.text()).toContain('服务器收到 41 条')
    expect(screen.text()).toContain('试验宾馆')
    expect(find('story-send').attributes('disabled')).toBeDefined()
    await find('story-reinstalled').setValue(true)
    await find('story-note').setValue('系统清理了数据')
    await find('story-send').trigger('click')
    await flushPromises()
    expect(told).toEqual([{ path: `accounts/devices/${OLD.dev}/story`, body: { story: 'reinstalled', note: '系统清理了数据' } }])
    expect(screen.text()).toContain('已说明：就是本机')
  })
  it('changes the key after the own PIN and asks to open again', async () => {
    await find('key-change').trigger('click')
    await screen.find('#pin').setValue('258036')
    await flushPromises()
    expect(find('key-changed').exists()).toBe(true)
    expect(find('key-open').exists()).toBe(true)
  })
  it('says in words why the key was not changed', async () => {
    rotation = { ok: false, reason: 'unsent', text: '还有 3 项没有上传。' }
    await find('key-change').trigger('click')
    await screen.find('#pin').setValue('258036')
    await flushPromises()
    expect(find('keys-trouble').text()).toContain('还有 3 项没有上传')
  })
})
