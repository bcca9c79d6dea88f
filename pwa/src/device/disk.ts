/**
 * The disk: IndexedDB, strict transactions, ArrayBuffers only (phone-stack 3.1, P11, P12).
 *
 * iOS may drop the connection whenever the app was in the background (P17), so every call goes
 * through `withDb`: a dead handle is thrown away, the database reopened and the call tried once more.
 */
import { openDB, unwrap, type DBSchema, type IDBPDatabase } from 'idb'
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
      await this.withDb((db) => inOneTransaction(unwrap(db), writes, expect))
      return 'done'
    } catch (error) {
      if (error instanceof Stale) return 'stale'
      if (isQuota(error)) return 'full'
      throw error
    }
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

/**
 * Asked and written in one go, without waiting for the answers: a slow phone pays for every turn between page and store.
 * The transaction cannot commit before each expectation has been looked at, and one that fails takes the writes back.
 */
function inOneTransaction(
  db: IDBDatabase, writes: readonly DiskWrite[], expect: readonly DiskExpectation[],
): Promise<void> {
  const id = (store: DiskStoreName, key: string): string => `${store}|${key}`
  const first = new Map<string, DiskWrite>()
  for (const write of [...writes].reverse()) first.set(id(write.store, 'put' in write ? write.put.key : write.del), write)
  // What must not exist yet is added: the store itself refuses a second one.
  const added = new Set<DiskWrite>()
  const asked = expect.filter(({ store, key, rev }) => {
    const write = first.get(id(store, key))
    const adds = rev === 0 && write !== undefined && 'put' in write
    if (adds) added.add(write)
    return !adds
  })
  return new Promise((done, failed) => {
    const tx = db.transaction(['facts', 'bytes'], 'readwrite', STRICT)
    let stale: Stale | undefined
    let open = asked.length
    // All expectations hold: the commit need not wait until the page has heard of every write. A write that fails undoes it still.
    const agreed = (): void => {
      if (open === 0) tx.commit()
    }
    tx.oncomplete = () => done()
    tx.onabort = () => {
      const { error } = tx
      failed(stale ?? (nameOf(error) === 'ConstraintError' ? new Stale() : (error ?? new DOMException('', 'AbortError'))))
    }
    try {
      for (const { store, key, rev } of asked) {
        const asking = tx.objectStore(store).get(key) as IDBRequest<DiskRow | undefined>
        asking.onsuccess = () => {
          if ((asking.result?.rev ?? 0) === rev) {
            open--
            agreed()
          } else {
            stale = new Stale(key)
            tx.abort()
          }
        }
      }
      for (const write of writes) {
        const store = tx.objectStore(write.store)
        if ('del' in write) store.delete(write.del)
        else if (added.has(write)) store.add(write.put)
        else store.put(write.put)
      }
      agreed()
    } catch (error) {
      abortQuietly(tx)
      failed(error)
    }
  })
}

/** The transaction may have aborted by itself (quota); a second abort throws InvalidStateError. */
function abortQuietly(tx: { abort(): void }): void {
  try {
    tx.abort()
  } catch (error) {
    if (nameOf(error) !== 'InvalidStateError') throw error
  }
}
