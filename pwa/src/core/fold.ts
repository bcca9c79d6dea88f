/**
 * The fold: the set of events of one inspection read as one visit. Pure, total and order-free; twin of
 * `server/inspections/fold.py`, bound by `tests/vectors/fold-*.json`. Rules: `docs/events.md`.
 */
import { agreed, contentChains, sameChains } from './attest'
import type { Sha256 } from './bytes'
import { checkBody, isKnown } from './events'
import { type Ev, order, type RawEvent, type SortedEvents, sortOut } from './foldOrder'
import { answers, bodyOf, entry, REDUCERS, voidPhotos } from './foldParts'
import { geotagOff, minTeam, type Pack } from './pack'
import type { Attestation, Chain, PartySignature, Seal, Visit } from './visit'

export type { RawEvent } from './foldOrder'
export type { Visit } from './visit'

/** The visit that a set of events tells of; events of other inspections are ignored. */
export async function fold(sha256: Sha256, events: Iterable<RawEvent>, pack: Pack): Promise<Visit> {
  const { events: placed, unusable } = await order(sha256, events, pack.insp)
  const readable: Ev[] = []
  const unknown = [...unusable]
  const erased: string[] = []
  for (const event of placed) {
    if (event.body === null) erased.push(event.h)
    else if (!isKnown(event.t) || checkBody(event.t, event.body, false).length > 0) unknown.push(event.h)
    else readable.push(event)
  }
  const team = new Set(pack.team.map((member) => member.user))
  const seals = readable.filter((event) => event.t === 'seal' && team.has(event.by))
  const first = seals.find((event) => !Object.hasOwn(bodyOf(event), 'prev_seal')) ?? null
  const parts = sortOut(placed, first)
  const flagged = new Set(parts.afterSeal.map((event) => event.h))
  const accepted = readable.filter((event) => !flagged.has(event.h))

  const visit = empty(pack)
  for (const event of accepted) if (Object.hasOwn(REDUCERS, event.t)) REDUCERS[event.t]?.(visit, event)
  visit.answers = answers(accepted)
  voidPhotos(visit, accepted.filter((event) => event.t === 'photo.void'))
  if (geotagOff(pack)) {
    // A fix that should not exist (D-22) is not shown anywhere; the signed event stays.
    visit.geo_refused = visit.fixes.map((fix) => fix.h)
    visit.fixes = []
  }
  visit.span = span(visit, parts)
  visit.chains = await contentChains(sha256, parts.content)
  procedure(visit, accepted, seals, first, team)
  visit.ended_at = endedAt(accepted, first)
  visit.after_seal = parts.events.filter((event) => flagged.has(event.h)).map((event) => event.h)
  visit.late = parts.late.map((event) => event.h).sort()
  visit.unknown = unknown.sort()
  visit.erased = erased.sort()
  close(visit, pack, parts)
  return visit
}

function empty(pack: Pack): Visit {
  return {
    insp: pack.insp,
    mode: pack.mode,
    pin: pack.pin,
    assignments: pack.assignments.map((assignment) => assignment.id),
    told: {},
    facts: { ...pack.facts },
    ...{ opened: null, pack: null, outcome: null, credentials: null, notice: null, statement: null },
    party: null,
    ...{ takeovers: [], recusals: [], marks: [], recorder: [], proposals: [], photos: [], audio: [] },
    ...{ docs: [], notes: [], interviews: [], samples: [], assistants: [], fixes: [], attests: [] },
    ...{ seals: [], replies: [], supplements: [], opinions: [], late_additions: [], corrections: [] },
    ...{ correction_approvals: [], objections: [], geo_refused: [] },
    answers: {},
    span: { from: null, to: null },
    ...{ chains: [], after_seal: [], late: [], unknown: [], erased: [] },
    ...{ sealed: false, open_round: false, ended_at: null, state: 'assigned' },
    counts: { events: 0, content: 0, photos: 0, audio: 0, answered: 0, fails: 0, conflicts: 0 },
  }
}

/** From the arrival (or the opening) to the last content event; signing must not change the text. */
function span(visit: Visit, parts: SortedEvents): Visit['span'] {
  let to: number | null = null
  for (const event of parts.content)
    if (event.t !== 'supplement.photo') to = Math.max(to ?? event.wall, event.wall)
  const arrival = visit.marks.find((mark) => mark.mark === 'arrival')
  return { from: arrival?.wall ?? visit.opened?.wall ?? null, to }
}

