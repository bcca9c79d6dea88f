// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import Watermark from './Watermark.vue'

it('says who looks and when, in every corner, and is no text of the page', () => {
  vi.useFakeTimers({ now: Date.parse('2026-11-27T03:04:30Z') })
  const mark = mount(Watermark, { props: { name: '陆乙', account: '试-2' } })
  const words = mark.findAll('i').map((one) => one.attributes('data-words'))
  expect(new Set(words)).toEqual(new Set(['陆乙 试-2 2026-11-27 11:04']))
  expect(words.length).toBeGreaterThan(20)
  expect(mark.text()).toBe('')
  expect(mark.attributes('aria-hidden')).toBe('true')
  mark.unmount()
  vi.useRealTimers()
})
