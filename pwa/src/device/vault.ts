/**
 * One person's vault on this phone (D-18): every value is AES-256-GCM under that person's key,
 * AAD = store|key|format.rev, bytes in chunks of at most 1 MiB whose index stands in the key.
 *
 * What a finder of the phone can still read: keys (ids, counters, hashes) and sizes. Never a value.
 * Encryption happens before the transaction opens: IndexedDB commits a transaction that waits for
 * anything else than IndexedDB.
 */
import { concat, fromUtf8, ownBuffer, utf8, type Bytes } from './bytes'
import type { CommitOutcome, Disk, DiskExpectation, DiskRow, DiskStoreName, DiskWrite, Random } from './ports'

export const VALUE_FORMAT = 1
export const CHUNK = 1024 * 1024
const TRIES = 6

export interface Kept<T> {
  readonly key: string
  readonly value: T
  readonly rev: number
}

/** What is known of a row, for who relies on it in a commit. No value: there is none (`rev` 0), or it does not open. */
export interface Recalled<T> {
  readonly value: T | undefined
  readonly rev: number
}

/**
 * `expect` makes a put a compare-and-set; without it the newest revision is overwritten. `over` is a revision that
 * another row of the same commit vouches for. `unchanged` writes nothing and expects like a put.
 */
export type VaultChange =
  | { readonly put: string; readonly value: unknown; readonly expect?: number; readonly over?: number }
  | { readonly unchanged: string; readonly expect: number }
  | { readonly del: string }
  | { readonly bytes: string; readonly data: Bytes }
  | { readonly dropBytes: string; readonly chunks: number }

export interface Prepared {
  readonly writes: readonly DiskWrite[]
  readonly expect: readonly DiskExpectation[]
  /** To be told what became of it: `commitAll` does. */
  settle(done: boolean): void
}
type Part = Pick<Prepared, 'writes' | 'expect'>

/** One strict transaction over everything prepared, be it in one vault or in several of the same phone. */
export async function commitAll(disk: Disk, ...prepared: readonly Prepared[]): Promise<CommitOutcome> {
  let outcome: CommitOutcome | undefined
  try {
    outcome = await disk.commit(prepared.flatMap(({ writes }) => writes), prepared.flatMap(({ expect }) => expect))
    return outcome
  } finally {
    for (const one of prepared) one.settle(outcome === 'done')
  }
}

/** A row that does not open under this person's key: damaged, or put there by somebody else. */
export class VaultDamaged extends Error {
  constructor(readonly key: string) {
    super(`the stored value of ${key} cannot be opened`)
    this.name = 'VaultDamaged'
  }
}

export function chunkCount(size: number): number {
  return Math.max(1, Math.ceil(size / CHUNK))
}

export class Vault {
  private key: CryptoKey | undefined
  /** Keys of the rows met since the start that did not open. */
  readonly damaged = new Set<string>()
  /**
   * Rows recalled in this page, in the clear, as they were read or committed here last; gone with the key. Another tab
   * may have changed them since: only a commit that expects their revision may rely on them.
   */
  private memory = new Map<string, Promise<Recalled<unknown>>>()

  constructor(
    readonly disk: Disk,
    readonly dev: string,
    key: CryptoKey,
    private readonly random: Random,
  ) {
    this.key = key
  }

  get open(): boolean {
    return this.key !== undefined
  }

  /** Forgets the key and what was recalled. Everything stays on the disk, encrypted. */
  close(): void {
    this.key = undefined
    this.forget()
  }

  /**
   * undefined also for a row that does not open (a damaged disk): it is noted in `damaged`, told to the
   * person as 需要处理, never overwritten by that, and not in the way of everything else.
   */
  async get<T>(key: string): Promise<T | undefined> {
    return (await this.readable(this.kept<T>(key)))?.value
  }

  /** For who writes by compare-and-set: a damaged row is an exception. */
  async kept<T>(key: string): Promise<Kept<T> | undefined> {
    const row = await this.disk.get('facts', this.full(key))
    return row === undefined ? undefined : this.unseal<T>(row)
  }

  async list<T>(prefix: string): Promise<Kept<T>[]> {
    const rows = await this.disk.range('facts', this.full(prefix))
    const found = await Promise.all(rows.map((row) => this.readable(this.unseal<T>(row))))
    return found.filter((row): row is Kept<T> => row !== undefined)
  }

  /** From memory, else from the disk. */
  recall<T>(key: string): Promise<Recalled<T>> {
    const { memory } = this
    const held = memory.get(key)
    if (held !== undefined) return held as Promise<Recalled<T>>
    // Remembered while it is being read: a commit that passes it by replaces it.
    const reading = this.recalled<T>(key)
    memory.set(key, reading)
    reading.catch(() => memory.delete(key))
    return reading
  }

  private async recalled<T>(key: string): Promise<Recalled<T>> {
    this.held()
    const row = await this.disk.get('facts', this.full(key))
    return row === undefined ? { value: undefined, rev: 0 } : { value: (await this.readable(this.unseal<T>(row)))?.value, rev: row.rev }
  }

  /** A new map: readings still on their way belong to the old one. */
  private forget(): void {
    this.memory = new Map()
  }

