/**
 * Two phones attest each other without a network (A2): what the recording phone offers, and what the second
 * inspector's phone answers. The offer is what D is made of (D-6) and the gist of the record; the answer is the
 * second inspector's `attest` event without the parts the offer says already. Layout: docs/attest-codes.md.
 */
import { type AttestBody } from './attest'
import * as b64url from './b64url'
import { type Bytes, fromUtf8, type Sha256, utf8 } from './bytes'
import * as canonical from './canonical'
import * as chain from './chain'
import { FINDINGS_SHOWN, type Gist } from './gist'
import { PackedReader, PackedWriter } from './packed'
import type { Chain } from './visit'

const VERSION = 1
const OUTCOMES = ['completed', 'not_possible', 'refused_entry'] as const
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const MOST_CHAINS = 60

export interface Offer {
  readonly insp: string
  /** The enrolment that shows the code. */
  readonly dev: string
  /** b64url of 8 random bytes: an answer belongs to one showing. */
  readonly nonce: string
  /** When it was shown, ms, by the server's clock as far as the phone knows it. */
  readonly at: number
  readonly pin: string
  readonly text: string
  readonly chains: readonly Chain[]
  readonly gist: Gist
}

export function writeOffer(offer: Offer): Bytes {
  const { gist } = offer
  const out = new PackedWriter().number(VERSION)
  if (UUID.test(offer.insp)) out.number(0).raw(uuidBytes(offer.insp))
  else out.text(offer.insp)
  out.b64(offer.dev).b64(offer.nonce).number(offer.at).b64(offer.pin).b64(offer.text).number(offer.chains.length)
  for (const { dev, n, root } of offer.chains) out.b64(dev).number(n).b64(root)
  out.number(OUTCOMES.indexOf(gist.outcome))
  for (const count of [gist.from, gist.to, gist.answered, gist.open, gist.fails, gist.conflicts, gist.photos, gist.audio]) out.number(count)
  out.number(gist.findings.length)
  for (const { checklist, item, sheet, text } of gist.findings) out.text(checklist).text(item).number(sheet).text(text)
  return out.bytes()
}

/** RangeError when the bytes are no offer. */
export function readOffer(bytes: Uint8Array): Offer {
  const from = new PackedReader(bytes)
  if (from.number() !== VERSION) throw new RangeError('an offer of another version')
  const length = from.number()
  if (length > 64) throw new RangeError('the inspection id is too long')
  const insp = length === 0 ? uuidText(from.raw(16)) : from.utf8(length)
  const dev = from.b64(16)
  const nonce = from.b64(8)
  const at = from.number()
  const pin = from.b64(32)
  const text = from.b64(32)
  const chains = list(from, MOST_CHAINS, () => ({ dev: from.b64(16), n: from.number(), root: from.b64(32) }))
  const outcome = OUTCOMES[from.number()]
  if (outcome === undefined) throw new RangeError('an outcome of another version')
  const counts = { from: from.number(), to: from.number(), answered: from.number(), open: from.number(), fails: from.number(), conflicts: from.number(), photos: from.number(), audio: from.number() }
  const findings = list(from, FINDINGS_SHOWN, () => ({ checklist: from.text(64), item: from.text(64), sheet: from.number(), text: from.text(320) }))
  from.end()
  return { insp, dev, nonce, at, pin, text, chains, gist: { outcome, ...counts, findings } }
}

/** What an answer names: the offer it was made for, nonce included. */
export async function offerHash(sha256: Sha256, offer: Offer): Promise<string> {
  return b64url.encode(await chain.tagged(sha256, 'offer', writeOffer(offer)))
}

/** The body (without salt) of the second inspector's `attest`. RangeError for chains that cannot be. */
export async function attestOf(sha256: Sha256, offer: Offer): Promise<AttestBody> {
  const { insp, pin, text, chains, gist } = offer
  const d = b64url.encode(await chain.attestedDigest(sha256, insp, pin, text, chains))
  return { d, text, pin, chains, level: 'A2', offer: await offerHash(sha256, offer), gist }
}

/** An event on the wire, as `attest.in` carries it. */
export interface Carried {
  readonly h: string
  readonly s: string
  readonly b: string
}

type Fields = Readonly<Record<string, unknown>>

/** The answer to the offer named in the event; `by` and everything of the body but the salt is known to the offerer. */
export function writeAnswer(wire: Carried): Bytes {
  const header = JSON.parse(wire.h) as Fields
  const body = JSON.parse(wire.b) as Fields
  const text = (name: string): string => String(header[name])
  const out = new PackedWriter().number(VERSION).raw(b64url.decode(String(body['offer'])).subarray(0, 16)).b64(text('dev'))
  for (const name of ['n', 'i', 'wall', 'mono']) out.number(Number(header[name]))
  out.b64(text('prev')).b64(text('boot')).signed(Number(header['off'])).signed(Number(header['offage']))
  const seen = header['seen'] as readonly [number, string] | undefined
  if (seen === undefined) out.number(0)
  else out.number(seen[0]).b64(seen[1])
  return out.b64(String(body['salt'])).b64(wire.s).bytes()
}

export interface Answer {
  /** First 16 bytes of the hash of the offer that is answered, b64url. */
  readonly offer: string
  readonly dev: string
  /** Of the header; the offerer adds the rest. */
  readonly header: Fields
  readonly salt: string
  readonly sig: string
}

/** RangeError when the bytes are no answer. */
export function readAnswer(bytes: Uint8Array): Answer {
  const from = new PackedReader(bytes)
  if (from.number() !== VERSION) throw new RangeError('an answer of another version')
  const offer = from.b64(16)
  const dev = from.b64(16)
  const header = {
    n: from.number(), i: from.number(), wall: from.number(), mono: from.number(), prev: from.b64(32), boot: from.b64(6),
    off: from.signed(), offage: from.signed(),
  }
  const size = from.number()
  const seen = size === 0 ? {} : { seen: [size, from.b64(32)] }
  const salt = from.b64(12)
  const sig = from.b64(64)
  from.end()
  return { offer, dev, header: { ...header, ...seen }, salt, sig }
}

/** The event that was answered with, byte for byte, if it is by `user`: its signature tells whether it is. */
export async function wireOf(sha256: Sha256, offer: Offer, answer: Answer, user: string): Promise<Carried> {
  const body = { ...(await attestOf(sha256, offer)), salt: answer.salt }
  const bytes = canonical.encode(body)
  const header = {
    ...answer.header, v: 1, t: 'attest', dev: answer.dev, insp: offer.insp, by: user,
    body: b64url.encode(await chain.bodyHash(sha256, bytes)), blen: bytes.length,
  }
  return { h: fromUtf8(canonical.encode(header, canonical.HEADER_LIMIT)), s: answer.sig, b: fromUtf8(bytes) }
}

/** What the second inspector's key has signed. */
export function signedBytes(wire: Carried): Bytes {
  return chain.pae(utf8(wire.h))
}

function list<T>(from: PackedReader, most: number, one: () => T): T[] {
  const length = from.number()
  if (length > most) throw new RangeError('the list is too long')
  return Array.from({ length }, one)
}

function uuidBytes(id: string): Uint8Array {
  const digits = id.replaceAll('-', '')
  return Uint8Array.from({ length: 16 }, (_, at) => Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16))
}

function uuidText(bytes: Uint8Array): string {
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-')
}
