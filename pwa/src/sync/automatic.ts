/**
 * What the phone says of itself without being asked: that a visit was put away and taken up again, that space
 * runs low, and once a day how it is. Procedure, not content (D-6): no attestation falls because of it.
 */
import type { AppendResult, Clock, JsonObject, Lifecycle, LogEvent, SelfTest, StorageGauge } from '../device/ports'
import type { EventLog } from '../device/log'
import type { Vault } from '../device/vault'
import type { AnchorFact } from '../device/logKeys'
import { keys, type VisitFact, type LogFaultFact } from './facts'

/** About sixty photos: enough to finish a visit, little enough to be worth a word. */
export const LOW_MB = 200
const LOW_AGAIN_MS = 3_600_000
export const HEALTH_EVERY_MS = 86_400_000

export interface VisitWatchParts {
  readonly dev: string
  readonly clock: Clock
  readonly lifecycle: Lifecycle
  readonly events: () => readonly LogEvent[]
  readonly append: (type: string, body: JsonObject) => Promise<AppendResult>
  readonly gauge: () => Promise<StorageGauge>
}

/** Watches one open visit. Writes only where this enrolment has a chain in it and nobody has sealed it. */
export class VisitWatch {
  private readonly stops: (() => void)[]
  /** Settles to whether the newest `app.background` stands without its `app.resume`. */
  private away: Promise<boolean>

  constructor(private readonly parts: VisitWatchParts) {
    const last = this.own().filter(({ header }) => header.t.startsWith('app.')).at(-1)
    this.away = Promise.resolve(last?.header.t === 'app.background')
    // The process ended in the background: opening the visit again is its resumption.
    if (!parts.lifecycle.hidden()) this.resume()
    this.stops = [parts.lifecycle.onHide(() => this.background()), parts.lifecycle.onShow(() => this.resume())]
    void this.space()
  }

  stop(): void {
    this.stops.forEach((stop) => stop())
  }

  /** Once an hour at most, as long as the gauge says so. */
  async space(): Promise<void> {
    const free = lowSpace(await this.parts.gauge())
    if (free === undefined || !this.recording()) return
    const before = this.own().filter(({ header }) => header.t === 'storage.low').at(-1)
    if (before !== undefined && Math.abs(this.parts.clock.wall() - before.header.wall) < LOW_AGAIN_MS) return
    await this.parts.append('storage.low', { free_mb: free })
  }

  /** A page says twice that it goes (visibilitychange, pagehide): the first one counts. */
  private background(): void {
    this.away = this.away.then(async (away) => {
      if (away || !this.recording()) return away
      return (await this.parts.append('app.background', {})).ok
    })
  }

  private resume(): void {
    this.away = this.away.then(async (away) => {
      if (!away || !this.recording()) return away
      return !(await this.parts.append('app.resume', {})).ok
    })
  }

  private own(): LogEvent[] {
    return this.parts.events().filter(({ header }) => header.dev === this.parts.dev).sort((a, b) => a.header.n - b.header.n)
  }

  private recording(): boolean {
    const events = this.parts.events()
    return events.some(({ header }) => header.dev === this.parts.dev) && events.every(({ header }) => header.t !== 'seal')
  }
}

/** MB left when that is worth saying. After a refused write the browser's own number is refuted (P14). */
export function lowSpace({ full, usage, quota }: StorageGauge): number | undefined {
  if (full) return 0
  if (usage === undefined || quota === undefined) return undefined
  const free = Math.max(0, Math.floor((quota - usage) / 1_000_000))
  return free < LOW_MB ? free : undefined
}

/** An anchor older than this is asked anew when the day's list is opened; a strong interval has twelve hours. */
export const ANCHOR_FRESH_MS = 2 * 3_600_000

/** `sync.anchor`: with it a receipt comes, and with the receipt a fresh checkpoint for later headers. True when one was written. */
export async function askAnchor({ vault, log, clock }: Pick<HealthParts, 'vault' | 'log' | 'clock'>): Promise<boolean> {
  const anchor = await vault.get<AnchorFact & { at?: number }>(keys.anchor)
  if (anchor === undefined) return false
  const asked = (await vault.get<{ at: number }>(keys.anchorAsked))?.at ?? anchor.at ?? 0
  const now = clock.wall()
  const last = Math.max(asked, anchor.at ?? 0)
  if (now >= last && now - last < ANCHOR_FRESH_MS) return false
  const open = (await vault.list<VisitFact>('visit/')).some(({ value }) => value.withdrawn !== true && value.state !== 'sealed')
  if (!open) return false
  const body = { size: anchor.size, root: anchor.root }
  return (await log.append([{ type: 'sync.anchor', body, insp: '' }], [{ put: keys.anchorAsked, value: { at: now } }])).ok
}

export interface HealthParts {
  readonly vault: Vault
  readonly log: EventLog
  readonly clock: Clock
  readonly selfTest: () => Promise<SelfTest>
  readonly gauge: () => Promise<StorageGauge>
}

/** `dev.health` with the self-test, when the last one is a day old. True when one was written. */
export async function reportHealth({ vault, log, clock, selfTest, gauge }: HealthParts): Promise<boolean> {
  const last = await vault.get<{ at: number }>(keys.health)
  const now = clock.wall()
  // A clock that was set back does not silence it for a month.
  if (last !== undefined && now >= last.at && now - last.at < HEALTH_EVERY_MS) return false
  const tested = await selfTest()
  const { quota } = await gauge()
  const body: JsonObject = { self_test: { ...tested }, ...(quota === undefined ? {} : { quota: Math.floor(quota) }) }
  const done = await log.append([{ type: 'dev.health', body, insp: '' }], [{ put: keys.health, value: { at: now } }])
  return done.ok
}

/** A signed word about a log that could not be proved, once per fault: the server's own auditors read it. True when written. */
export async function reportLogFault({ vault, log, clock, selfTest }: Omit<HealthParts, 'gauge'>): Promise<boolean> {
  const fault = await vault.get<LogFaultFact>(keys.logFault)
  if (fault === undefined || fault.told) return false
  const { code, remembered, shown } = fault
  const tested = await selfTest()
  const body: JsonObject = { self_test: { ...tested, log: { code, remembered: [...remembered], shown: [...shown] } } }
  const told = { put: keys.logFault, value: { ...fault, told: true } }
  const done = await log.append([{ type: 'dev.health', body, insp: '' }], [told, { put: keys.health, value: { at: clock.wall() } }])
  return done.ok
}
