import { beforeEach, describe, expect, it } from 'vitest'
import { TestClock, TestLifecycle, TestTimers } from '../device/testing/memory'
import { HELD_MOST_MS, watchIdle } from './idle'

const MINUTE = 60_000
let clock: TestClock
let timers: TestTimers
let lifecycle: TestLifecycle
let held: boolean
let locked: number
let stop: () => void

beforeEach(() => {
  clock = new TestClock()
  timers = new TestTimers()
  lifecycle = new TestLifecycle()
  held = false
  locked = 0
  stop = watchIdle({ clock, timers, lifecycle, limitMs: () => 5 * MINUTE, held: () => held }, () => (locked += 1))
})

function pass(ms: number): void {
  clock.pass(ms)
  timers.ring()
}

describe('the idle lock', () => {
  it('locks once when nobody has touched the phone for the limit', () => {
    pass(5 * MINUTE - 1)
    expect(locked).toBe(0)
    pass(1)
    expect(locked).toBe(1)
    pass(60 * MINUTE)
    expect(locked).toBe(1)
    expect(timers.count).toBe(0)
  })

  it('begins anew with every touch', () => {
    for (let i = 0; i < 10; i++) {
      pass(4 * MINUTE)
      lifecycle.touch()
    }
    expect(locked).toBe(0)
  })

  it('locks when the phone comes back from the background too late, before the first touch counts', () => {
    lifecycle.goAway()
    clock.pass(6 * MINUTE)
    lifecycle.comeBack()
    expect(locked).toBe(1)
  })

  it('a late touch does not undo it even where no timer and no event came', () => {
    clock.pass(6 * MINUTE)
    lifecycle.touch()
    expect(locked).toBe(1)
  })

  it('counts the sleep in which the monotonic clock stood still, and is not fooled by a wall clock set back', () => {
    clock.now += 6 * MINUTE
    timers.ring()
    expect(locked).toBe(1)
  })

  it('locks although somebody set the wall clock back', () => {
    clock.now -= 3 * 60 * MINUTE
    clock.ran += 5 * MINUTE
    timers.ring()
    expect(locked).toBe(1)
  })

  it('waits for a signature or a recording under way, and not for ever', () => {
    held = true
    pass(20 * MINUTE)
    expect(locked).toBe(0)
    pass(HELD_MOST_MS - 20 * MINUTE)
    expect(locked).toBe(1)
  })

  it('locks at once when what held it is over and the time has passed', () => {
    held = true
    pass(6 * MINUTE)
    held = false
    pass(0)
    expect(locked).toBe(1)
  })

  it('stops with the session', () => {
    stop()
    pass(60 * MINUTE)
    expect(locked).toBe(0)
  })
})
