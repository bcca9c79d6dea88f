/**
 * A phone in memory, for tests and the simulation: a disk whose commits can crash before or after they
 * take effect, a clock that only moves when told, timers that only ring when told, seeded dice.
 */
import type {
  Bus, Clock, CommitOutcome, Compression, Disk, DiskExpectation, DiskRow, DiskStoreName, DiskWrite, Lifecycle, Locks,
  Random, Timers,
} from '../ports'

/** The process died here. Whoever catches it must start the phone again on the same platter. */
export class Crash extends Error {
  constructor(where: string) {
    super(`crash ${where}`)
    this.name = 'Crash'
  }
}

/** What survives a crash. */
export class Platter {
  readonly facts = new Map<string, DiskRow>()
  readonly bytes = new Map<string, DiskRow>()
  readonly meta = new Map<string, unknown>()

  rows(store: DiskStoreName): Map<string, DiskRow> {
    return store === 'facts' ? this.facts : this.bytes
  }
}

export interface DiskFaults {
  /** Asked at each commit: what happens to it. */
  onCommit?(writes: readonly DiskWrite[]): 'fine' | 'crash_before' | 'crash_after' | 'full'
  /** A broken store that ignores compare-and-set; a mutant of the simulation. */
  readonly ignoresExpectations?: boolean
  /** A store that says done and forgets the newest commit when the process dies; a mutant. */
  readonly relaxed?: boolean
}

/** One incarnation of the process: after a crash every call of it fails, so no dead code writes on. */
export class MemoryDisk implements Disk {
  private dead = false
  private undo: (() => void) | undefined

  constructor(readonly platter: Platter, private readonly faults: DiskFaults = {}) {}

  kill(): void {
    if (!this.dead && this.faults.relaxed === true) this.undo?.()
    this.dead = true
  }

  get isDead(): boolean {
    return this.dead
  }

  private alive(): void {
    if (this.dead) throw new Crash('in a dead process')
  }

  async get(store: DiskStoreName, key: string): Promise<DiskRow | undefined> {
    this.alive()
    return this.platter.rows(store).get(key)
  }

  async range(store: DiskStoreName, prefix: string): Promise<readonly DiskRow[]> {
    this.alive()
    return (await this.keys(store, prefix)).flatMap((key) => this.platter.rows(store).get(key) ?? [])
  }

  async keys(store: DiskStoreName, prefix: string): Promise<readonly string[]> {
    this.alive()
    return [...this.platter.rows(store).keys()].filter((key) => key.startsWith(prefix)).sort()
  }

  async commit(writes: readonly DiskWrite[], expect: readonly DiskExpectation[] = []): Promise<CommitOutcome> {
    this.alive()
    const fate = this.faults.onCommit?.(writes) ?? 'fine'
    if (fate === 'full') return 'full'
    if (fate === 'crash_before') {
      this.kill()
      throw new Crash('before a commit')
    }
    const stale = expect.some(({ store, key, rev }) => (this.platter.rows(store).get(key)?.rev ?? 0) !== rev)
    if (stale && this.faults.ignoresExpectations !== true) return 'stale'
    const before = writes.map((write): [Map<string, DiskRow>, string, DiskRow | undefined] => {
      const rows = this.platter.rows(write.store)
      const key = 'put' in write ? write.put.key : write.del
      return [rows, key, rows.get(key)]
    })
    for (const write of writes) {
      if ('put' in write) this.platter.rows(write.store).set(write.put.key, write.put)
      else this.platter.rows(write.store).delete(write.del)
    }
    this.undo = () => {
      for (const [rows, key, row] of before) {
        if (row === undefined) rows.delete(key)
        else rows.set(key, row)
      }
    }
    if (fate === 'crash_after') {
      this.kill()
      throw new Crash('after a commit')
    }
    return 'done'
  }

  async getMeta<T>(key: string): Promise<T | undefined> {
    this.alive()
    return this.platter.meta.get(key) as T | undefined
  }

