/**
 * The phone locks by itself when nobody has touched it for as long as the agency allows, in front or in the
 * background. Everything is on the disk anyway; what a lock would cut (device/hold.ts) delays it a while.
 */
import { somethingHolds } from '../device/hold'
import type { Clock, Lifecycle, Timers } from '../device/ports'

export const IDLE_MINUTES = 5
/** Nothing holds longer than this: by then nobody draws a signature any more. */
export const HELD_MOST_MS = 30 * 60_000
/** Looked at this often; a timer may sleep with the phone, so waking up looks as well. */
const LOOK_MS = 10_000

export interface IdleParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly lifecycle: Lifecycle
  /** Asked at every look: a round may have brought another limit. */
  readonly limitMs: () => number
  readonly held?: () => boolean
}

/** Calls `lock` once. Returns the way to stop watching. */
export function watchIdle(parts: IdleParts, lock: () => void): () => void {
  const { clock, timers, lifecycle, limitMs, held = somethingHolds } = parts
  let wall = clock.wall()
  let mono = clock.mono()
  let over = false
  let cancel: () => void = () => undefined

  const touched = (): void => {
    // Whoever comes back too late is no activity of the person who left.
    if (look()) return
    wall = clock.wall()
    mono = clock.mono()
  }
  /** The wall clock may be set back and the other one sleeps: the longer of both counts. */
  const idle = (): number => Math.max(clock.wall() - wall, clock.mono() - mono)
  const look = (): boolean => {
    if (over) return true
    const limit = limitMs()
    if (idle() < (held() ? Math.max(limit, HELD_MOST_MS) : limit)) return false
    stop()
    lock()
    return true
  }
  const again = (): void => {
    cancel = timers.after(LOOK_MS, () => {
      if (!look()) again()
    })
  }
  const stops = [lifecycle.onActivity(touched), lifecycle.onShow(() => void look())]
  const stop = (): void => {
    over = true
    cancel()
    stops.forEach((one) => one())
  }
  again()
  return stop
}
