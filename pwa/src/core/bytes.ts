/** Bytes of the core, and the functions the device passes in: core itself hashes and signs nothing. */
export type Bytes = Uint8Array<ArrayBuffer>
/** SHA-256 of the bytes (32 bytes). */
export type Sha256 = (bytes: Bytes) => Promise<Uint8Array>
/** Whether an Ed25519 signature (64 bytes) of the message holds under a raw public key (32 bytes). */
export type VerifyEd25519 = (publicKey: Bytes, message: Bytes, signature: Bytes) => Promise<boolean>

// Encoding exists in every engine the app meets but is declared only by the DOM library, which
// core is compiled without; these two lines say exactly what core uses of it.
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> }
declare const TextDecoder: new (
  label: 'utf-8',
  options: { fatal: true; ignoreBOM: true },
) => { decode(bytes: Uint8Array): string }

const ENCODER = new TextEncoder()
// ignoreBOM keeps a byte order mark in the text instead of dropping it: a dropped one would give
// two byte strings the same text.
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function utf8(text: string): Bytes {
  return ENCODER.encode(text)
}

/** Throws TypeError for anything but well-formed UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return DECODER.decode(bytes)
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export function hex(bytes: Uint8Array): string {
  let out = ''
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0')
  return out
}

/** The longest message of a Merkle tree: its mark and two hashes. */
const REMEMBERED_BYTES = 65
const REMEMBERED = 4_096

/**
 * The same function, but a short message is hashed once: a tree that has grown by one leaf then costs its new nodes, not
 * all of them again. The answers are shared: nobody writes into them.
 */
export function remembering(sha256: Sha256): Sha256 {
  const known = new Map<string, Promise<Uint8Array>>()
  return (bytes) => {
    if (bytes.length > REMEMBERED_BYTES) return sha256(bytes)
    const message = String.fromCharCode(...bytes)
    const found = known.get(message)
    if (found !== undefined) return found
    if (known.size === REMEMBERED) known.clear()
    const made = sha256(bytes)
    known.set(message, made)
    made.catch(() => known.delete(message))
    return made
  }
}
