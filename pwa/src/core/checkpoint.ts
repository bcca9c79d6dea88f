/**
 * Signed tree heads and offline proofs of the public log: C2SP `tlog-checkpoint`, `signed-note`
 * with Ed25519, `tlog-proof@v1`. The phone reads and checks; only the server writes them
 * (`server/kernel/checkpoint.py`).
 */
import { decodeStandard, encodeStandard } from './b64url'
import { type Bytes, concat, sameBytes, type Sha256, utf8, type VerifyEd25519 } from './bytes'
import * as merkle from './merkle'

const MAX_TEXT = 65_536
const ED25519 = 1
const PROOF_LINE = 'c2sp.org/tlog-proof@v1'
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/
// eslint has no quarrel with escapes built from a string, and the set stays readable.
const NAME = new RegExp('^[^\\s+\\u0000-\\u001f\\u007f]+$')
const CONTROL = new RegExp('[\\u0000-\\u0009\\u000b-\\u001f]')

/** A note that cannot be read or that no known key has signed (E_NOTE_SIG). */
export class BadNote extends Error {
  override readonly name = 'BadNote'
  readonly code = 'E_NOTE_SIG'
}

/** A proof that cannot be read or does not lead to the signed root (E_PROOF). */
export class BadProof extends Error {
  override readonly name = 'BadProof'
  readonly code = 'E_PROOF'
}

/** The head of a log: who, how many leaves, and their RFC 6962 root. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Bytes
  readonly extensions: readonly string[]
}

/** A public key by name; `publicKey` is the raw 32-byte Ed25519 key. */
export interface NoteKey {
  readonly name: string
  readonly publicKey: Bytes
}

export interface Signature {
  readonly name: string
  readonly keyId: Bytes
  readonly value: Bytes
}

/** A signed note; `text` ends in a newline and is what the signatures cover. */
export interface Note {
  readonly text: string
  readonly signatures: readonly Signature[]
}

export interface Proof {
  readonly index: number
  readonly hashes: readonly Bytes[]
  readonly checkpoint: string
  readonly extra: Bytes | null
}

/** The four bytes that name the key in a signature line. */
export async function keyId(sha256: Sha256, key: NoteKey): Promise<Uint8Array> {
  return (await sha256(concat(utf8(`${key.name}\n`), Uint8Array.of(ED25519), key.publicKey))).subarray(0, 4)
}

