/** The desk locks after a quarter of an hour without a touch; tabs of one browser are one desk. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { browserClock, timers } from './browser'
import { DESK_MINUTES, type DeskTabs, leftAlone, watchDesk } from './deskIdle'

const MINUTE = 60_000
/** What the tabs of one browser share. */
const shared = new Map<string, number>()
const tabs: DeskTabs = {
  seen: () => shared.get('seen') ?? 0,
  touch: (at) => void shared.set('seen', at),
  endsFirst: (seen) => shared.get('ended') !== seen && shared.set('ended', seen).size > 0,
  tellSignedIn: () => undefined,
  onSignedIn: () => () => undefined,
}

class Tab {
  locked = 0
  stop: () => void
  touch: () => void = () => undefined
  show: () => void = () => undefined

  constructor() {
    const lifecycle = {
      onActivity: (run: () => void) => {
        this.touch = run
        return () => (this.touch = () => undefined)
      },
      onShow: (run: () => void) => {
        this.show = run
        return () => (this.show = () => undefined)
      },
    }
    this.stop = watchDesk({ clock: browserClock(), timers, lifecycle, tabs }, () => (this.locked += 1))
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 3, 1) })
  shared.clear()
  tabs.touch(Date.now())
})
afterEach(() => vi.useRealTimers())

describe('an idle desk', () => {
  it('locks once after fifteen minutes, and not before', () => {
    const tab = new Tab()
    vi.advanceTimersByTime((DESK_MINUTES - 1) * MINUTE)
    expect(tab.locked).toBe(0)
    vi.advanceTimersByTime(2 * MINUTE)
    expect(tab.locked).toBe(1)
    vi.advanceTimersByTime(60 * MINUTE)
    expect(tab.locked).toBe(1)
  })

  it('stays open while somebody works', () => {
    const tab = new Tab()
    for (let n = 0; n < 60; n += 1) {
      vi.advanceTimersByTime(MINUTE)
      tab.touch()
    }
    expect(tab.locked).toBe(0)
    vi.advanceTimersByTime(16 * MINUTE)
    expect(tab.locked).toBe(1)
  })

  it('keeps every tab open by what is done in one of them, and locks all together', () => {
    const [one, other] = [new Tab(), new Tab()]
    for (let n = 0; n < 40; n += 1) {
      vi.advanceTimersByTime(MINUTE)
      one.touch()
    }
    expect([one.locked, other.locked]).toEqual([0, 0])
    vi.advanceTimersByTime(16 * MINUTE)
    expect([one.locked, other.locked]).toEqual([1, 1])
    const silence = tabs.seen()
    expect([tabs.endsFirst(silence), tabs.endsFirst(silence)]).toEqual([true, false])
  })

  it('is not opened by whoever touches it too late: the machine slept, timers with it', () => {
    const tab = new Tab()
    vi.setSystemTime(Date.now() + 20 * MINUTE)
    tab.touch()
    expect(tab.locked).toBe(1)
  })

  it('locks when it is looked at again after a sleep, and also when the clock was set back', () => {
    const tab = new Tab()
    vi.setSystemTime(Date.now() + 20 * MINUTE)
    tab.show()
    expect(tab.locked).toBe(1)
    tabs.touch(Date.now())
    const back = new Tab()
    vi.setSystemTime(Date.now() - 24 * 60 * MINUTE)
    vi.advanceTimersByTime(16 * MINUTE)
    expect(back.locked).toBe(1)
  })

  it('that was stopped locks no more', () => {
    const tab = new Tab()
    tab.stop()
    vi.advanceTimersByTime(60 * MINUTE)
    expect(tab.locked).toBe(0)
  })

  it('closed and opened again later starts locked, sooner does not, and a new browser does not either', () => {
    expect(leftAlone(tabs, browserClock())).toBe(false)
    vi.setSystemTime(Date.now() + DESK_MINUTES * MINUTE)
    expect(leftAlone(tabs, browserClock())).toBe(true)
    shared.clear()
    expect(leftAlone(tabs, browserClock())).toBe(false)
  })
})
