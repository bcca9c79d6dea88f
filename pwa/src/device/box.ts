/**
 * Sealed boxes: 32 bytes for one recipient, ECDH-ES on P-256 with HKDF-SHA-256 and AES-256-GCM. The twin of
 * `server/platform/boxes.py`, bound by `tests/vectors/recovery-box.json`. `context` says what the box is for; a box
 * opened for anything else does not open.
 */
import { b64url, concat, fromB64url, utf8, type Bytes } from './bytes'
import type { Random } from './ports'

const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const
const AES = { name: 'AES-GCM', length: 256 } as const
const TAG = 'suijian/box/v1\0'

export interface Box {
  readonly epk: string
  readonly iv: string
  readonly ct: string
}

/** A key of one's own to receive a box; the private half never leaves this browser. */
export async function makeBoxKeys(): Promise<{ keys: CryptoKeyPair; spki: ArrayBuffer }> {
  const keys = await crypto.subtle.generateKey(CURVE, false, ['deriveBits'])
  return { keys, spki: await crypto.subtle.exportKey('spki', keys.publicKey) }
}

export async function sealBox(recipient: Bytes, context: string, plain: Bytes, random: Random): Promise<Box> {
  const to = await crypto.subtle.importKey('spki', recipient, CURVE, false, [])
  const own = await makeBoxKeys()
  const epk = new Uint8Array(own.spki)
  const key = await boxKey(own.keys.privateKey, to, epk, recipient, context, 'encrypt')
  const iv = random.bytes(12)
  const ct = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(context) }, key, plain)
  return { epk: b64url(epk), iv: b64url(iv), ct: b64url(new Uint8Array(ct)) }
}

/** undefined when it is for another key or another purpose. */
export async function openBox(own: { privateKey: CryptoKey; spki: Bytes }, context: string, box: Box): Promise<Bytes | undefined> {
  try {
    const epk = fromB64url(box.epk)
    const from = await crypto.subtle.importKey('spki', epk, CURVE, false, [])
    const key = await boxKey(own.privateKey, from, epk, own.spki, context, 'decrypt')
    const iv = fromB64url(box.iv)
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: utf8(context) }, key, fromB64url(box.ct)))
  } catch {
    // Whatever is wrong with it, it does not open; the reasons are the sender's to find.
    return undefined
  }
}

async function boxKey(
  own: CryptoKey, other: CryptoKey, epk: Bytes, recipient: Bytes, context: string, use: 'encrypt' | 'decrypt',
): Promise<CryptoKey> {
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: other }, own, 256)
  const hkdf = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey'])
  const salt = new Uint8Array(await crypto.subtle.digest('SHA-256', concat(epk, recipient)))
  return crypto.subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt, info: utf8(TAG + context) }, hkdf, AES, false, [use])
}
