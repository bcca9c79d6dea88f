/** The signed-in desk for every screen, and the answers of the server as JSON. */
import { readonly, ref, shallowRef } from 'vue'
import { browserClock, lifecycle, timers } from '@/device/browser'
import { deskTabs, leftAlone, watchDesk } from '@/device/deskIdle'
import { DeskSession, type DeskUser, Refused } from '@/device/deskSession'

const current = shallowRef<DeskSession>()
// Stays when a session runs out: the page below the sign-in keeps its words and what was typed.
const who = shallowRef<DeskUser>()

const shut = ref(false)
const clock = browserClock()
/** A sign-in waits for the end of the session before it, which takes its keys away. */
let ending: Promise<void> = Promise.resolve()
/** Nobody was here for too long: the page stays as it is behind the question for the password. */
export const locked = readonly(shut)

export function useDesk() {
  return readonly(current)
}

export function user(): DeskUser {
  if (!who.value) throw new Error('a desk screen was opened without a session')
  return who.value
}

export function may(...roles: string[]): boolean {
  return roles.some((role) => who.value?.roles.includes(role))
}

export async function restore(): Promise<boolean> {
  const kept = current.value ?? (await DeskSession.restore())
  if (kept && !current.value && leftAlone(deskTabs, clock)) {
    await kept.logout()
    return false
  }
  if (kept) enter(kept)
  return kept !== undefined
}

export async function signIn(login: string, password: string): Promise<void> {
  await ending
  enter(await DeskSession.login(login, password))
  deskTabs.tellSignedIn(clock.wall())
}

function enter(session: DeskSession): void {
  current.value = session
  who.value = session.user
  shut.value = false
  deskTabs.touch(clock.wall())
}

/** Locks when nobody has touched any tab for a quarter of an hour. Returns the way to stop watching. */
export function lockWhenIdle(): () => void {
  return watchDesk({ clock, timers, lifecycle, tabs: deskTabs }, lock)
}

function lock(): void {
  const session = current.value
  shut.value = true
  current.value = undefined
  // One tab ends the session for all of them; each forgets its own token.
  if (session && deskTabs.endsFirst(deskTabs.seen())) ending = session.logout()
}

/** The same person has given the password in another tab: this one goes on where it stood. Returns the way to stop. */
export function unlockWithOthers(): () => void {
  return deskTabs.onSignedIn(() => void follow())
}

async function follow(): Promise<void> {
  if (current.value || !shut.value) return
  const session = await DeskSession.restore().catch((error: unknown) => {
    if (error instanceof Refused) return undefined
    throw error
  })
  // Somebody else: what stands on this page is not theirs.
  if (session && session.user.id === who.value?.id) enter(session)
}

export async function signOut(): Promise<void> {
  await current.value?.logout()
  current.value = undefined
  shut.value = false
}

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  if (!current.value) throw new Refused(401, 'E_LOGIN', '请先登录')
  try {
    return await current.value.request(method, path, body)
  } catch (error) {
    if (error instanceof Refused && error.code === 'E_LOGIN') current.value = undefined
    throw error
  }
}

export async function get<T>(path: string): Promise<T> {
  return (await (await ask('GET', path)).json()) as T
}

export async function send<T = undefined>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const answer = await ask(method, path, body)
  return (answer.status === 204 ? undefined : await answer.json()) as T
}

export async function getBytes(path: string): Promise<Blob> {
  return (await ask('GET', path)).blob()
}

/** The sentence for a failure, whatever it was. */
export function words(error: unknown): string {
  if (error instanceof Refused) return error.faults.length ? `${error.message}：${error.faults.join('；')}` : error.message
  console.error(error)
  return '页面出错，请刷新后重试'
}

export { Refused }
export type { DeskUser }
