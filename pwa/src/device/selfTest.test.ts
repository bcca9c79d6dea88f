// @vitest-environment happy-dom
import { expect, it } from 'vitest'
import { selfTest } from './selfTest'
import { Dice, MemoryDisk, Platter, TestClock } from './testing/memory'

it('one who asks while the test runs gets the same good result, and nothing is left behind', async () => {
  const disk = new MemoryDisk(new Platter())
  const tests = await Promise.all([1, 2, 3].map((seed) => selfTest(disk, new Dice(seed), new TestClock())))
  for (const { strict_write, key_reread } of tests) expect({ strict_write, key_reread }).toEqual({ strict_write: true, key_reread: true })
  expect(await disk.keys('bytes', '')).toEqual([])
  // The next one is a test of its own.
  const [before] = tests
  expect(await selfTest(disk, new Dice(4), new TestClock())).not.toBe(before)
})
