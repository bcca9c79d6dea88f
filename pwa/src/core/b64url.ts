/** base64url without padding and standard base64, each with exactly one spelling per byte string. */
import type { Bytes } from './bytes'

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const URL_SAFE = STANDARD.slice(0, 62) + '-_'

function valuesOf(alphabet: string): ReadonlyMap<number, number> {
  return new Map([...alphabet].map((char, value) => [char.charCodeAt(0), value]))
}

const STANDARD_VALUES = valuesOf(STANDARD)
const URL_SAFE_VALUES = valuesOf(URL_SAFE)

/** The text of the bytes in base64url, without padding. */
export function encode(bytes: Uint8Array): string {
  return write(bytes, URL_SAFE)
}

/**
 * The bytes of a base64url text; RangeError for padding, foreign characters or non-zero unused bits.
 * With `length` the result must have that many bytes.
 */
export function decode(text: string, length?: number): Bytes {
  const bytes = read(text, URL_SAFE_VALUES)
  if (length !== undefined && bytes.length !== length)
    throw new RangeError(`expected ${length} bytes, got ${bytes.length}`)
  return bytes
}

/** The text of the bytes in standard base64 with padding (notes and proofs of the log). */
export function encodeStandard(bytes: Uint8Array): string {
  const text = write(bytes, STANDARD)
  return text + '='.repeat(-text.length & 3)
}

/** The bytes of standard base64 with padding; RangeError for any other spelling. */
export function decodeStandard(text: string): Bytes {
  const bare = text.replace(/={1,2}$/, '')
  if (text.length % 4 !== 0 || text.length - bare.length !== (-bare.length & 3))
    throw new RangeError('not base64')
  return read(bare, STANDARD_VALUES)
}

function write(bytes: Uint8Array, alphabet: string): string {
  let out = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 6; bits -= 6) out += alphabet.charAt((held >> (bits - 6)) & 63)
  }
  return bits > 0 ? out + alphabet.charAt((held << (6 - bits)) & 63) : out
}

function read(text: string, values: ReadonlyMap<number, number>): Bytes {
  if (text.length % 4 === 1) throw new RangeError('not base64')
  const out = new Uint8Array(Math.floor((text.length * 3) / 4))
  let held = 0
  let bits = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const value = values.get(text.charCodeAt(i))
    if (value === undefined) throw new RangeError('not base64')
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      out[at++] = (held >> bits) & 0xff
    }
  }
  if ((held & ((1 << bits) - 1)) !== 0) throw new RangeError('base64 with non-zero unused bits')
  return out
}
