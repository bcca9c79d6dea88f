/** Hashing and encodings on the phone: the core's functions with WebCrypto's SHA-256 put in. */
import * as b64 from '../core/b64url'
import { hex, type Bytes } from '../core/bytes'
import * as chain from '../core/chain'

export { concat, fromUtf8, hex, sameBytes, utf8, type Bytes } from '../core/bytes'
export { GENESIS_PREV, pae } from '../core/chain'

export const b64url = b64.encode
/** Throws RangeError on any spelling but the one the bytes have. */
export const fromB64url = b64.decode

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

export async function sha256Hex(bytes: Bytes): Promise<string> {
  return hex(await sha256(bytes))
}

export function bodyHash(body: Bytes): Promise<Uint8Array> {
  return chain.bodyHash(sha256, body)
}

/** H, the identity of an event. */
export function eventHash(header: Bytes): Promise<Uint8Array> {
  return chain.eventHash(sha256, header)
}

/** The 22 characters that name an enrolment. */
export function deviceId(spki: ArrayBuffer): Promise<string> {
  return chain.deviceId(sha256, new Uint8Array(spki))
}

/** A view may be a window on a bigger buffer; IndexedDB would keep the whole of it. */
export function ownBuffer(bytes: Bytes): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength
    ? bytes.buffer
    : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}