  async metaKeys(prefix: string): Promise<readonly string[]> {
    this.alive()
    return [...this.platter.meta.keys()].filter((key) => key.startsWith(prefix)).sort()
  }

  async putMeta(key: string, value: unknown): Promise<void> {
    this.alive()
    this.platter.meta.set(key, value)
  }

  async updateMeta<T>(key: string, change: (old: T | undefined) => T | undefined): Promise<T | undefined> {
    this.alive()
    const next = change(this.platter.meta.get(key) as T | undefined)
    if (next === undefined) this.platter.meta.delete(key)
    else this.platter.meta.set(key, next)
    return next
  }
}

/** mulberry32: small, seeded, the same on every machine. */
export class Dice implements Random {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: count }, () => this.below(256))
  }
}

export class TestClock implements Clock {
  constructor(public now = 1_795_000_000_000, public ran = 1_000, public boot = 'AAAAAAAA') {}

  wall(): number {
    return this.now
  }
  mono(): number {
    return this.ran
  }
  pass(ms: number): void {
    this.now += ms
    this.ran += ms
  }
}

export class TestTimers implements Timers {
  private readonly waiting = new Map<number, () => void>()
  private next = 0

  after(_ms: number, run: () => void): () => void {
    const id = this.next++
    this.waiting.set(id, run)
    return () => this.waiting.delete(id)
  }
  /** Everything planned now rings. */
  ring(): void {
    const due = [...this.waiting.values()]
    this.waiting.clear()
    for (const run of due) run()
  }
  get count(): number {
    return this.waiting.size
  }
}

export class TestLifecycle implements Lifecycle {
  private readonly hide = new Set<() => void>()
  private readonly show = new Set<() => void>()
  private readonly network = new Set<() => void>()
  private readonly activity = new Set<() => void>()
  line: ReturnType<Lifecycle['connection']> = 'unknown'
  private away = false

  hidden(): boolean {
    return this.away
  }
  onHide(run: () => void): () => void {
    this.hide.add(run)
    return () => this.hide.delete(run)
  }
  onShow(run: () => void): () => void {
    this.show.add(run)
    return () => this.show.delete(run)
  }
  onNetwork(run: () => void): () => void {
    this.network.add(run)
    return () => this.network.delete(run)
  }
  onActivity(run: () => void): () => void {
    this.activity.add(run)
    return () => this.activity.delete(run)
  }
  connection(): ReturnType<Lifecycle['connection']> {
    return this.line
  }
  touch(): void {
    for (const run of [...this.activity]) run()
  }
  goAway(): void {
    this.away = true
    for (const run of [...this.hide]) run()
  }
  comeBack(): void {
    this.away = false
    for (const run of [...this.show]) run()
  }
  networkBack(): void {
    for (const run of [...this.network]) run()
  }
}

/** Locks of one phone: share one object between its tabs. */
export function testLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>()
  const exclusive = <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const result = (tails.get(name) ?? Promise.resolve()).then(run)
    const tail: Promise<unknown> = result.catch(() => undefined).then(() => {
      if (tails.get(name) === tail) tails.delete(name)
    })
    tails.set(name, tail)
    return result
  }
  return { exclusive, ifFree: async (name, run) => (tails.has(name) ? undefined : exclusive(name, run)) }
}

export function testBus(): Bus {
  const hearers = new Set<Parameters<Bus['listen']>[0]>()
  return {
    post: () => undefined,
    listen(hear) {
      hearers.add(hear)
      return () => hearers.delete(hear)
    },
  }
}

export const noCompression: Compression = { gzip: async () => undefined }

/** A key pair for the log of a fake server. */
export async function logKeys(): Promise<{ keys: CryptoKeyPair; raw: Uint8Array<ArrayBuffer> }> {
  const keys = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
  return { keys, raw: new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey)) }
}

export async function ed25519Sign(keys: CryptoKeyPair, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign('Ed25519', keys.privateKey, message))
}

export async function ed25519Verify(
  publicKey: Uint8Array<ArrayBuffer>, message: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', key, signature, message)
}

export async function vaultKey(raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
}
