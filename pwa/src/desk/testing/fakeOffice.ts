/** A desk signed in to a server that answers from a table of routes. Not part of the app. */
import 'fake-indexeddb/auto'
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import type { Component } from 'vue'
import { vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { signIn } from '../useDesk'

export interface Asked { readonly method: string; readonly path: string; readonly body: unknown }
type Answer = unknown | ((asked: Asked) => unknown)

/** A refusal as the server words it. */
export class Problem {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly more: Record<string, unknown> = {}) {}
}

export class FakeOffice {
  readonly asked: Asked[] = []
  private readonly routes = new Map<string, Answer>()

  /** `office.on('GET reports/r1', {...})`; a function is asked each time. */
  on(route: string, answer: Answer): this {
    this.routes.set(route, answer)
    return this
  }
  sent(method: string, path: string): readonly Asked[] {
    return this.asked.filter((one) => one.method === method && one.path === path)
  }

  async fetch(input: string, init: RequestInit = {}): Promise<Response> {
    const path = input.replace('/api/v1/', '')
    const body = init.body instanceof FormData ? Object.fromEntries(init.body) : typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined
    const asked = { method: init.method ?? 'GET', path, body }
    this.asked.push(asked)
    const found = this.routes.get(`${asked.method} ${path}`) ?? this.routes.get(`${asked.method} ${path.split('?')[0]}`)
    if (found === undefined) throw new Error(`the office knows no ${asked.method} ${path}`)
    const answer: unknown = typeof found === 'function' ? await (found as (asked: Asked) => unknown)(asked) : found
    if (answer instanceof Problem) return new Response(JSON.stringify({ code: answer.code, detail: answer.detail, ...answer.more }), { status: answer.status })
    return answer === null ? new Response(null, { status: 204 }) : new Response(JSON.stringify(answer), { status: 200 })
  }
}

/** Signs in with these roles through the app's own session. */
export async function officeWith(...roles: string[]): Promise<FakeOffice> {
  const office = new FakeOffice()
  vi.stubGlobal('fetch', (input: string, init?: RequestInit) => office.fetch(input, init))
  office.on('POST accounts/login', { access: 'a', refresh: 'r', expires_in: 600, dev: '', user: { id: 'me', login: 'me', name: '甄我', roles, agency: 'fire-test', agency_name: '试验大队' } })
  await signIn('me', 'secret')
  return office
}

export interface Stage {
  readonly screen: VueWrapper
  readonly at: () => string
  tap(name: string): Promise<void>
  type(name: string, text: string): Promise<void>
  has(name: string): boolean
  text(name: string): string
  element(name: string): HTMLElement
}

export async function show(component: Component, props: Record<string, unknown> = {}): Promise<Stage> {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  await router.push('/here')
  const screen = mount(component, { props, global: { plugins: [router], stubs: { QrImage: { props: ['text'], template: '<i class="qr" :data-text="text" />' } } }, attachTo: document.body })
  await settle()
  const element = (name: string): HTMLElement => {
    const found = document.querySelector<HTMLElement>(`[data-test="${name}"]`)
    if (!found) throw new Error(`nothing on the screen is called ${name}`)
    return found
  }
  return {
    screen, element,
    at: () => router.currentRoute.value.fullPath,
    has: (name) => document.querySelector(`[data-test="${name}"]`) !== null,
    text: (name) => element(name).textContent ?? '',
    async tap(name) {
      element(name).click()
      await settle()
    },
    async type(name, text) {
      const field = element(name) as HTMLInputElement
      field.value = text
      field.dispatchEvent(new Event('input', { bubbles: true }))
      await settle()
    },
  }
}

/** Reading a chosen file and answering take turns of the event loop, not only microtasks. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) {
    await flushPromises()
    await new Promise((done) => setTimeout(done, 0))
  }
}
