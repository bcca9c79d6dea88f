/**
 * What the second inspector's phone has recorded in its own chain (photos, notes), for the recording phone to take in
 * by QR code, so that the attested digest covers it without a network (D-15). Whole signed events, packed: the reader
 * makes each of them again byte for byte, and its signature tells whether it did. Layout: docs/attest-codes.md.
 */
import * as b64url from './b64url'
import { type Bytes, fromUtf8, hex, type Sha256 } from './bytes'
import * as canonical from './canonical'
import * as chain from './chain'
import type { Carried } from './offer'
import { PackedReader, PackedWriter } from './packed'

const VERSION = 1
const MOST_EVENTS = 200
/** Keys and texts that photos and notes repeat. Their number is what is sent: only ever append. */
const WORDS = [
  'checklist', 'item', 'sheet', 'sha256', 'size', 'mime', 'width', 'height', 'src', 'purpose', 'caption', 'of', 'stripped', 'text', 'duration_ms', 'reason',
  'photo.add', 'photo.void', 'note.add', 'audio.add', 'image/jpeg', 'image/png', 'image/webp', 'audio/webm', 'inapp', 'system', 'import', 'door', 'general', 'document', 'derived',
] as const
const SHA256_HEX = /^[0-9a-f]{64}$/
const Kind = { Text: 0, Whole: 1, Yes: 2, No: 3, List: 4, Object: 5, Sha256: 6, Word: 7 } as const

type Fields = Readonly<Record<string, unknown>>

/** One event without what can be computed: its body's hash and length, whose it is, and `prev` where it follows. */
interface Part {
  readonly t: string
  readonly header: Fields
  /** undefined: it follows the event before it in the message. */
  readonly prev: string | undefined
  readonly body: Fields
  readonly salt: string
  readonly sig: string
}
/** An event on the wire with its H. */
export type AddedEvent = Carried & { readonly hash: string }
export interface Additions {
  readonly insp: string
  readonly dev: string
  readonly parts: readonly Part[]
}

/** `events` are of one enrolment and one inspection, in chain order, each with its H. */
export function writeAdditions(insp: string, dev: string, events: readonly AddedEvent[]): Bytes {
  if (events.length > MOST_EVENTS) throw new RangeError('too many events for codes')
  const out = new PackedWriter().number(VERSION).text(insp).b64(dev).number(events.length)
  let before: Fields = {}
  let head = ''
  for (const { h, s, b, hash } of events) {
    const header = JSON.parse(h) as Fields
    const { salt, ...body } = JSON.parse(b) as Fields
    word(out, String(header['t']))
    for (const name of ['n', 'i', 'wall', 'mono', 'off', 'offage']) out.signed(Number(header[name]) - Number(before[name] ?? 0))
    once(out, header['boot'] === before['boot'], () => out.b64(String(header['boot'])))
    const seen = header['seen'] as readonly [number, string] | undefined
    once(out, JSON.stringify(seen) === JSON.stringify(before['seen']), () => (seen === undefined ? out.number(0) : out.number(seen[0]).b64(seen[1])))
    once(out, header['prev'] === head, () => out.b64(String(header['prev'])))
    value(out, body)
    out.b64(String(salt)).b64(s)
    before = header
    head = hash
  }
  return out.bytes()
}

/** RangeError when the bytes are no additions. */
export function readAdditions(bytes: Uint8Array): Additions {
  const from = new PackedReader(bytes)
  if (from.number() !== VERSION) throw new RangeError('additions of another version')
  const insp = from.text(64)
  const dev = from.b64(16)
  const length = from.number()
  if (length > MOST_EVENTS) throw new RangeError('too many events')
  let before: Fields = {}
  const parts = Array.from({ length }, (): Part => {
    const t = readWord(from)
    const counts = Object.fromEntries(['n', 'i', 'wall', 'mono', 'off', 'offage'].map((name) => [name, from.signed() + Number(before[name] ?? 0)]))
    const boot = again(from) ? before['boot'] : from.b64(6)
    const seen = again(from) ? before['seen'] : readSeen(from)
    const prev = again(from) ? undefined : from.b64(32)
    const header = { ...counts, boot, ...(seen === undefined ? {} : { seen }) }
    const body = read(from, 0)
    if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new RangeError('a body is an object')
    before = header
    return { t, header, prev, body: body as Fields, salt: from.b64(12), sig: from.b64(64) }
  })
  from.end()
  return { insp, dev, parts }
}

