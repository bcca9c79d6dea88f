/** The signed-in desk for every screen, and the answers of the server as JSON. */
import { readonly, shallowRef } from 'vue'
import { DeskSession, type DeskUser, Refused } from '@/device/deskSession'

const current = shallowRef<DeskSession>()
// Stays when a session runs out: the page below the sign-in keeps its words and what was typed.
const who = shallowRef<DeskUser>()

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
  if (kept) enter(kept)
  return kept !== undefined
}

export async function signIn(login: string, password: string): Promise<void> {
  enter(await DeskSession.login(login, password))
}

function enter(session: DeskSession): void {
  current.value = session
  who.value = session.user
}

export async function signOut(): Promise<void> {
  await current.value?.logout()
  current.value = undefined
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
