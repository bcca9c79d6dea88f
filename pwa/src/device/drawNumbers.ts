/**
 * The random number of a draw's party: made in this browser, kept in this browser, shown when the dice are in.
 *
 * It lies sealed under a key that cannot be exported, so a copied profile folder is not enough to read it before the
 * draw. Until the reveal nobody but this browser knows it; if this browser is lost, the draw can only become void.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { commitment } from '../core/draw'
import { b64url, fromB64url, sha256, utf8 } from './bytes'

interface Sealed {
  readonly key: CryptoKey
  readonly iv: Uint8Array<ArrayBuffer>
  readonly sealed: ArrayBuffer
}
interface NumbersDb extends DBSchema {
  number: { key: string; value: Sealed }
}
const NUMBER = 32

function open(): Promise<IDBPDatabase<NumbersDb>> {
  return openDB<NumbersDb>('suijian-draw', 1, { upgrade: (db) => void db.createObjectStore('number') })
}

function place(draw: string, party: string): string {
  return `${draw}/${party}`
}

/** The number of this party as base64url, or undefined when this browser never made one. */
export async function numberOf(draw: string, party: string): Promise<string | undefined> {
  const db = await open()
  try {
    const found = await db.get('number', place(draw, party))
    if (!found) return undefined
    const additionalData = utf8(place(draw, party))
    return b64url(new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: found.iv, additionalData }, found.key, found.sealed)))
  } finally {
    db.close()
  }
}

/** Makes the number, or takes the one that is there, and answers its commitment. Kept before anything is sent. */
export async function commitTo(draw: string, party: string): Promise<string> {
  const db = await open()
  try {
    if (!(await db.get('number', place(draw, party)))) {
      const value = crypto.getRandomValues(new Uint8Array(NUMBER))
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
      const iv = crypto.getRandomValues(new Uint8Array(12))
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(place(draw, party)) }, key, value)
      // Another tab may have been quicker: then its number counts.
      const write = db.transaction('number', 'readwrite', { durability: 'strict' })
      if (!(await write.store.get(place(draw, party)))) await write.store.put({ key, iv, sealed }, place(draw, party))
      await write.done
    }
  } finally {
    db.close()
  }
  const kept = await numberOf(draw, party)
  if (kept === undefined) throw new Error('the number was not kept')
  return b64url(await commitment(sha256, draw, party, fromB64url(kept)))
}

/** A draw that was made or void needs the number no more. */
export async function forgetNumber(draw: string, party: string): Promise<void> {
  const db = await open()
  await db.delete('number', place(draw, party))
  db.close()
}
