/** A phone to be measured: one profile, started anew for each cold start, its main thread slowed down by a factor. */
import { type BrowserContext, chromium, type Page } from '@playwright/test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { films } from '../../tests/browser/office'

const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
]

export class Handset {
  private readonly folder = mkdtempSync(join(tmpdir(), 'suijian-bench-'))
  private readonly film = join(films(), '00.mjpeg')
  context!: BrowserContext
  page!: Page

  async on(): Promise<void> {
    this.context = await chromium.launchPersistentContext(join(this.folder, 'profile'), {
      executablePath: process.env['CHROMIUM']!, headless: true, args: [...ARGUMENTS, `--use-file-for-fake-video-capture=${this.film}`],
      viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai', serviceWorkers: 'allow', permissions: ['camera', 'microphone', 'geolocation'],
    })
    this.page = this.context.pages()[0] ?? (await this.context.newPage())
    this.page.setDefaultTimeout(60_000)
  }

  /** CDP slows the page's main thread only: not the service worker, not the photo worker, not the disk. */
  async slow(rate: number): Promise<void> {
    const cdp = await this.context.newCDPSession(this.page)
    await cdp.send('Emulation.setCPUThrottlingRate', { rate })
  }

  async off(): Promise<void> {
    await this.context.close()
  }

  discard(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** ms from the start of the page until `selector` is there and a frame with it was drawn. */
export function appeared(page: Page, selector: string): Promise<number> {
  return page.evaluate(until, { selector, trigger: '', presses: [] as string[] })
}

/** ms from a click on `trigger` until `selector` is there and drawn. It must not be there before. */
export function tapped(page: Page, trigger: string, selector: string): Promise<number> {
  return page.evaluate(until, { selector, trigger, presses: [] as string[] })
}

/** ms from the last of several presses of keys with these labels. */
export function pressed(page: Page, presses: string[], selector: string): Promise<number> {
  return page.evaluate(until, { selector, trigger: '', presses })
}

/** Runs in the page: the clock of the page alone, nothing of the wire between the driver and the browser. */
async function until({ selector, trigger, presses }: { selector: string; trigger: string; presses: string[] }): Promise<number> {
  let since = 0
  for (const label of presses) {
    const key = [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === label)
    key?.click()
    await Promise.resolve()
    since = performance.now()
  }
  if (trigger !== '') {
    since = performance.now()
    document.querySelector<HTMLElement>(trigger)?.click()
  }
  await new Promise<void>((found, lost) => {
    const look = (): boolean => document.querySelector(selector) !== null
    if (look()) return found()
    setTimeout(() => lost(new Error(`${selector} never came`)), 60_000)
    const watch = new MutationObserver(() => {
      if (!look()) return
      watch.disconnect()
      found()
    })
    watch.observe(document, { childList: true, subtree: true, attributes: true })
  })
  await new Promise<void>((drawn) => requestAnimationFrame(() => setTimeout(drawn)))
  return performance.now() - since
}

/** ms of strict writes of `size` bytes into an IndexedDB of this page's origin: what the disk and the browser cost. */
export function strictPuts(page: Page, size: number, count: number): Promise<number[]> {
  return page.evaluate(async ([bytes, times]) => {
    const db = await new Promise<IDBDatabase>((done, failed) => {
      const asked = indexedDB.open(`floor-${bytes}`, 1)
      asked.onupgradeneeded = () => asked.result.createObjectStore('rows')
      asked.onsuccess = () => done(asked.result)
      asked.onerror = () => failed(asked.error)
    })
    const found: number[] = []
    for (let i = 0; i < times!; i++) {
      const value = crypto.getRandomValues(new Uint8Array(Math.min(bytes!, 65_536)))
      const whole = new Uint8Array(bytes!)
      whole.set(value)
      const since = performance.now()
      await new Promise<void>((done, failed) => {
        const tx = db.transaction('rows', 'readwrite', { durability: 'strict' })
        tx.objectStore('rows').put(whole.buffer, i)
        tx.oncomplete = () => done()
        tx.onerror = () => failed(tx.error)
      })
      found.push(performance.now() - since)
    }
    db.close()
    return found
  }, [size, count] as const)
}
