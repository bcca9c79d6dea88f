// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import LogFault from './LogFault.vue'

let screen: VueWrapper
afterEach(() => screen.unmount())

describe('a log the server could not prove', () => {
  it('is a red sentence in plain words', () => {
    screen = mount(LogFault)
    const banner = screen.find('[data-test="log-fault"]')
    expect(banner.classes()).toContain('bad')
    expect(banner.attributes('role')).toBe('alert')
    expect(banner.text()).toContain('您手机里的记录都还在，不会因此删除，可以照常检查')
  })
})
