/**
 * The disk: IndexedDB, strict transactions, ArrayBuffers only (phone-stack 3.1, P11, P12).
 *
 * iOS may drop the connection whenever the app was in the background (P17), so every call goes
 * through `withDb`: a dead handle is thrown away, the database reopened and the call tried once more.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { CommitOutcome, Disk, DiskExpectation, DiskRow, DiskStoreName, DiskWrite } from './ports'

interface Schema extends DBSchema {
  facts: { key: string; value: DiskRow }
  bytes: { key: string; value: DiskRow }
  meta: { key: string; value: unknown }
}
type Db = IDBPDatabase<Schema>

export const DISK_VERSION = 1
const STRICT = { durability: 'strict' } as const

/** One step per version, never edited after a release: an old phone walks through all of them. */
const UPGRADES: readonly ((db: Db) => void)[] = [
  (db) => {
    db.createObjectStore('facts', { keyPath: 'key' })
    db.createObjectStore('bytes', { keyPath: 'key' })
    db.createObjectStore('meta')
  },
]

/** The connection died twice in a row: only a restart of the app helps, nothing is lost. */
export class StoreLost extends Error {
  constructor(cause: unknown) {
    super('the phone store does not answer', { cause })
    this.name = 'StoreLost'
  }
}

/** Transient names: the handle died, another tab upgraded, or the OS killed the storage process. */
const DEAD = new Set(['InvalidStateError', 'UnknownError', 'TimeoutError', 'NotReadableError'])

function nameOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'name' in error) return String(error.name)
  return ''
}

export function isQuota(error: unknown): boolean {
  return nameOf(error) === 'QuotaExceededError'
}

function prefixRange(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`)
}

async function openAt(name: string): Promise<Db> {
  return openDB<Schema>(name, DISK_VERSION, {
    upgrade(db, from) {
      for (const step of UPGRADES.slice(from)) step(db)
    },
  })
}

/** Sign of a stale compare-and-set inside a transaction; never leaves this file. */
class Stale extends Error {}

export class IdbDisk implements Disk {
  private opening: Promise<Db> | undefined

  constructor(private readonly name = 'suijian') {}

  private db(): Promise<Db> {
    if (this.opening === undefined) {
      const fresh = openAt(this.name)
      this.opening = fresh
      fresh.then(
        (db) => {
          const forget = (): void => {
            if (this.opening === fresh) this.opening = undefined
          }
          db.addEventListener('close', forget)
          // A newer version of the app opens the store in another tab: let it.
          db.addEventListener('versionchange', () => {
            forget()
            db.close()
          })
        },
        () => {
          if (this.opening === fresh) this.opening = undefined
        },
      )
    }
    return this.opening
  }

  private async withDb<T>(use: (db: Db) => Promise<T>): Promise<T> {
    try {
      return await use(await this.db())
    } catch (error) {
      if (!DEAD.has(nameOf(error))) throw error
      this.drop()
    }
    try {
      return await use(await this.db())
    } catch (error) {
      if (DEAD.has(nameOf(error))) throw new StoreLost(error)
      throw error
    }
  }

  /** Forget the handle; the next call opens a new one. */
  drop(): void {
    const old = this.opening
    this.opening = undefined
    old?.then((db) => db.close()).catch(() => undefined)
  }

  get(store: DiskStoreName, key: string): Promise<DiskRow | undefined> {
    return this.withDb((db) => db.get(store, key))
  }

  range(store: DiskStoreName, prefix: string): Promise<readonly DiskRow[]> {
    return this.withDb((db) => db.getAll(store, prefixRange(prefix)))
  }

  keys(store: DiskStoreName, prefix: string): Promise<readonly string[]> {
    return this.withDb((db) => db.getAllKeys(store, prefixRange(prefix)))
  }

  async commit(
    writes: readonly DiskWrite[],
    expect: readonly DiskExpectation[] = [],
  ): Promise<CommitOutcome> {
    try {
      await this.withDb((db) => this.inOneTransaction(db, writes, expect))
      return 'done'
    } catch (error) {
      if (error instanceof Stale) return 'stale'
      if (isQuota(error)) return 'full'
      throw error
    }
  }

  private async inOneTransaction(
    db: Db,
    writes: readonly DiskWrite[],
    expect: readonly DiskExpectation[],
  ): Promise<void> {
    const tx = db.transaction(['facts', 'bytes'], 'readwrite', STRICT)
    // `done` settles late; the first error must not surface as an unhandled rejection meanwhile.
    const done = tx.done
    done.catch(() => undefined)
    try {
      for (const wanted of expect) {
        const row = await tx.objectStore(wanted.store).get(wanted.key)
        if ((row?.rev ?? 0) !== wanted.rev) throw new Stale(wanted.key)
      }
      const pending = writes.map((write) =>
        'put' in write
          ? tx.objectStore(write.store).put(write.put)
          : tx.objectStore(write.store).delete(write.del),
      )
      await Promise.all(pending)
    } catch (error) {
      abortQuietly(tx)
      throw error
    }
    await done
  }

  getMeta<T>(key: string): Promise<T | undefined> {
    return this.withDb(async (db) => (await db.get('meta', key)) as T | undefined)
  }

  metaKeys(prefix: string): Promise<readonly string[]> {
    return this.withDb((db) => db.getAllKeys('meta', prefixRange(prefix)))
  }

  async putMeta(key: string, value: unknown): Promise<void> {
    await this.updateMeta(key, () => value)
  }

  updateMeta<T>(key: string, change: (old: T | undefined) => T | undefined): Promise<T | undefined> {
    return this.withDb(async (db) => {
      const tx = db.transaction('meta', 'readwrite', STRICT)
      const next = change((await tx.store.get(key)) as T | undefined)
      if (next === undefined) await tx.store.delete(key)
      else await tx.store.put(next, key)
      await tx.done
      return next
    })
  }
}

/** The transaction may have aborted by itself (quota); a second abort throws InvalidStateError. */
function abortQuietly(tx: { abort(): void }): void {
  try {
    tx.abort()
  } catch (error) {
    if (nameOf(error) !== 'InvalidStateError') throw error
  }
}
