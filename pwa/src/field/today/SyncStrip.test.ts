import { createApp, h } from 'vue'
import { afterEach, describe, expect, it } from 'vitest'
import type { SyncOverview } from '@/sync/session'
import SyncStrip from './SyncStrip.vue'

const calm: SyncOverview = {
  sync: { word: 'delivered', done: 3, total: 3 }, unsentEvents: 0, unsentFiles: 0, unsentBytes: 0, need: 'nothing',
  receiptsSigned: true, running: false, wifiOnly: false,
}
let stop: () => void = () => undefined
afterEach(() => stop())

function shown(overview: SyncOverview): HTMLElement {
  const place = document.createElement('div')
  const app = createApp({ render: () => h(SyncStrip, { overview, busy: false }) })
  app.mount(place)
  stop = () => app.unmount()
  return place
}

describe('a log the server could not prove', () => {
  it.each(['F_LOG_EQUIVOCATION', 'E_LOG_ROLLBACK'] as const)('is a red sentence in plain words above the day (%s)', (logFault) => {
    const banner = shown({ ...calm, logFault }).querySelector('[data-test="log-fault"]')
    expect(banner?.classList.contains('bad')).toBe(true)
    expect(banner?.getAttribute('role')).toBe('alert')
    expect(banner?.textContent).toContain('您手机里的记录都还在，可以照常检查')
  })

  it('is not spoken of while the log is proved', () => {
    expect(shown(calm).querySelector('[data-test="log-fault"]')).toBeNull()
  })
})
