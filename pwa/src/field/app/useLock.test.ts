// @vitest-environment happy-dom
/** What a locked phone still shows: nothing of what was open, and the way back to exactly the same place. */
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h, onBeforeUnmount } from 'vue'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import type { Session } from '@/sync/session'
import App from '../App.vue'
import { veil } from './useLock'
import { enter, isUnlocked } from './usePhone'

vi.mock('./UpdateOffer.vue', () => ({ default: { render: () => null } }))

const UNIT = '虚构的秘密商场'
let steps: string[]
let ring: () => void
let router: Router

function fakeSession(): Session {
  return {
    policy: async () => ({ idleMinutes: 5, watermark: false }),
    whenIdle(lock: () => void) {
      ring = lock
      return () => steps.push('watch stopped')
    },
    async lock() {
      steps.push(`key forgotten, unit on the screen: ${document.body.textContent?.includes(UNIT) === true}`)
    },
  } as unknown as Session
}

beforeEach(async () => {
  steps = []
  document.body.textContent = ''
  const visit = defineComponent({
    setup() {
      onBeforeUnmount(() => steps.push('visit closed'))
      return () => h('main', UNIT)
    },
  })
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/start', component: { render: () => h('main', 'PIN') } },
      { path: '/visit/:insp/:step', component: visit },
    ],
  })
  await router.push('/visit/i-1/evidence?sheet=2')
  mount(App, { global: { plugins: [router] }, attachTo: document.body })
  await flushPromises()
  enter(fakeSession())
})

describe('the idle lock', () => {
  it('takes the visit off the screen before the key is forgotten, and leads back to exactly there', async () => {
    expect(document.body.textContent).toContain(UNIT)
    ring()
    await flushPromises()
    expect(steps).toEqual(['visit closed', 'watch stopped', 'key forgotten, unit on the screen: false'])
    expect(isUnlocked()).toBe(false)
    expect(router.currentRoute.value.query.to).toBe('/visit/i-1/evidence?sheet=2')
    expect(document.body.textContent).toBe('PIN')
    expect(document.title).not.toContain(UNIT)
    expect(veil.value).toBe(false)
  })

  it('rings twice and locks once', async () => {
    ring()
    ring()
    await flushPromises()
    expect(steps.filter((one) => one.startsWith('key forgotten'))).toHaveLength(1)
  })
})
