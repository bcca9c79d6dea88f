/**
 * A desk that nobody has touched for a quarter of an hour locks (GB/T 22239 8.1.4.1: 登录连接超时自动退出). All tabs of one
 * browser count as one desk: what is done in one keeps the others open, and they lock at the same moment. A browser
 * that was closed and opened again later than that starts locked as well.
 */
import type { Clock, Lifecycle, Timers } from './ports'
import { watchSilence } from './silence'

export const DESK_MINUTES = 15
const LIMIT_MS = DESK_MINUTES * 60_000
/** Moving the mouse need not be told to the other tabs more often. */
const TELL_MS = 5_000
const SEEN = 'suijian-desk-seen'
const ENDED = 'suijian-desk-ended'
const SIGNED_IN = 'suijian-desk-signed-in'

/** What the tabs of one browser know together. */
export interface DeskTabs {
  /** When a person was last seen in any of them, wall clock; 0 when never. */
  seen(): number
  touch(at: number): void
  /** True for the first tab that asks for this silence: one of them ends the session, not each. */
  endsFirst(seen: number): boolean
  /** Somebody has signed in here: the other tabs may go on with that session. */
  tellSignedIn(at: number): void
  onSignedIn(run: () => void): () => void
}

export const deskTabs: DeskTabs = {
  seen: () => Number(localStorage.getItem(SEEN) ?? 0),
  touch: (at) => localStorage.setItem(SEEN, String(at)),
  endsFirst(seen) {
    if (localStorage.getItem(ENDED) === String(seen)) return false
    localStorage.setItem(ENDED, String(seen))
    return true
  },
  tellSignedIn: (at) => localStorage.setItem(SIGNED_IN, String(at)),
  onSignedIn(run) {
    const heard = (event: StorageEvent): void => {
      if (event.key === SIGNED_IN && event.newValue !== null) run()
    }
    globalThis.addEventListener('storage', heard)
    return () => globalThis.removeEventListener('storage', heard)
  },
}

/** Whether the last person seen in this browser has been away for too long; a clock set back says nothing. */
export function leftAlone(tabs: DeskTabs, clock: Clock): boolean {
  const seen = tabs.seen()
  return seen > 0 && clock.wall() - seen >= LIMIT_MS
}

export interface DeskIdleParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly lifecycle: Pick<Lifecycle, 'onActivity' | 'onShow'>
  readonly tabs: DeskTabs
}

/** Calls `lock` once. Returns the way to stop watching. */
export function watchDesk({ clock, timers, lifecycle, tabs }: DeskIdleParts, lock: () => void): () => void {
  let known = tabs.seen()
  let since = clock.mono()
  /** The wall clock may be set back and the other one sleeps with the machine: the longer of both counts. */
  const tooLong = (): boolean => {
    const seen = tabs.seen()
    // Another tab was used: this one may have slept meanwhile and knows nothing of it.
    if (seen !== known) [known, since] = [seen, clock.mono()]
    return Math.max(clock.wall() - seen, clock.mono() - since) >= LIMIT_MS
  }
  const touched = (): void => {
    since = clock.mono()
    if (Math.abs(clock.wall() - known) < TELL_MS) return
    known = clock.wall()
    tabs.touch(known)
  }
  return watchSilence({ timers, lifecycle, tooLong, touched }, lock)
}
