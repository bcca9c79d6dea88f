/** The loop of every lock that comes by itself: looked at now and then, at every touch and on coming back to the screen. */
import type { Lifecycle, Timers } from './ports'

/** Looked at this often; a timer may sleep with the machine, so waking up looks as well. */
const LOOK_MS = 10_000

export interface Silence {
  readonly timers: Timers
  readonly lifecycle: Pick<Lifecycle, 'onActivity' | 'onShow'>
  /** Whether nobody has been here for too long. */
  readonly tooLong: () => boolean
  /** Somebody is here, in time. */
  readonly touched: () => void
}

/** Calls `lock` once. Returns the way to stop watching. */
export function watchSilence({ timers, lifecycle, tooLong, touched }: Silence, lock: () => void): () => void {
  let over = false
  let cancel: () => void = () => undefined
  const look = (): boolean => {
    if (over) return true
    if (!tooLong()) return false
    stop()
    lock()
    return true
  }
  const again = (): void => {
    cancel = timers.after(LOOK_MS, () => {
      if (!look()) again()
    })
  }
  // Whoever comes back too late is no activity of the person who left.
  const stops = [lifecycle.onActivity(() => void (look() || touched())), lifecycle.onShow(() => void look())]
  const stop = (): void => {
    over = true
    cancel()
    stops.forEach((one) => one())
  }
  again()
  return stop
}
