/**
 * One handset: a Chromium profile of its own at 360×740 with a fake camera and a fake position. It can be switched
 * off and on again, or lose its power in the middle of a tap.
 */
import { type BrowserContext, type CDPSession, chromium, expect, type Locator, type Page, test, type TestInfo } from '@playwright/test'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { touch } from './finger'
import { films, run } from './office'

export interface Holder {
  /** The user id; `data-test` names of people carry it. */
  readonly id: string
  readonly name: string
  readonly login: string
  readonly pin: string
}

/** Phones of the running scenario, for the end of it. */
const inUse = new Set<Phone>()

/** At the end of a scenario: what each phone showed when it failed, then every phone is thrown away. */
export async function discardPhones(info: TestInfo): Promise<void> {
  for (const [index, phone] of [...inUse].entries()) {
    if (info.status !== info.expectedStatus) await phone.keepPicture(info.outputPath(`phone-${index}.png`))
    await phone.discard()
  }
}

export class Phone {
  /** What the spy in every page saw of navigator.geolocation. */
  readonly geolocationCalls: string[] = []
  /** Errors of the page that nobody caught, and whatever it logged as an error. */
  readonly complaints: string[] = []
  /** What the server answered with a refusal. */
  readonly refusals: string[] = []
  private context!: BrowserContext
  private tab!: Page
  readonly profile = mkdtempSync(join(tmpdir(), 'suijian-phone-'))
  /** What its camera sees: the browser reads it each time the camera opens. */
  private readonly film = join(this.profile, 'film.mjpeg')
  private scenes = 0

  private constructor(
    readonly url: string,
    private readonly shift: number,
  ) {}

  /** A new phone showing the app; `shift` sets its clock that many seconds off, as the server's may be. */
  static async unpack(url: string, shift = 0): Promise<Phone> {
    const phone = new Phone(url, shift)
    inUse.add(phone)
    await phone.switchOn()
    return phone
  }

  /** From here on the camera sees the codes on these pictures, as another phone's screen held before it. */
  behold(pictures: readonly string[]): void {
    const made = join(this.profile, 'code.mjpeg')
    run('code_film.py', made, ...pictures)
    renameSync(made, this.film)
  }

  /** The inspector turns to something else: the next photo will be like none before it. */
  turn(): void {
    const all = readdirSync(films()).sort()
    const made = join(this.profile, 'next.mjpeg')
    copyFileSync(join(films(), all[this.scenes % all.length]!), made)
    // In one piece: the camera may be opening.
    renameSync(made, this.film)
    this.scenes += 1
  }

  get page(): Page {
    return this.tab
  }