/** The events with their H, byte for byte, if they are by `user`. RangeError or NotCanonical for what no event can be. */
export async function eventsOf(sha256: Sha256, { insp, dev, parts }: Additions, user: string): Promise<AddedEvent[]> {
  const events: AddedEvent[] = []
  for (const part of parts) {
    const prev = part.prev ?? events.at(-1)?.hash
    if (prev === undefined) throw new RangeError('the first event follows nothing')
    const body = canonical.encode({ ...part.body, salt: part.salt })
    const header = canonical.encode(
      { ...part.header, v: 1, t: part.t, dev, insp, by: user, prev, body: b64url.encode(await chain.bodyHash(sha256, body)), blen: body.length },
      canonical.HEADER_LIMIT,
    )
    events.push({ h: fromUtf8(header), s: part.sig, b: fromUtf8(body), hash: b64url.encode(await chain.eventHash(sha256, header)) })
  }
  return events
}

function once(out: PackedWriter, same: boolean, write: () => void): void {
  out.number(same ? 1 : 0)
  if (!same) write()
}

function again(from: PackedReader): boolean {
  const mark = from.number()
  if (mark > 1) throw new RangeError('neither new nor as before')
  return mark === 1
}

function readSeen(from: PackedReader): readonly [number, string] | undefined {
  const size = from.number()
  return size === 0 ? undefined : [size, from.b64(32)]
}

/** A word of the list by its number, anything else with its letters. */
function word(out: PackedWriter, text: string): void {
  const at = (WORDS as readonly string[]).indexOf(text)
  if (at < 0) out.number(0).text(text)
  else out.number(at + 1)
}

function readWord(from: PackedReader): string {
  const at = from.number()
  if (at === 0) return from.text(canonical.LIMIT)
  const found = WORDS[at - 1]
  if (found === undefined) throw new RangeError('a word of a newer app')
  return found
}

function value(out: PackedWriter, what: unknown): void {
  if (typeof what === 'string' && SHA256_HEX.test(what)) out.number(Kind.Sha256).raw(Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(what.slice(at * 2, at * 2 + 2), 16)))
  else if (typeof what === 'string' && (WORDS as readonly string[]).includes(what)) word(out.number(Kind.Word), what)
  else if (typeof what === 'string') out.number(Kind.Text).text(what)
  else if (typeof what === 'number') out.number(Kind.Whole).signed(what)
  else if (typeof what === 'boolean') out.number(what ? Kind.Yes : Kind.No)
  else if (Array.isArray(what)) {
    out.number(Kind.List).number(what.length)
    for (const one of what) value(out, one)
  } else {
    const entries = Object.entries(what as Fields)
    out.number(Kind.Object).number(entries.length)
    for (const [name, one] of entries) {
      word(out, name)
      value(out, one)
    }
  }
}

function read(from: PackedReader, depth: number): unknown {
  if (depth > canonical.MAX_DEPTH) throw new RangeError('nested too deep')
  const kind = from.number()
  switch (kind) {
    case Kind.Text: return from.text(canonical.LIMIT)
    case Kind.Whole: return from.signed()
    case Kind.Yes: return true
    case Kind.No: return false
    case Kind.List: return Array.from({ length: few(from) }, () => read(from, depth + 1))
    case Kind.Object: return Object.fromEntries(Array.from({ length: few(from) }, () => [readWord(from), read(from, depth + 1)]))
    case Kind.Sha256: return hex(from.raw(32))
    case Kind.Word: return readWord(from)
    default: throw new RangeError('a value of another kind')
  }
}

/** No list of a body is longer; a made-up number must not ask for memory. */
function few(from: PackedReader): number {
  const length = from.number()
  if (length > 1_000) throw new RangeError('the list is too long')
  return length
}
