/** One phone, one person at a time: the opened app and the unlocked session, for every screen. */
import { readonly, shallowRef } from 'vue'
import { openApp } from '@/sync/app'
import type { App, Session } from '@/sync/session'

const opened = shallowRef<App>()
const unlocked = shallowRef<Session>()
let stopWatching: () => void = () => undefined
let idle: () => Promise<void> = leave

/** Opens the phone's store once; later calls answer the same app. */
export async function phoneApp(): Promise<App> {
  opened.value ??= await openApp()
  return opened.value
}

export function useSession() {
  return readonly(unlocked)
}

/** The unlocked session. The router never lets a screen that needs one be shown without it. */
export function session(): Session {
  if (!unlocked.value) throw new Error('a screen behind the lock was opened without a session')
  return unlocked.value as Session
}

export function isUnlocked(): boolean {
  return unlocked.value !== undefined
}

export function enter(next: Session): void {
  unlocked.value = next
  stopWatching()
  stopWatching = next.whenIdle(() => void idle())
}

/** What happens when nobody has touched the phone for too long; the application says it once. */
export function onIdle(run: () => Promise<void>): void {
  idle = run
}

/** Forgets the key. Whoever still shows something must have taken it off the screen before. */
export async function leave(): Promise<void> {
  const going = unlocked.value
  stopWatching()
  unlocked.value = undefined
  await going?.lock()
}

/** What a screen reads by itself. Locked in the middle: the screen is gone, and with it whoever wanted to know. */
export async function reading(work: () => Promise<void>): Promise<void> {
  const mine = unlocked.value
  try {
    await work()
  } catch (error) {
    if (unlocked.value === mine) throw error
  }
}

/** Something worth sending was saved; nobody waits for the answer. */
export function sendNow(): void {
  const phone = session()
  void reading(async () => void (await phone.syncNow()))
}