  async switchOn(): Promise<void> {
    if (!existsSync(this.film)) this.turn()
    this.context = await chromium.launchPersistentContext(this.profile, {
      executablePath: process.env['CHROMIUM']!,
      headless: true,
      args: [...(test.info().project.use.launchOptions?.args ?? []), `--use-file-for-fake-video-capture=${this.film}`],
      viewport: { width: 360, height: 740 },
      deviceScaleFactor: 2,
      isMobile: true,
      hasTouch: true,
      locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai',
      serviceWorkers: 'allow',
      permissions: ['camera', 'microphone', 'geolocation'],
      geolocation: { latitude: 34.7231, longitude: 112.7895, accuracy: 14 },
    })
    await this.context.exposeFunction('sawGeolocation', (name: string) => void this.geolocationCalls.push(name))
    await this.context.addInitScript(spyOnGeolocation)
    if (this.shift !== 0) await this.context.addInitScript(shiftClock, this.shift * 1000)
    this.tab = this.context.pages()[0] ?? (await this.context.newPage())
    this.tab.setDefaultTimeout(15_000)
    this.tab.on('pageerror', (error) => this.complaints.push(error.stack ?? error.message))
    this.tab.on('console', (message) => {
      // A request that finds no server is what this app is made for.
      if (message.type() === 'error' && !/Failed to load resource|ERR_CONNECTION_REFUSED/.test(message.text())) this.complaints.push(message.text())
    })
    this.tab.on('response', (answer) => {
      if (answer.status() >= 400) this.refusals.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`)
    })
    await this.tab.goto(this.url)
  }

  async switchOff(): Promise<void> {
    await this.context.close()
  }

  /** SIGKILL to every process of this browser, found by its profile directory (phone-stack 6). */
  async losePower(): Promise<void> {
    for (const pid of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch (error) {
        // Gone between being listed and being killed: its parent took it along.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
    await expect.poll(() => this.processes().length, { intervals: [20, 50, 100] }).toBe(0)
    for (const name of readdirSync(this.profile)) if (name.startsWith('Singleton')) rmSync(join(this.profile, name), { force: true })
  }

  async keepPicture(path: string): Promise<void> {
    if (!this.tab.isClosed()) await this.tab.screenshot({ path })
    console.log(`${path}\n${this.tab.url()}\n${[...this.complaints, ...this.refusals].join('\n')}`)
  }

  /** Never to be used again. */
  async discard(): Promise<void> {
    inUse.delete(this)
    await this.context.close().catch((error: unknown) => {
      if (!/closed/i.test(String(error))) throw error
    })
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 })
  }

  private processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.profile)
        } catch {
          return false
        }
      })
  }

  /** By the name the program gives its own controls. */
  on(test: string): Locator {
    return this.tab.locator(`[data-test="${test}"]`)
  }

  async tap(test: string): Promise<void> {
    await touch(this.on(test))
  }

  /** Until the precache is whole and the store has been told of everything. */
  async readyForOffline(): Promise<void> {
    await this.tab.evaluate(async () => {
      await navigator.serviceWorker.ready
    })
  }

  async enrol(holder: Holder, code: string): Promise<void> {
    await this.on('enrol-code').waitFor()
    await this.on('enrol-code').fill(code)
    await this.on('enrol-pin').fill(holder.pin)
    await this.on('enrol-pin2').fill(holder.pin)
    await this.tap('enrol-go')
    await this.on('sync-strip').waitFor()
  }

  /** The next person enrols on the same phone. */
  async lock(): Promise<void> {
    await this.tap('me')
    await this.tap('lock')
  }

  async typePin(pin: string): Promise<void> {
    for (const digit of pin) await touch(this.tab.locator('button', { hasText: new RegExp(`^\\s*${digit}\\s*$`) }))
  }

  async unlock(holder: Holder): Promise<void> {
    const choice = this.on(`person-${holder.id}`)
    const pin = this.on('pin')
    await expect(choice.or(pin).first()).toBeAttached()
    if (await choice.isVisible()) await touch(choice)
    await this.tab.getByText(holder.name).waitFor()
    await this.typePin(holder.pin)
    await expect(pin).toHaveCount(0)
  }

  /** Reads the answer of the last sync on 今日. */
  async sync(): Promise<void> {
    await this.tap('sync-now')
    await expect(this.on('sync-now')).not.toHaveAttribute('aria-busy', 'true')
  }

  async sign(pad: Locator): Promise<void> {
    await pad.scrollIntoViewIfNeeded()
    const box = await pad.boundingBox()
    if (box === null) throw new Error('the signature field is not on the screen')
    const touch = await this.context.newCDPSession(this.tab)
    for (const [from, to] of [[0.2, 0.45], [0.5, 0.8]] as const) await stroke(touch, box, from, to)
    await touch.detach()
  }
}

type Box = { x: number; y: number; width: number; height: number }

async function stroke(touch: CDPSession, box: Box, from: number, to: number): Promise<void> {
  const at = (part: number): { x: number; y: number } => ({ x: box.x + box.width * (from + (to - from) * part), y: box.y + box.height * (0.3 + 0.4 * Math.abs(Math.sin(part * 7))) })
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at(0)] })
  for (let step = 1; step <= 8; step += 1) await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [at(step / 8)] })
  // The finger rests before it is lifted: lifted at full speed it is a fling, and the next tap only stops that.
  for (let rest = 0; rest < 3; rest += 1) {
    await new Promise((tick) => setTimeout(tick, 40))
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [at(1)] })
  }
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
}

/** Runs in the page before anything else: every way to ask for a position tells us first. */
function spyOnGeolocation(): void {
  for (const name of ['getCurrentPosition', 'watchPosition'] as const) {
    const real = Geolocation.prototype[name]
    Geolocation.prototype[name] = function (this: Geolocation, ...rest: Parameters<typeof real>) {
      ;(globalThis as unknown as { sawGeolocation(name: string): void }).sawGeolocation(name)
      return real.apply(this, rest) as never
    }
  }
}

/** Runs in the page before anything else: its clock is that many milliseconds off. */
export function shiftClock(shift: number): void {
  const RealDate = Date
  class ShiftedDate extends RealDate {
    constructor(...rest: [] | ConstructorParameters<typeof Date>) {
      if (rest.length === 0) super(RealDate.now() + shift)
      else super(...(rest as ConstructorParameters<typeof Date>))
    }
    static override now(): number {
      return RealDate.now() + shift
    }
  }
  globalThis.Date = ShiftedDate as DateConstructor
}
