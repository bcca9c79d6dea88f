/** From a heap of events to one order; twin of `server/inspections/fold_order.py`, which tells why. */
import * as b64url from './b64url'
import { type Sha256, utf8 } from './bytes'
import * as canonical from './canonical'
import * as chain from './chain'
import { allowedAfterSeal, isContent, isRecord } from './events'

/** From 1970 to the end of a JavaScript Date; beyond it both languages clamp instead of failing. */
export const MOMENT_MAX = 8_640_000_000_000_000

/** One usable event: identity, header fields the fold reads, body, and its place. */
export interface Ev {
  readonly h: string
  readonly t: string
  readonly dev: string
  readonly n: number
  readonly by: string
  readonly body: unknown
  /** Claimed moment wall + off, ms. */
  readonly wall: number
  /** The same, made monotone along the chain; for sorting and comparing only. */
  readonly eff: number
  /** H of the attest.in that carried it here, else "". */
  readonly via: string
}

export interface SortedEvents {
  readonly events: readonly Ev[]
  /** Content of the record: before the seal, or a supplement after it. In chain order. */
  readonly content: readonly Ev[]
  readonly afterSeal: readonly Ev[]
  readonly late: readonly Ev[]
}

/** A header and body as the store hands them over; nothing about them is trusted yet. */
export interface RawEvent {
  readonly h: string
  readonly header: unknown
  readonly body: unknown
}

export function moment(wall: number, off: number): number {
  return Math.max(0, Math.min(MOMENT_MAX, wall + off))
}

function readEvent(h: unknown, header: unknown, body: unknown, via = ''): Ev | null {
  if (typeof h !== 'string' || !isRecord(header)) return null
  const { t, dev, by, n, wall, off } = header
  if (typeof t !== 'string' || typeof dev !== 'string' || typeof by !== 'string') return null
  if (!small(n) || !small(wall) || !small(off)) return null
  const at = moment(wall, off)
  return { h, t, dev, n, by, body: body ?? null, wall: at, eff: at, via }
}

function small(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** The attestation inside an attest.in (A2, D-15); its signature is checked by whoever embeds it. */
async function embedded(sha256: Sha256, event: Ev, insp: string): Promise<Ev | null> {
  const body = event.body
  if (event.t !== 'attest.in' || !isRecord(body)) return null
  const { h: headerText, b: bodyText } = body
  if (typeof headerText !== 'string' || typeof bodyText !== 'string') return null
  const raw = utf8(headerText)
  let header: unknown
  let inner: unknown
  try {
    header = canonical.decode(raw, canonical.HEADER_LIMIT)
    inner = canonical.decode(utf8(bodyText))
  } catch {
    return null // not canonical text: there is no event in it
  }
  if (!isRecord(header) || header['t'] !== 'attest' || header['insp'] !== insp) return null
  if (header['body'] !== b64url.encode(await chain.bodyHash(sha256, utf8(bodyText)))) return null
  return readEvent(b64url.encode(await chain.eventHash(sha256, raw)), header, inner, event.h)
}

/** Plain comparison by UTF-16 unit; H, dev and ids are ASCII, where Python sorts the same. */
export function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function byChain(a: Ev, b: Ev): number {
  return compare(a.dev, b.dev) || compare(a.n, b.n) || compare(a.h, b.h)
}

/** The events of one inspection in their one order, and the H of those that cannot be read. */
export async function order(
  sha256: Sha256,
  events: Iterable<RawEvent>,
  insp: string,
): Promise<{ events: Ev[]; unusable: string[] }> {
  const real = new Map<string, Ev>()
  const unusable = new Set<string>()
  for (const wire of events as Iterable<unknown>) {
    if (!isRecord(wire)) continue
    const { h, header, body } = wire
    if (isRecord(header) && header['insp'] !== insp) continue
    const event = readEvent(h, header, body)
    if (event !== null) real.set(event.h, event)
    else if (typeof h === 'string') unusable.add(h)
  }
  const carried = new Map<string, Ev>()
  for (const event of [...real.values()].sort((a, b) => compare(a.h, b.h))) {
    const found = await embedded(sha256, event, insp)
    if (found !== null && !carried.has(found.h)) carried.set(found.h, found)
  }
  for (const [h, { via }] of carried) {
    const own = real.get(h)
    if (own === undefined) continue
    // The own event has come: it is read, and still says that it was carried (A2).
    real.set(h, { ...own, via })
    carried.delete(h)
  }
  const high = new Map<string, number>()
  const placed = [...real.values(), ...carried.values()].sort(byChain).map((event) => {
    const eff = Math.max(event.wall, high.get(event.dev) ?? 0)
    high.set(event.dev, eff)
    return { ...event, eff }
  })
  placed.sort((a, b) => compare(a.eff, b.eff) || byChain(a, b))
  return { events: placed, unusable: [...unusable].sort() }
}

function covered(seal: Ev): Map<string, number> {
  const chains = isRecord(seal.body) ? seal.body['chains'] : undefined
  const found = new Map<string, number>()
  if (!Array.isArray(chains)) return found
  for (const head of chains as unknown[])
    if (isRecord(head) && typeof head['dev'] === 'string' && small(head['n'])) found.set(head['dev'], head['n'])
  return found
}

/** Divide ordered events at the first seal (record-log 2.8). */
export function sortOut(events: readonly Ev[], seal: Ev | null): SortedEvents {
  const content: Ev[] = []
  const afterSeal: Ev[] = []
  const late: Ev[] = []
  const named = seal === null ? new Map<string, number>() : covered(seal)
  const seen = new Map<string, number>()
  for (const event of [...events].sort(byChain)) {
    let inside = true
    if (seal !== null && event.dev === seal.dev) inside = event.n <= seal.n
    else if (seal !== null && isContent(event.t) && event.t !== 'supplement.photo') {
      const count = (seen.get(event.dev) ?? 0) + 1
      seen.set(event.dev, count)
      inside = count <= (named.get(event.dev) ?? 0)
    } else if (seal !== null) inside = event.eff <= seal.eff
    if (inside || allowedAfterSeal(event.t)) {
      if (isContent(event.t)) content.push(event)
      continue
    }
    afterSeal.push(event)
    if (seal !== null && event.dev !== seal.dev && event.wall <= seal.wall) late.push(event)
  }
  return { events, content, afterSeal, late }
}

