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

/** `expect` makes a put a compare-and-set; without it the newest revision is overwritten. */
export type VaultChange =
  | { readonly put: string; readonly value: unknown; readonly expect?: number }
  | { readonly del: string }
  | { readonly bytes: string; readonly data: Bytes }
  | { readonly dropBytes: string; readonly chunks: number }

export interface Prepared {
  readonly writes: DiskWrite[]
  readonly expect: DiskExpectation[]
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

  /** Forgets the key. Everything stays on the disk, encrypted. */
  close(): void {
    this.key = undefined
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

  /** The revision of a row, readable or not; 0 when there is none. */
  async revision(key: string): Promise<number> {
    return (await this.disk.get('facts', this.full(key)))?.rev ?? 0
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
      const { writes, expect } = await this.prepare(changes)
      const outcome = await this.disk.commit(writes, expect)
      // A blind put lost a race with another tab: its revision is read again.
      if (outcome !== 'stale' || guarded || attempt === TRIES) return outcome
    }
  }

  /** Encrypts; nothing is written yet, so that several vaults can share one transaction. */
  async prepare(changes: readonly VaultChange[]): Promise<Prepared> {
    const writes: DiskWrite[] = []
    const expect: DiskExpectation[] = []
    for (const change of changes) {
      if ('put' in change) {
        const key = this.full(change.put)
        const rev = change.expect ?? (await this.disk.get('facts', key))?.rev ?? 0
        expect.push({ store: 'facts', key, rev })
        const put = await this.seal('facts', key, rev + 1, utf8(JSON.stringify(change.value)))
        writes.push({ store: 'facts', put })
      } else if ('del' in change) {
        writes.push({ store: 'facts', del: this.full(change.del) })
      } else if ('bytes' in change) {
        for (let i = 0; i < chunkCount(change.data.length); i++) {
          const part = change.data.subarray(i * CHUNK, (i + 1) * CHUNK)
          writes.push({ store: 'bytes', put: await this.seal('bytes', this.chunkKey(change.bytes, i), 1, part) })
        }
      } else {
        for (let i = 0; i < change.chunks; i++) {
          writes.push({ store: 'bytes', del: this.chunkKey(change.dropBytes, i) })
        }
      }
    }
    return { writes, expect }
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