/** The key of a verifier line `name+id+base64`; BadNote if its id does not belong to it. */
export async function readVkey(sha256: Sha256, text: string): Promise<NoteKey> {
  const [name = '', hexId = '', ...rest] = text.split('+')
  const data = base64(rest.join('+'), BadNote)
  if (data.length !== 33 || data[0] !== ED25519 || !NAME.test(name)) throw new BadNote('not an Ed25519 verifier key')
  const key = { name, publicKey: data.slice(1) }
  const id = [...(await keyId(sha256, key))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  if (id !== hexId) throw new BadNote('the key id does not belong to the key')
  return key
}

/** The note text of a checkpoint, as the server signs it. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions } = checkpoint
  const text = [origin, String(size), encodeStandard(root), ...extensions].map((line) => `${line}\n`).join('')
  if (parseCheckpoint(text).extensions.length !== extensions.length)
    throw new RangeError('a checkpoint line holds a line break')
  return text
}

/** The checkpoint of a note text; BadNote for another shape. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n')
  if (lines.length < 4 || lines.pop() !== '' || lines.includes('') || CONTROL.test(text))
    throw new BadNote('not a checkpoint')
  const [origin = '', size = '', encoded = '', ...extensions] = lines
  if (!SIZE.test(size) || !Number.isSafeInteger(Number(size))) throw new BadNote('not a tree size')
  const root = base64(encoded, BadNote)
  if (root.length !== 32) throw new BadNote('not a root')
  return { origin, size: Number(size), root, extensions }
}

/** Split a signed note without trusting it; BadNote if it is not one. */
export function parseNote(note: string): Note {
  const cut = note.lastIndexOf('\n\n')
  if (note.length > MAX_TEXT || cut < 1 || !note.endsWith('\n') || CONTROL.test(note)) throw new BadNote('not a signed note')
  const lines = note.slice(cut + 2, -1).split('\n')
  if (note.length < cut + 3) throw new BadNote('a note without signatures')
  return { text: note.slice(0, cut + 1), signatures: lines.map(readLine) }
}

/**
 * The text of a note that at least one known key has signed. Lines of unknown keys are ignored;
 * one bad line under a known key, or no good one, is BadNote.
 */
export async function openNote(
  sha256: Sha256,
  verify: VerifyEd25519,
  note: string,
  keys: readonly NoteKey[],
): Promise<{ readonly text: string; readonly signedBy: ReadonlySet<string> }> {
  const { text, signatures } = parseNote(note)
  const known = await Promise.all(keys.map(async (key) => ({ key, id: await keyId(sha256, key) })))
  const signedBy = new Set<string>()
  for (const line of signatures) {
    const match = known.find(({ key, id }) => key.name === line.name && sameBytes(id, line.keyId))
    if (match === undefined) continue
    if (line.value.length !== 64 || !(await verify(match.key.publicKey, utf8(text), line.value)))
      throw new BadNote(`the signature of ${line.name} does not hold`)
    signedBy.add(line.name)
  }
  if (signedBy.size === 0) throw new BadNote('no known key has signed this note')
  return { text, signedBy }
}

/** The `tlog-proof@v1` text. */
export function formatProof(proof: Proof): string {
  return [
    PROOF_LINE,
    ...(proof.extra === null ? [] : [`extra ${encodeStandard(proof.extra)}`]),
    `index ${proof.index}`,
    ...proof.hashes.map(encodeStandard),
    '',
    proof.checkpoint,
  ].join('\n')
}

/** Read a proof without trusting it; BadProof for another shape. */
export function parseProof(text: string): Proof {
  const cut = text.indexOf('\n\n')
  const [first, ...lines] = text.slice(0, Math.max(cut, 0)).split('\n')
  if (text.length > MAX_TEXT || first !== PROOF_LINE) throw new BadProof('not a tlog-proof@v1')
  const extra = lines[0]?.startsWith('extra ') ? base64(lines.shift()?.slice(6) ?? '', BadProof) : null
  const index = lines.shift() ?? ''
  const digits = index.slice(6)
  if (!index.startsWith('index ') || !SIZE.test(digits) || !Number.isSafeInteger(Number(digits)))
    throw new BadProof('no leaf index')
  const hashes = lines.map((line) => base64(line, BadProof))
  if (hashes.length > 63 || hashes.some((hash) => hash.length !== 32)) throw new BadProof('not a path of hashes')
  return { index: Number(digits), hashes, checkpoint: text.slice(cut + 2), extra }
}

/**
 * Check a receipt in full: signature, origin, and the path from `leaf` (log data) to the root.
 * Whether the size may shrink is for the caller, who remembers the last one.
 */
export async function checkProof(
  sha256: Sha256,
  verify: VerifyEd25519,
  text: string,
  leaf: Uint8Array,
  origin: string,
  keys: readonly NoteKey[],
): Promise<{ readonly proof: Proof; readonly checkpoint: Checkpoint }> {
  const proof = parseProof(text)
  const checkpoint = parseCheckpoint((await openNote(sha256, verify, proof.checkpoint, keys)).text)
  if (checkpoint.origin !== origin) throw new BadNote('the checkpoint of another log')
  const hash = await merkle.leafHash(sha256, leaf)
  if (!(await merkle.verifyInclusion(sha256, hash, proof.index, checkpoint.size, proof.hashes, checkpoint.root)))
    throw new BadProof('the path does not lead to the signed root')
  return { proof, checkpoint }
}

function readLine(line: string): Signature {
  const [dash, name = '', encoded = '', ...rest] = line.split(' ')
  if (dash !== '—' || !NAME.test(name) || rest.length > 0) throw new BadNote('not a signature line')
  const data = base64(encoded, BadNote)
  if (data.length < 5) throw new BadNote('a signature line without signature')
  return { name, keyId: data.slice(0, 4), value: data.slice(4) }
}

function base64(text: string, error: typeof BadNote | typeof BadProof): Bytes {
  try {
    return decodeStandard(text)
  } catch {
    throw new error('not base64')
  }
}
