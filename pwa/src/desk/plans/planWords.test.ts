import { expect, it } from 'vitest'
import { monthsFrom, percent, planState } from './planWords'

it('months go over the turn of the year', () => {
  expect(monthsFrom(new Date(2026, 10, 27), 3)).toEqual(['2026-11', '2026-12', '2027-01'])
})
it('a value that this version does not know is shown as it is', () => {
  expect([planState('released'), planState('somewhere')]).toEqual(['已下达', 'somewhere'])
  expect(percent(516)).toBe('51.6%')
})
