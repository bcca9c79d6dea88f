/** The desk in a browser window of its own: sign in, find a report, decide, take the papers out. */
import { type Browser, type BrowserContext, expect, type Page } from '@playwright/test'
import { execFileSync } from 'node:child_process'
import { PASSWORD } from './office'
import { shiftClock } from './phone'

export const KINDS = ['notice', 'receipt', 'record', 'report'] as const
export type Kind = (typeof KINDS)[number]

export class Desk {
  private constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
    readonly url: string,
  ) {}

  /** `shift` sets the computer's clock that many seconds off, as the server's may be. */
  static async signIn(browser: Browser, url: string, login: string, shift = 0): Promise<Desk> {
    const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, isMobile: false, hasTouch: false, deviceScaleFactor: 1, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' })
    if (shift !== 0) await context.addInitScript(shiftClock, shift * 1000)
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    const desk = new Desk(context, page, url)
    await page.goto(`${url}/desk.html`)
    await desk.on('login').fill(login)
    await desk.on('password').fill(PASSWORD)
    await desk.on('login-go').click()
    await desk.on('sign-out').waitFor()
    return desk
  }

  on(test: string) {
    return this.page.locator(`[data-test="${test}"]`)
  }

  /** The queue, with the report of a unit in it. */
  async queued(unit: string): Promise<void> {
    await this.page.goto(`${this.url}/desk.html#/reports`)
    // The report drafts itself in a job after the seal has arrived.
    await expect(async () => {
      await this.on('queue-reload').click()
      await this.line(unit).waitFor({ timeout: 1000 })
    }).toPass()
  }

  private line(unit: string) {
    return this.page.locator('tr.open', { hasText: unit })
  }

  async open(unit: string): Promise<void> {
    await this.queued(unit)
    await this.line(unit).click()
    await this.on('report-state').waitFor()
  }

  async approve(): Promise<void> {
    await this.on('approve').click()
    await expect(this.on('report-state')).toHaveText('已通过')
  }

  get reportId(): string {
    return /reports\/([^?]+)/.exec(this.page.url())?.[1] ?? ''
  }

  async close(): Promise<void> {
    await this.context.close()
  }
}

/** Text of a PDF without the line breaks its layout makes. */
export function textOf(pdf: Buffer): string {
  return execFileSync('pdftotext', ['-enc', 'UTF-8', '-', '-'], { input: pdf, encoding: 'utf8', maxBuffer: 50_000_000 }).replace(/\s+/g, '')
}
