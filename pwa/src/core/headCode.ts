/**
 * The digest D as a code that people read out and type when no camera works. The short code is the record code: it
 * only compares what a phone has computed itself. The full code carries all 256 bits in thirteen groups of four
 * characters, each with a check character, so that a slip is found in its own group.
 */
import type { Bytes } from './bytes'
import { recordCode } from './chain'

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const GROUPS = 13
const GROUP = 4

export function shortCode(digest: Uint8Array): string {
  const code = recordCode(digest)
  return `${code.slice(0, 5)}-${code.slice(5)}`
}

export function fullCode(digest: Uint8Array): string[] {
  if (digest.length !== 32) throw new RangeError('a digest has 32 bytes')
  let code = ''
  let held = 0
  let bits = 0
  for (const byte of digest) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) code += CROCKFORD.charAt((held >> (bits - 5)) & 31)
  }
  code += CROCKFORD.charAt((held << (5 - bits)) & 31)
  return Array.from({ length: GROUPS }, (_, group) => {
    const chars = code.slice(group * GROUP, (group + 1) * GROUP)
    return chars + CROCKFORD.charAt(check(chars, group))
  })
}

/** Odd weights find every wrong character; the group's number finds groups that changed places. */
function check(chars: string, group: number): number {
  return [...chars].reduce((sum, char, at) => sum + (2 * at + 1) * CROCKFORD.indexOf(char), 9 * group + 5) % 32
}

export type Typed =
  | { readonly is: 'short'; readonly code: string }
  | { readonly is: 'full'; readonly digest: Bytes }
  /** `group` counts from 1; 0 when the length is wrong. */
  | { readonly is: 'wrong'; readonly group: number }

/** What a person typed; case, blanks, hyphens and O I L are forgiven, as on the record code. */
export function readTyped(text: string): Typed {
  const code = text.toUpperCase().replace(/[^0-9A-Z]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
  if ([...code].some((char) => !CROCKFORD.includes(char))) return { is: 'wrong', group: 0 }
  if (code.length === 10) return { is: 'short', code }
  if (code.length !== GROUPS * (GROUP + 1)) return { is: 'wrong', group: 0 }
  let bare = ''
  for (let group = 0; group < GROUPS; group++) {
    const chars = code.slice(group * (GROUP + 1), (group + 1) * (GROUP + 1))
    if (CROCKFORD.indexOf(chars.charAt(GROUP)) !== check(chars.slice(0, GROUP), group)) return { is: 'wrong', group: group + 1 }
    bare += chars.slice(0, GROUP)
  }
  const digest = new Uint8Array(32)
  let held = 0
  let bits = 0
  let at = 0
  for (const char of bare) {
    held = ((held << 5) | CROCKFORD.indexOf(char)) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      digest[at++] = (held >> bits) & 0xff
    }
  }
  // 260 bits for 256: the last four are nothing.
  return (held & 15) === 0 ? { is: 'full', digest } : { is: 'wrong', group: GROUPS }
}