interface AttestFields {
  readonly d: string
  readonly pin: string
  readonly chains: readonly Chain[]
}
interface SealFields {
  readonly text: string
  readonly prev_seal?: string
}

/** Attestations, the party's signature and the chain of seals. */
function procedure(
  visit: Visit,
  accepted: readonly Ev[],
  seals: readonly Ev[],
  first: Ev | null,
  team: ReadonlySet<string>,
): void {
  const mine = (by: string, d: string): string => JSON.stringify([by, d])
  const confirmed = new Set<string>()
  for (const event of accepted)
    if (event.t === 'attest.late') confirmed.add(mine(event.by, bodyOf<AttestFields>(event).d))
  for (const event of accepted) {
    if (event.t !== 'attest') continue
    const { pin, chains, d } = bodyOf<AttestFields>(event)
    visit.attests.push({
      ...entry<Attestation>(event),
      stands: team.has(event.by) && pin === visit.pin && sameChains(chains, visit.chains),
      confirmed: confirmed.has(mine(event.by, d)),
      via: event.via,
    })
  }
  const linked: string[] = []
  let following: Ev | undefined = first ?? undefined
  while (following !== undefined) {
    const last = following.h
    linked.push(last)
    following = seals.find((event) => bodyOf<SealFields>(event).prev_seal === last && !linked.includes(event.h))
  }
  for (const event of accepted)
    if (event.t === 'seal')
      visit.seals.push({
        ...entry<Seal>(event),
        prev_seal: bodyOf<SealFields>(event).prev_seal ?? null,
        linked: linked.includes(event.h),
      })
  const place = (seal: Seal): number => (seal.linked ? linked.indexOf(seal.h) : linked.length)
  visit.seals.sort((a, b) => place(a) - place(b))
  const texts = new Set(visit.attests.filter((each) => each.stands).map((each) => each.text))
  for (const event of accepted) {
    if (event.t !== 'sign.party') continue
    const { text } = bodyOf<SealFields>(event)
    const stands = first === null ? texts.has(text) : text === bodyOf<SealFields>(first).text
    visit.party = { ...entry<PartySignature>(event), stands }
  }
}

/** D-14: the last signature or attestation before the first seal; null until sealed. */
function endedAt(accepted: readonly Ev[], first: Ev | null): number | null {
  if (first === null) return null
  let ended: number | null = null
  for (const event of accepted) {
    if (event.t !== 'attest' && event.t !== 'sign.party') continue
    const before = event.dev === first.dev ? event.n < first.n : event.eff <= first.eff
    if (before) ended = Math.max(ended ?? event.wall, event.wall)
  }
  return ended ?? first.wall
}

/** The open round, the state of D-3 and the counts. */
function close(visit: Visit, pack: Pack, parts: SortedEvents): void {
  const place = new Map(parts.events.map((event, index) => [event.h, { index, dev: event.dev, n: event.n }]))
  const last = visit.seals.filter((seal) => seal.linked).at(-1)
  visit.sealed = last !== undefined
  if (last !== undefined) {
    const sealed = place.get(last.h)
    visit.open_round = [...visit.replies, ...visit.supplements].some((addition) => {
      const own = place.get(addition.h)
      if (own === undefined || sealed === undefined) return false
      return own.dev === sealed.dev ? own.n > sealed.n : own.index > sealed.index
    })
    if (visit.supplements.length > 0 && !sameChains(last.chains, visit.chains)) visit.open_round = true
  }
  const enough = agreed(visit).length >= minTeam(pack)
  if (last !== undefined && !visit.open_round) visit.state = enough ? 'sealed' : 'awaiting_second'
  else if (enough) visit.state = 'attested'
  else visit.state = visit.opened === null ? 'assigned' : 'in_progress'
  const items = Object.values(visit.answers)
  visit.counts = {
    events: parts.events.length,
    content: parts.content.length,
    photos: visit.photos.filter((photo) => photo.void === null).length,
    audio: visit.audio.length,
    answered: items.length,
    fails: items.filter(({ heads }) => heads.length === 1 && heads[0]?.val === 'fail').length,
    conflicts: items.filter((item) => item.conflict).length,
  }
}
