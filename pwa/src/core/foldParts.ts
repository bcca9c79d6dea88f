/** The reducers of the fold; twin of `server/inspections/fold_parts.py`. Bodies have passed checkBody. */
import type { Ev } from './foldOrder'
import type { Fact, Mode } from './pack'
import type { AnswerHead, Entry, Gap, ItemAnswers, Other, RecorderSession, Visit, Void } from './visit'

type Body = Readonly<Record<string, unknown>>
type Reducer = (visit: Visit, event: Ev) => void

/** The event's body; checkBody has made sure that it is an object with the fields of its type. */
export function bodyOf<T = Body>(event: Ev): T {
  return event.body as T
}

function origin(event: Ev): Entry {
  return { h: event.h, by: event.by, dev: event.dev, wall: event.wall }
}

/** The body without its salt, with who, where and when. */
export function entry<T extends Entry = Other>(event: Ev): T {
  const { salt: _salt, ...fields } = bodyOf(event)
  return { ...fields, ...origin(event) } as unknown as T
}

type Lists = { [K in keyof Visit]: Visit[K] extends readonly Entry[] ? K : never }[keyof Visit]
type Singles = 'outcome' | 'credentials' | 'notice' | 'statement'

function append(name: Lists): Reducer {
  return (visit, event) => {
    ;(visit[name] as Entry[]).push(entry(event))
  }
}

function latest(name: Singles): Reducer {
  return (visit, event) => {
    Object.assign(visit, { [name]: entry(event) })
  }
}

function open(visit: Visit, event: Ev): void {
  // A second opening is a take-over (接手): the first one fixes pack, pin and start.
  if (visit.opened !== null) {
    visit.takeovers.push(origin(event))
    return
  }
  const body = bodyOf<{ mode: Mode; pack: string; pin: string; assignments: string[] }>(event)
  visit.opened = origin(event)
  visit.mode = body.mode
  visit.pack = body.pack
  visit.pin = body.pin
  // Named by the pack; older events say them once more.
  if (body.assignments.length > 0) visit.assignments = [...body.assignments]
}

function recusal(visit: Visit, event: Ev): void {
  const kind = event.t === 'recusal.request' ? 'request' : 'declare'
  visit.recusals.push({ ...entry<Visit['recusals'][number]>(event), kind })
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }
type Session = Writable<Omit<RecorderSession, 'gaps'>> & { gaps: Gap[] }

function session(visit: Visit, event: Ev): Session {
  const name = bodyOf<{ session: string }>(event).session
  const found = visit.recorder.find((candidate) => candidate.session === name)
  if (found !== undefined) return found as Session
  const fresh: Session = { session: name, started: null, stopped: null, gaps: [] }
  visit.recorder.push(fresh)
  return fresh
}

function recStart(visit: Visit, event: Ev): void {
  const found = session(visit, event)
  if (found.started === null) Object.assign(found, entry(event), { started: event.wall })
}

function recStop(visit: Visit, event: Ev): void {
  const found = session(visit, event)
  if (found.stopped !== null) return
  found.stopped = event.wall
  const { storage } = bodyOf<{ storage?: string }>(event)
  if (storage !== undefined) found.storage = storage
}

function recGap(visit: Visit, event: Ev): void {
  const { session: _session, ...gap } = entry(event)
  session(visit, event).gaps.push(gap as unknown as Gap)
}

function addition(name: 'photos' | 'supplements'): Reducer {
  return (visit, event) => {
    ;(visit[name] as Entry[]).push({ ...entry(event), void: null } as Entry)
  }
}

function late(visit: Visit, event: Ev): void {
  visit.late_additions.push({ ...entry(event), t: event.t })
}

export const REDUCERS: Readonly<Record<string, Reducer>> = {
  'insp.open': open,
  'recusal.declare': recusal,
  'recusal.request': recusal,
  'rec.mark': append('marks'),
  outcome: latest('outcome'),
  'id.show': latest('credentials'),
  'notice.give': latest('notice'),
  'told.tick': (visit, event) => {
    const { key } = bodyOf<{ key: string }>(event)
    if (!Object.hasOwn(visit.told, key)) visit.told[key] = event.wall
  },
  'rec.start': recStart,
  'rec.stop': recStop,
  'rec.gap': recGap,
  'unit.propose': append('proposals'),
  'unit.fact': (visit, event) => {
    const { fact, value } = bodyOf<{ fact: string; value: Fact }>(event)
    visit.facts[fact] = value
  },
  'photo.add': addition('photos'),
  'audio.add': append('audio'),
  'doc.add': append('docs'),
  'note.add': append('notes'),
  'interview.add': append('interviews'),
  'sample.add': append('samples'),
  'assist.add': append('assistants'),
  'party.statement': latest('statement'),
  'supplement.photo': addition('supplements'),
  reply: append('replies'),
  'report.opinion': append('opinions'),
  'late.note': late,
  'late.photo': late,
  correct: append('corrections'),
  'correct.approve': append('correction_approvals'),
  objection: append('objections'),
  'gps.fix': append('fixes'),
}

const ANSWERS: ReadonlySet<string> = new Set(['check.answer', 'check.change', 'item.na'])

interface AnswerBody {
  readonly checklist: string
  readonly sheet: number
  readonly item: string
  readonly over?: readonly string[]
}

/**
 * Per item the answers nobody has replaced. An answer is replaced when another answer of the same
 * item names it in `over`, or when the same enrolment later answers the item again without `over`.
 * Two heads are a conflict that a person resolves with a check.change naming both.
 */
export function answers(events: readonly Ev[]): Record<string, ItemAnswers> {
  const byItem = new Map<string, Ev[]>()
  for (const event of events) {
    if (!ANSWERS.has(event.t)) continue
    const { checklist, sheet, item } = bodyOf<AnswerBody>(event)
    const key = `${checklist}/${sheet}/${item}`
    byItem.set(key, [...(byItem.get(key) ?? []), event])
  }
  const found: Record<string, ItemAnswers> = {}
  for (const key of [...byItem.keys()].sort()) found[key] = heads(byItem.get(key) ?? [])
  return found
}

function heads(group: readonly Ev[]): ItemAnswers {
  const replaced = new Set<string>()
  for (const event of group) {
    if (event.t === 'check.change') {
      for (const h of bodyOf<AnswerBody>(event).over ?? []) if (h !== event.h) replaced.add(h)
    } else
      for (const earlier of group)
        if (earlier.dev === event.dev && earlier.n < event.n) replaced.add(earlier.h)
  }
  const left = group
    .filter((event) => !replaced.has(event.h))
    .map((event): AnswerHead => {
      const head = entry<AnswerHead>(event)
      return event.t === 'item.na' ? { ...head, val: 'na' } : head
    })
  return { heads: left, conflict: left.length > 1 }
}

/** Mark photos withdrawn by photo.void; the file and the event stay. */
export function voidPhotos(visit: Visit, voids: readonly Ev[]): void {
  const reasons = new Map<string, Void>()
  for (const event of voids) {
    const { sha256, reason } = bodyOf<{ sha256: string; reason: string }>(event)
    if (!reasons.has(sha256)) reasons.set(sha256, { reason, h: event.h, by: event.by, wall: event.wall })
  }
  const mark = <T extends { readonly sha256: string }>(photo: T): T & { void: Void | null } => ({
    ...photo,
    void: reasons.get(photo.sha256) ?? null,
  })
  visit.photos = visit.photos.map(mark)
  visit.supplements = visit.supplements.map(mark)
}

