/**
 * The sync of one person on this phone: when a round runs, what it does, and how long it waits after a
 * failure (sync.md 9, 11). All it knows lies in the store; this object may die at any moment.
 */
import type { Sha256 } from '../core/bytes'
import { StoreLost } from '../device/disk'
import type { Bus, BusMessage, Clock, Compression, Lifecycle, Locks, Net, Random, Timers } from '../device/ports'
import type { Signer } from '../device/signer'
import type { Vault } from '../device/vault'
import type { BlobParts } from './blobs'
import { keys, type SettingsFact } from './facts'
import type { Outcome } from './push'
import type { ReceiptParts } from './receipt'
import { epochOf } from './outbox'
import { Wire } from './wire'

export const EVERY_MS = 300_000
const FIRST_WAIT_MS = 2_000
export const LONGEST_WAIT_MS = 300_000

export interface EngineParts {
  readonly vault: Vault
  readonly signer: Signer
  readonly net: Net
  readonly clock: Clock
  readonly random: Random
  readonly locks: Locks
  readonly timers: Timers
  readonly compression: Compression
  readonly lifecycle: Lifecycle
  readonly bus: Bus
  readonly sha256: Sha256
  readonly verifyEd25519: ReceiptParts['verifyEd25519']
  /** Bytes of one tus piece; smaller in a simulation. */
  readonly piece?: number
}

/** What is moving right now; for the screen only, nothing is decided by it. */
export interface Moving {
  readonly sha256: string
  readonly sent: number
  readonly total: number
}

export class SyncEngine {
  readonly wire: Wire
  private hearers = new Set<(message: BusMessage) => void>()
  private current: Promise<Outcome> | undefined
  private failures = 0
  private cancel: (() => void) | undefined
  private stops: (() => void)[] = []
  private stopped = false
  moving: Moving | undefined

  constructor(private readonly parts: EngineParts) {
    this.wire = new Wire({ ...parts, wall: () => parts.clock.wall() })
  }

  get running(): boolean {
    return this.current !== undefined
  }

  /** Triggers: start, network back, page shown, every five minutes; `soon` after an event. */
  start(): void {
    this.stops = [
      this.parts.lifecycle.onNetwork(() => this.soon(0)),
      this.parts.lifecycle.onShow(() => this.soon(0)),
      this.parts.bus.listen((message) => this.hear(message)),
    ]
    this.soon(0)
  }

  stop(): void {
    this.stopped = true
    this.stops.forEach((stop) => stop())
    this.cancel?.()
    this.hearers.clear()
  }

  subscribe(hear: (message: BusMessage) => void): () => void {
    this.hearers.add(hear)
    return () => this.hearers.delete(hear)
  }

  /** Here and in the other tabs. */
  tell(message: Omit<BusMessage, 'dev'>): void {
    const whole: BusMessage = { ...message, dev: this.parts.vault.dev }
    this.parts.bus.post(whole)
    this.hear(whole)
  }

  private hear(message: BusMessage): void {
    if (message.dev !== this.parts.vault.dev) return
    for (const hear of [...this.hearers]) hear(message)
  }

  /** A round after `ms`; a sooner one already planned stays. */
  soon(ms: number): void {
    if (this.stopped) return
    this.cancel?.()
    this.cancel = this.parts.timers.after(ms, () => {
      this.cancel = undefined
      void this.round()
    })
  }

  /** One at a time here, one tab at a time on the phone. A round started by a person retries what was refused. */
  round(byHand = false): Promise<Outcome> {
    this.current ??= this.locked(byHand).finally(() => {
      this.current = undefined
      this.tell({ topic: 'sync' })
    })
    return this.current
  }

  private async locked(byHand: boolean): Promise<Outcome> {
    // The vault may be locked by its person in the middle of a round, and the store may stop answering (iOS):
    // that ends this round, and the next one comes. A fault of ours is thrown, but it plans the next one too.
    const outcome = await this.parts.locks
      .ifFree(`suijian-sync-${this.parts.vault.dev}`, () => this.work(byHand))
      .catch((error: unknown): Outcome => {
        if (this.parts.vault.open && !(error instanceof StoreLost)) {
          this.plan('trouble')
          throw error
        }
        return 'away'
      })
    this.moving = undefined
    this.plan(outcome ?? 'done')
    return outcome ?? 'done'
  }

  private async work(byHand: boolean): Promise<Outcome> {
    const { vault, clock } = this.parts
    if (byHand) await this.forgetRefusals()
    this.tell({ topic: 'sync' })
    // Not stored on the phone yet and no network to fetch it: then there is no server to talk to either.
    const round = await import('./round').catch(() => undefined)
    if (round === undefined) return 'away'
    const steps: (() => Promise<Outcome>)[] = [
      () => round.pushEvents({ vault, wire: this.wire, clock, receipts: this.parts, progress: () => this.tell({ topic: 'sync' }) }),
      () => round.pushReports({ vault, wire: this.wire, clock, byHand }),
      () => round.watchLog({ vault, wire: this.wire, clock, sha256: this.parts.sha256, verifyEd25519: this.parts.verifyEd25519 }),
      () => round.pullChanges({ vault, wire: this.wire, clock, sha256: this.parts.sha256, tell: (m) => this.tell(m) }),
      () => round.fetchFiles({ vault, wire: this.wire, clock, sha256: this.parts.sha256, tell: (m) => this.tell(m) }),
      () => round.pushFiles(this.filesParts()),
    ]
    let trouble = false
    for (const step of steps) {
      if (this.stopped) return 'away'
      const outcome = await step()
      if (outcome === 'away' || outcome === 'login') return outcome
      if (outcome === 'trouble') trouble = true
    }
    await vault.write([{ put: keys.contact, value: { at: clock.wall() } }])
    return trouble ? 'trouble' : 'done'
  }

  private filesParts(): BlobParts {
    const { vault, clock, piece, lifecycle } = this.parts
    return {
      vault, wire: this.wire, clock,
      ...(piece === undefined ? {} : { piece }),
      maySend: async () => {
        const wifiOnly = (await vault.get<SettingsFact>(keys.settings))?.wifiOnly ?? false
        return !wifiOnly || lifecycle.connection() !== 'metered'
      },
      progress: (sha256, sent, total) => {
        this.moving = { sha256, sent, total }
        this.tell({ topic: 'sync' })
      },
    }
  }

  /** 「再试一次」: refused things are offered again, alarms raised again if they still hold. */
  private async forgetRefusals(): Promise<void> {
    const { vault } = this.parts
    const epoch = await epochOf(vault)
    const gone = [
      ...(await vault.keys(keys.refusals(epoch))),
      ...(await vault.keys(keys.fileRefusals(epoch))),
      ...(await vault.keys('alarm/')),
    ]
    if (gone.length > 0) await vault.write(gone.map((key) => ({ del: key })))
  }

  private plan(outcome: Outcome): void {
    if (this.stopped || this.cancel !== undefined) return
    this.failures = outcome === 'done' ? 0 : this.failures + 1
    if (outcome === 'done' || outcome === 'login') this.soon(EVERY_MS)
    else this.soon(backoff(this.failures, this.parts.random))
  }
}

/** 2 s, 4 s, 8 s … to five minutes, each between half and all of it: phones must not come back in step. */
export function backoff(failures: number, random: Random): number {
  const whole = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10))
  const dice = (random.bytes(1)[0] ?? 0) / 255
  return Math.round(whole * (0.5 + dice / 2))
}
