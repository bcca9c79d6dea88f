/** Mounts one step screen inside an opened visit, as the visit's frame does. Not part of the app. */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { type Component, h } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Pack } from '@/core/pack'
import { type OpenVisit, openVisit, provideVisit } from '../visit/useVisit'
import { type FakePhone, FakeVisit, fakePhone, INSP, ME } from './fakeVisit'

export interface Stage {
  readonly visit: FakeVisit
  readonly open: OpenVisit
  readonly phone: FakePhone
  readonly screen: VueWrapper
  tap(name: string): Promise<void>
  type(name: string, text: string): Promise<void>
  /** Leaves the field, as a tap elsewhere does. */
  leave(name: string): Promise<void>
  has(name: string): boolean
  text(name: string): string
  /** The screen closes and opens again over the same store, as after a kill. */
  reopen(): Promise<Stage>
}

export interface Wishes {
  readonly props?: Record<string, unknown>
  readonly query?: string
  readonly begun?: boolean
  readonly visit?: FakeVisit
}

/** There is no canvas here: a signature field nobody has drawn on. */
const unsigned: Component = {
  setup(_props, { expose }) {
    expose({ ink: async () => null })
    return () => h('div')
  },
}

const drawn: Component = { props: { codes: { type: Array, required: true } }, render: () => h('i', { 'data-test': 'code' }) }

export async function mountStep(step: Component, pack: Pack, wishes: Wishes = {}): Promise<Stage> {
  const visit = wishes.visit ?? new FakeVisit(pack)
  if (!wishes.visit && wishes.begun !== false)
    await visit.write(ME, 'insp.open', { pack: visit.packSha256, pin: 'A'.repeat(43), mode: 'on_site', assignments: ['as-1'], checklists: [] })
  const phone = fakePhone(visit)
  const opened = await openVisit(phone.session, INSP)
  if (!opened) throw new Error('the fake visit did not open')
  const open = watched(opened)
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  await router.push(`/${wishes.query ?? ''}`)
  const frame: Component = {
    setup() {
      provideVisit(open)
      return () => h(step, wishes.props)
    },
  }
  const screen = mount(frame, { global: { plugins: [router], stubs: { SignatureField: unsigned, CodeSeries: drawn } }, attachTo: document.body })
  await settle()
  const find = (name: string) => {
    const found = document.querySelector(`[data-test="${name}"]`)
    if (!found) throw new Error(`nothing on the screen is called ${name}`)
    return found as HTMLElement
  }
  const input = (name: string): HTMLInputElement => {
    const found = find(name)
    return (found.matches('input, textarea, select') ? found : found.querySelector('input, textarea, select')) as HTMLInputElement
  }
  return {
    visit,
    open,
    phone,
    screen,
    async tap(name) {
      const element = find(name)
      element.dispatchEvent(new Event('focusin', { bubbles: true }))
      ;(element.querySelector('input') ?? element).click()
      await settle()
    },
    async type(name, text) {
      const element = input(name)
      element.value = text
      element.dispatchEvent(new Event('input', { bubbles: true }))
      await settle()
    },
    async leave(name) {
      input(name).dispatchEvent(new Event('change', { bubbles: true }))
      await settle()
    },
    has: (name) => document.querySelector(`[data-test="${name}"]`) !== null,
    text: (name) => find(name).textContent?.replace(/\s+/g, ' ').trim() ?? '',
    async reopen() {
      screen.unmount()
      return mountStep(step, pack, { ...wishes, visit })
    },
  }
}

/** Saves under way in any mounted screen: hashing takes its time on a busy machine. */
let running = 0

function watched(open: OpenVisit): OpenVisit {
  async function count<T>(work: Promise<T>): Promise<T> {
    running += 1
    try {
      return await work
    } finally {
      running -= 1
    }
  }
  return {
    ...open,
    add: (type, body) => count(open.add(type, body)),
    addBuilt: (type, build) => count(open.addBuilt(type, build)),
    addAll: (events) => count(open.addAll(events)),
    after: (work) => count(open.after(work)),
    refresh: () => count(open.refresh()),
  }
}

/** Until every save is folded and the screen drawn again. */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < 6; quiet = running > 0 ? 0 : quiet + 1) {
    await flushPromises()
    await new Promise((done) => setTimeout(done, 0))
  }
}
