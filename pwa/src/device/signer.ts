/** The enrolment's key: ECDSA P-256, non-extractable, kept as a CryptoKey in the store (never seen by script). */
import type { Bytes } from './bytes'

const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const
const ES256 = { name: 'ECDSA', hash: 'SHA-256' } as const

export interface Signer {
  /** Raw 64-byte r‖s over `message`; ES256 hashes once by itself. */
  sign(message: Bytes): Promise<Bytes>
}

export async function makeKeys(): Promise<{ keys: CryptoKeyPair; spki: ArrayBuffer }> {
  const keys = await crypto.subtle.generateKey(EC, false, ['sign', 'verify'])
  return { keys, spki: await crypto.subtle.exportKey('spki', keys.publicKey) }
}

export function signerOf(keys: CryptoKeyPair): Signer {
  return { sign: async (message) => new Uint8Array(await crypto.subtle.sign(ES256, keys.privateKey, message)) }
}

export async function verifies(publicKey: CryptoKey, signature: Bytes, message: Bytes): Promise<boolean> {
  return crypto.subtle.verify(ES256, publicKey, signature, message)
}

/** Whether another phone's key, as it was enrolled, has signed `message`; false for anything that is no such key. */
export async function verifiesSpki(spki: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  const key = await crypto.subtle.importKey('spki', spki, EC, false, ['verify']).catch((error: unknown) => {
    if (error instanceof DOMException) return undefined
    throw error
  })
  return key !== undefined && verifies(key, signature, message)
}

/** The server's log key. undefined where this browser does not know Ed25519 (Chromium < 137, P26). */
export async function importLogKey(raw: Bytes): Promise<CryptoKey | undefined> {
  return crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NotSupportedError') return undefined
    throw error
  })
}

export function verifyEd25519(key: CryptoKey, signature: Bytes, message: Bytes): Promise<boolean> {
  return crypto.subtle.verify('Ed25519', key, signature, message)
}
