/**
 * The receipt (record-log 2.9): a tlog-proof whose leaf is `{v,k:"head",dev,n,h,rx}`, blinded by a salt
 * that stands in the `extra` line, under a checkpoint signed Ed25519. It is what makes an answer an
 * answer: a captive portal can say 200, it cannot say this.
 *
 * Where the browser has no Ed25519 (Chromium < 137) the path is checked and the signature is not; the
 * confirmation then says `signed: false` and the screen 「未验签」. TLS still stands between.
 */
import { decode as decodeCanonical, encode as encodeCanonical } from '../core/canonical'

import { concat, type Bytes, type Sha256 } from '../core/bytes'
import { logLeaf } from '../core/chain'
import { openNote, parseCheckpoint, parseNote, parseProof, readVkey, type NoteKey } from '../core/checkpoint'
import { decode, decodeStandard, encode } from '../core/b64url'
import { leafHash, verifyInclusion } from '../core/merkle'

export interface ReceiptParts {
  readonly sha256: Sha256
  /** undefined: this browser cannot. */
  readonly verifyEd25519: ((publicKey: Bytes, message: Bytes, signature: Bytes) => Promise<boolean>) | undefined
}
export interface Receipt {
  readonly dev: string
  readonly n: number
  /** H of the newest event covered, b64url. */
  readonly h: string
  readonly rx: number
  readonly size: number
  readonly root: string
  readonly signed: boolean
}

export class BadReceipt extends Error {
  constructor(why: string, cause?: unknown) {
    super(why, { cause })
    this.name = 'BadReceipt'
  }
}

/** `key`: verifier line `name+id+base64`, or the raw 32 bytes in b64url or base64. */
export async function logKey(sha256: Sha256, log: { name: string; key: string }): Promise<NoteKey> {
  if (/^[^+]+\+[0-9a-f]{8}\+/.test(log.key)) return readVkey(sha256, log.key)
  const bare = /[+/=]/.test(log.key) ? decodeStandard(log.key) : decode(log.key)
  if (bare.length !== 32) throw new BadReceipt('the log key has not 32 bytes')
  return { name: log.name, publicKey: bare }
}

export async function readReceipt(
  parts: ReceiptParts, text: string, log: { name: string; key: string },
): Promise<Receipt> {
  const key = await logKey(parts.sha256, log)
  try {
    const proof = parseProof(text)
    const extra = proof.extra
    if (extra === null || extra.length <= 16) throw new BadReceipt('no salt and entry in the receipt')
    const entryBytes = extra.slice(16)
    const entry = decodeCanonical(entryBytes) as Record<string, unknown>
    const leaf = await leafHash(parts.sha256, await logLeaf(parts.sha256, extra.slice(0, 16), entryBytes))
    const checkpoint = parseCheckpoint(await noteText(parts, proof.checkpoint, key))
    if (checkpoint.origin !== log.name) throw new BadReceipt('the checkpoint of another log')
    const included = await verifyInclusion(
      parts.sha256, leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root,
    )
    if (!included) throw new BadReceipt('the path does not lead to the signed root')
    const { k, dev, n, h, rx } = entry
    if (k !== 'head' || typeof dev !== 'string' || typeof n !== 'number' || typeof h !== 'string' || typeof rx !== 'number') {
      throw new BadReceipt('not the head of a chain')
    }
    const signed = parts.verifyEd25519 !== undefined
    return { dev, n, h, rx, size: checkpoint.size, root: encode(checkpoint.root), signed }
  } catch (error) {
    if (error instanceof BadReceipt) throw error
    if (error instanceof Error) throw new BadReceipt(error.message, error)
    throw error
  }
}

async function noteText(parts: ReceiptParts, note: string, key: NoteKey): Promise<string> {
  if (parts.verifyEd25519 === undefined) return parseNote(note).text
  return (await openNote(parts.sha256, parts.verifyEd25519, note, [key])).text
}

/** The other direction, for servers in tests: the bytes behind `extra`. */
export function headExtra(salt: Bytes, head: { dev: string; n: number; h: string; rx: number }): Bytes {
  return concat(salt, encodeCanonical({ v: 1, k: 'head', ...head }))
}

