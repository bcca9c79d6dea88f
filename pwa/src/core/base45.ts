/** Base45 (RFC 9285): bytes in the 45 characters that a QR code packs best; one spelling per byte string. */
import type { Bytes } from './bytes'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'
const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((char, value) => [char, value]))

export function encode(bytes: Uint8Array): string {
  let out = ''
  for (let at = 0; at < bytes.length; at += 2) {
    const high = bytes[at] ?? 0
    const low = bytes[at + 1]
    const value = low === undefined ? high : high * 256 + low
    out += ALPHABET.charAt(value % 45) + ALPHABET.charAt(Math.floor(value / 45) % 45)
    if (low !== undefined) out += ALPHABET.charAt(Math.floor(value / 2025))
  }
  return out
}

/** RangeError for anything that `encode` does not write. */
export function decode(text: string): Bytes {
  if (text.length % 3 === 1) throw new RangeError('not base45')
  const out: number[] = []
  for (let at = 0; at < text.length; at += 3) {
    const [a = -1, b = -1, c = 0] = [...text.slice(at, at + 3)].map((char) => VALUES.get(char) ?? Number.NaN)
    const value = a + b * 45 + c * 2025
    const pair = at + 2 < text.length
    if (!(value <= (pair ? 0xffff : 0xff))) throw new RangeError('not base45')
    if (pair) out.push(value >> 8)
    out.push(value & 0xff)
  }
  return Uint8Array.from(out)
}
