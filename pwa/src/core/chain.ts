/** Identities and hashes of the record log; the Python twin is `server/kernel/chain.py`. */
import * as b64url from './b64url'
import { type Bytes, concat, type Sha256, utf8 } from './bytes'
import * as canonical from './canonical'
import * as merkle from './merkle'

export const PAYLOAD_TYPE = 'application/vnd.suijian.event.v1+json'
/** `prev` of the first event of a chain: 32 zero bytes. */
export const GENESIS_PREV = b64url.encode(new Uint8Array(32))

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const NUL = '\0'

/** What one device put into an inspection: `n` content events with Merkle root `root` (base64url). */
export interface ChainHead {
  readonly dev: string
  readonly n: number
  readonly root: string
}

/** SHA-256 of `suijian/<tag>/v1` NUL parts: no hash of one purpose can pass for another's. */
export function tagged(sha256: Sha256, tag: string, ...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  return sha256(concat(utf8(`suijian/${tag}/v1${NUL}`), ...parts))
}

/** The 22 characters that name an enrolment, from its public key as DER SubjectPublicKeyInfo. */
export async function deviceId(sha256: Sha256, spki: Uint8Array): Promise<string> {
  return b64url.encode((await tagged(sha256, 'dev', spki)).subarray(0, 16))
}

/** The 32 bytes a header carries as `body`. */
export function bodyHash(sha256: Sha256, body: Uint8Array): Promise<Uint8Array> {
  return tagged(sha256, 'body', body)
}

/** What a correction names of the value it corrects; SJ-JSON, so that both languages agree on the bytes. */
export function valueHash(sha256: Sha256, value: unknown): Promise<Uint8Array> {
  return tagged(sha256, 'value', canonical.encode(value))
}

/** Four digits that nobody can know before the log had this root: photographed beside the door plate (record-log 2.4). */
export async function liveCode(sha256: Sha256, insp: string, root: string): Promise<string> {
  const digest = await tagged(sha256, 'live', utf8(insp), utf8(NUL), utf8(root))
  let number = 0n
  for (const byte of digest.subarray(0, 8)) number = number * 256n + BigInt(byte)
  return (number % 10_000n).toString().padStart(4, '0')
}

/** The DSSE pre-authentication encoding of header bytes: the message that is signed. */
export function pae(header: Uint8Array): Bytes {
  return concat(utf8(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${header.length} `), header)
}

/** H, the identity of an event: SHA-256 of its PAE. */
export function eventHash(sha256: Sha256, header: Uint8Array): Promise<Uint8Array> {
  return sha256(pae(header))
}

/** The hash of a record text that people read and sign: plain SHA-256 of its UTF-8. */
export function textHash(sha256: Sha256, text: string): Promise<Uint8Array> {
  return sha256(utf8(text))
}

/** The RFC 6962 root whose leaves are the H of one device's content events, in their order. */
export async function chainRoot(sha256: Sha256, events: readonly Uint8Array[]): Promise<Uint8Array> {
  return merkle.root(sha256, await Promise.all(events.map((event) => merkle.leafHash(sha256, event))))
}

/** The data the public log stores for an entry, blinded until publication; `salt` has 16 bytes. */
export async function logLeaf(sha256: Sha256, salt: Uint8Array, entry: Uint8Array): Promise<Uint8Array> {
  if (salt.length !== 16) throw new RangeError('the salt of a log leaf has 16 bytes')
  return tagged(sha256, 'leaf', salt, entry)
}

/** The hash of the versions an inspection keeps: checklists (any order), item list, rule profile. */
export async function pinHash(
  sha256: Sha256,
  checklists: readonly string[],
  items: string,
  rules: string,
): Promise<Uint8Array> {
  return tagged(sha256, 'pin', canonical.encode({ checklists: [...checklists].sort(), items, rules }))
}

/**
 * D of decision D-6: what two inspectors attest and the seal repeats. `pin` and `text` are base64url.
 * RangeError if one device stands in `chains` twice or has no event.
 */
export async function attestedDigest(
  sha256: Sha256,
  insp: string,
  pin: string,
  text: string,
  chains: readonly ChainHead[],
): Promise<Uint8Array> {
  const heads = chains
    .map(({ dev, n, root }) => ({ dev, n, root }))
    .sort((a, b) => (a.dev < b.dev ? -1 : a.dev > b.dev ? 1 : 0))
  if (new Set(heads.map(({ dev }) => dev)).size !== heads.length)
    throw new RangeError('a device stands twice in the chains')
  if (heads.some(({ n }) => n < 1)) throw new RangeError('a chain without content events')
  return tagged(sha256, 'attest', canonical.encode({ chains: heads, insp, pin, text }))
}

/** The party's record code (D-9): the first 50 bits of D as ten characters of Crockford base32. */
export function recordCode(digest: Uint8Array): string {
  if (digest.length !== 32) throw new RangeError('a digest has 32 bytes')
  let code = ''
  let held = 0
  let bits = 0
  for (const byte of digest.subarray(0, 7)) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5 && code.length < 10; bits -= 5) code += CROCKFORD.charAt((held >> (bits - 5)) & 31)
  }
  return code
}

/** The code as printed, from what a person typed: case, hyphens, spaces and O I L forgiven; RangeError if none. */
export function readRecordCode(text: string): string {
  const code = text
    .trim()
    .toUpperCase()
    .replace(/[- ]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
  if (code.length !== 10 || [...code].some((char) => !CROCKFORD.includes(char))) throw new RangeError('not a record code')
  return code
}