  private readable<T>(reading: Promise<T>): Promise<T | undefined> {
    return reading.catch((error: unknown) => {
      if (!(error instanceof VaultDamaged)) throw error
      this.damaged.add(error.key.slice(this.dev.length + 1))
      return undefined
    })
  }

  async keys(prefix: string): Promise<string[]> {
    const skip = this.dev.length + 1
    return (await this.disk.keys('facts', this.full(prefix))).map((key) => key.slice(skip))
  }

  /** One strict transaction. `stale` only when a change carried `expect`. */
  async write(changes: readonly VaultChange[]): Promise<CommitOutcome> {
    const guarded = changes.some((change) => 'expect' in change)
    for (let attempt = 0; ; attempt++) {
      const outcome = await commitAll(this.disk, await this.prepare(changes))
      // A blind put lost a race with another tab: its revision is read again.
      if (outcome !== 'stale' || guarded || attempt === TRIES) return outcome
    }
  }

  /** Encrypts; nothing is written yet, so that several vaults can share one transaction. */
  async prepare(changes: readonly VaultChange[]): Promise<Prepared> {
    // Side by side: each is a turn to another thread and back.
    const parts = await Promise.all(changes.map((change) => this.part(change)))
    return {
      writes: parts.flatMap(({ writes }) => writes),
      expect: parts.flatMap(({ expect }) => expect),
      settle: (done) => this.settle(changes, parts, done),
    }
  }

  private async part(change: VaultChange): Promise<Part> {
    if ('put' in change) {
      const key = this.full(change.put)
      const rev = change.over ?? change.expect ?? (await this.disk.get('facts', key))?.rev ?? 0
      const put = await this.seal('facts', key, rev + 1, utf8(JSON.stringify(change.value)))
      return { writes: [{ store: 'facts', put }], expect: change.over === undefined ? [{ store: 'facts', key, rev }] : [] }
    }
    if ('unchanged' in change) return { writes: [], expect: [{ store: 'facts', key: this.full(change.unchanged), rev: change.expect }] }
    if ('del' in change) return { writes: [{ store: 'facts', del: this.full(change.del) }], expect: [] }
    const writes: DiskWrite[] = []
    if ('bytes' in change) {
      for (let i = 0; i < chunkCount(change.data.length); i++) {
        const part = change.data.subarray(i * CHUNK, (i + 1) * CHUNK)
        writes.push({ store: 'bytes', put: await this.seal('bytes', this.chunkKey(change.bytes, i), 1, part) })
      }
    } else {
      for (let i = 0; i < change.chunks; i++) writes.push({ store: 'bytes', del: this.chunkKey(change.dropBytes, i) })
    }
    return { writes, expect: [] }
  }

  /** Memory follows the disk: what was committed is known, after anything else nothing is. */
  private settle(changes: readonly VaultChange[], parts: readonly Part[], done: boolean): void {
    if (!done) this.forget()
    for (const [i, change] of changes.entries()) {
      if ('del' in change) this.memory.delete(change.del)
      const write = parts[i]?.writes[0]
      if (!('put' in change) || !this.memory.has(change.put) || write === undefined || !('put' in write)) continue
      this.memory.set(change.put, Promise.resolve({ value: change.value, rev: write.put.rev }))
    }
  }

  /** undefined when a chunk is missing or damaged: half a file is never handed out. */
  async bytes(id: string, size: number): Promise<Bytes | undefined> {
    const parts: Bytes[] = []
    for (let i = 0; i < chunkCount(size); i++) {
      const row = await this.disk.get('bytes', this.chunkKey(id, i))
      if (row === undefined) return undefined
      const part = await this.readable(this.unsealBytes('bytes', row))
      if (part === undefined) return undefined
      parts.push(part)
    }
    const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : concat(...parts)
    return whole.length === size ? whole : undefined
  }

  private full(key: string): string {
    return `${this.dev}/${key}`
  }

  private chunkKey(id: string, index: number): string {
    return this.full(`${id}/${String(index).padStart(5, '0')}`)
  }

  private held(): CryptoKey {
    if (this.key === undefined) throw new VaultClosed()
    return this.key
  }

  private async seal(store: DiskStoreName, key: string, rev: number, plain: Bytes): Promise<DiskRow> {
    const iv = this.random.bytes(12)
    const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: aad(store, key, rev) }, this.held(), plain)
    return { key, rev, iv: ownBuffer(iv), data }
  }

  private async unsealBytes(store: DiskStoreName, row: DiskRow): Promise<Bytes> {
    const key = this.held()
    const additionalData = aad(store, row.key, row.rev)
    return crypto.subtle
      .decrypt({ name: 'AES-GCM', iv: new Uint8Array(row.iv), additionalData }, key, row.data)
      .then((plain) => new Uint8Array(plain))
      .catch(() => Promise.reject(new VaultDamaged(row.key)))
  }

  private async unseal<T>(row: DiskRow): Promise<Kept<T>> {
    const plain = await this.unsealBytes('facts', row)
    return { key: row.key.slice(this.dev.length + 1), rev: row.rev, value: JSON.parse(fromUtf8(plain)) as T }
  }
}

export class VaultClosed extends Error {
  constructor() {
    super('the vault is locked')
    this.name = 'VaultClosed'
  }
}

function aad(store: DiskStoreName, key: string, rev: number): Bytes {
  return utf8(`${store}|${key}|${VALUE_FORMAT}.${rev}`)
}
