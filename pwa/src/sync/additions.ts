/**
 * A second phone's photos and notes enter the attested record without a network (D-15): it shows its own signed events
 * as codes, the recording phone checks each of them with the enrolled key and keeps them as it keeps a mate's synced
 * events. The digest covers them from then on; whatever is added later voids both attestations, as ever.
 */
import { type Additions, type AddedEvent, eventsOf, readAdditions, writeAdditions } from '../core/additions'
import { NotCanonical } from '../core/canonical'
import { codesOf } from '../core/codes'
import { isContent } from '../core/events'
import { fold } from '../core/fold'
import { signedBytes } from '../core/offer'
import { fromB64url, sha256, type Bytes } from '../device/bytes'
import { EVENT, MATE, readWire, type KeptEvent } from '../device/log'
import type { LogEvent, Result, StoreReason } from '../device/ports'
import { refuse, storeTrouble } from '../device/refusals'
import { verifiesSpki } from '../device/signer'
import { type MutualParts, type MutualReason, read, say, whose } from './mutualSaid'

export interface ShownAdditions {
  readonly codes: readonly string[]
  /** How many events they carry. */
  readonly events: number
}
export interface TakenAdditions {
  /** Whose they are. */
  readonly name: string
  readonly photos: number
  readonly notes: number
  /** Of other types. */
  readonly others: number
  /** How many of them were not here yet. */
  readonly fresh: number
}

export async function showAdditions({ insp, vault }: MutualParts): Promise<Result<ShownAdditions, MutualReason>> {
  const own = (await vault.list<KeptEvent>(`${EVENT}${insp}/`)).map(({ value }) => ({ kept: value, event: readWire(value.h, value.w) }))
  const content = own.filter(({ event }) => isContent(event.header.t)).sort((a, b) => a.event.header.n - b.event.header.n)
  if (content.length === 0) return say('nothing')
  try {
    const message = writeAdditions(insp, vault.dev, content.map(({ kept: { h, w } }) => ({ h: w.h, s: w.s, b: w.b ?? '{}', hash: h })))
    return { ok: true, codes: await codesOf(sha256, 'additions', message), events: content.length }
  } catch (error) {
    if (error instanceof RangeError) return say('too_much')
    throw error
  }
}

export async function takeAdditions(parts: MutualParts, message: Bytes): Promise<Result<TakenAdditions, MutualReason | StoreReason>> {
  const { insp, pack, log, vault } = parts
  const shown = await read(async () => readAdditions(message))
  if (shown === undefined) return say('damaged')
  if (shown.insp !== insp) return say('other_inspection')
  const other = await whose(parts, shown.dev)
  if (!other.ok) return other
  const wires = await rebuilt(shown, other.phone.user)
  if (wires === undefined) return say('damaged')
  const key = fromB64url(other.phone.spki)
  for (const wire of wires) if (!(await verifiesSpki(key, fromB64url(wire.s), signedBytes(wire)))) return say('bad_addition')
  const taken = wires.map(({ h, s, b, hash }) => ({ kept: { h: hash, w: { h, s, b } }, event: readWire(hash, { h, s, b }) }))
  if (taken.some(({ event }) => !isContent(event.header.t))) return say('damaged')
  const here = await log.events(insp)
  if (forked([...here, ...taken.map(({ event }) => event)], shown.dev)) return say('forked')
  const visit = await fold(sha256, here, pack)
  if (visit.sealed && !visit.open_round) return say('sealed')
  const known = new Set(here.map(({ h }) => h))
  const fresh = taken.filter(({ kept }) => !known.has(kept.h))
  try {
    const outcome = await vault.write(fresh.map(({ kept }) => ({ put: `${MATE}${insp}/${kept.h}`, value: kept })))
    if (outcome !== 'done') return refuse(outcome === 'full' ? 'storage_full' : 'store_lost')
  } catch (error) {
    return storeTrouble(error)
  }
  parts.took(fresh.map(({ event }) => event))
  const count = (...types: string[]): number => taken.filter(({ event }) => types.includes(event.header.t)).length
  const [photos, notes] = [count('photo.add'), count('note.add')]
  return { ok: true, name: other.name, photos, notes, others: taken.length - photos - notes, fresh: fresh.length }
}

async function rebuilt(shown: Additions, user: string): Promise<readonly AddedEvent[] | undefined> {
  try {
    return await eventsOf(sha256, shown, user)
  } catch (error) {
    // What no header or body can hold: nobody can have signed it.
    if (error instanceof RangeError || error instanceof NotCanonical) return undefined
    throw error
  }
}

/** Two events at one place of the other phone's chain. */
function forked(events: readonly LogEvent[], dev: string): boolean {
  const places = new Map<number, string>()
  for (const { h, header } of events) {
    if (header.dev !== dev) continue
    if ((places.get(header.n) ?? h) !== h) return true
    places.set(header.n, h)
  }
  return false
}
