/**
 * The phone locks by itself when nobody has touched it for as long as the agency allows, in front or in the
 * background. Everything is on the disk anyway; what a lock would cut (device/hold.ts) delays it a while.
 */
import { somethingHolds } from '../device/hold'
import type { Clock, Lifecycle, Timers } from '../device/ports'
import { watchSilence } from '../device/silence'

export const IDLE_MINUTES = 5
/** Nothing holds longer than this: by then nobody draws a signature any more. */
export const HELD_MOST_MS = 30 * 60_000

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
  /** The wall clock may be set back and the other one sleeps: the longer of both counts. */
  const tooLong = (): boolean => {
    const limit = limitMs()
    return Math.max(clock.wall() - wall, clock.mono() - mono) >= (held() ? Math.max(limit, HELD_MOST_MS) : limit)
  }
  const touched = (): void => {
    wall = clock.wall()
    mono = clock.mono()
  }
  return watchSilence({ timers, lifecycle, tooLong, touched }, lock)
}
