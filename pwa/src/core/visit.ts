/** The shapes of a visit: what the fold makes of the events. Twin of the dicts of server/inspections. */
import type { Gist } from './gist'
import type { Fact, Mode, Verdict } from './pack'

/** Every entry keeps its event's identity, person, enrolment and claimed moment (ms). */
export interface Entry {
  readonly h: string
  readonly by: string
  readonly dev: string
  readonly wall: number
}
export interface Void {
  readonly reason: string
  readonly h: string
  readonly by: string
  readonly wall: number
}
export interface Chain {
  readonly dev: string
  readonly n: number
  readonly root: string
}
export interface AnswerHead extends Entry {
  readonly checklist: string
  readonly item: string
  readonly sheet: number
  readonly val: Verdict
  readonly choice?: readonly string[]
  readonly text?: string
  readonly nums?: { readonly [key: string]: string }
  readonly dates?: { readonly [key: string]: string }
  readonly texts?: { readonly [key: string]: string }
  readonly asked?: number
  readonly correct?: number
  readonly part?: string
  readonly note?: string
  readonly fixed?: boolean
  readonly measure?: string
  readonly gate?: boolean
  readonly reason?: string
  readonly over?: readonly string[]
}
export interface ItemAnswers {
  readonly heads: readonly AnswerHead[]
  readonly conflict: boolean
}
export interface Photo extends Entry {
  readonly sha256: string
  readonly size: number
  readonly mime: string
  readonly width: number
  readonly height: number
  readonly src: 'inapp' | 'system' | 'import'
  readonly purpose: 'door' | 'item' | 'general' | 'document' | 'derived'
  readonly checklist?: string
  readonly item?: string
  readonly sheet?: number
  readonly caption?: string
  readonly of?: string
  readonly stripped?: boolean
  readonly void: Void | null
}
export interface Supplement extends Photo {
  readonly return_id: string
}
export interface Audio extends Entry {
  readonly sha256: string
  readonly size: number
  readonly mime: string
  readonly duration_ms: number
  readonly item?: string
  readonly checklist?: string
}
export interface Doc extends Entry {
  readonly kind: 'documentary' | 'physical' | 'av' | 'electronic' | 'testimony'
  readonly title: string
  readonly source: string
  readonly provider?: string
  readonly attested: boolean
  readonly photos: readonly string[]
  readonly item?: string
  readonly checklist?: string
}
export interface Note extends Entry {
  readonly text: string
  readonly item?: string
  readonly checklist?: string
}
export interface Interview extends Entry {
  readonly name: string
  readonly role?: string
  readonly phone?: string
  readonly qa: readonly { readonly q: string; readonly a: string }[]
  readonly ink?: string
}
export interface Sample extends Entry {
  readonly checklist: string
  readonly sheet: number
  readonly product: string
  readonly model?: string
  readonly quantity: number | string
  readonly seal_no: string
  readonly party_name: string
  readonly photo?: string
}
export interface Assistant extends Entry {
  readonly name: string
  readonly org: string
  readonly scope: string
}
export interface Outcome extends Entry {
  readonly kind: 'completed' | 'not_possible' | 'refused_entry'
  readonly reason?: 'closed' | 'moved' | 'not_found' | 'no_business'
  readonly note?: string
}
export interface Credentials extends Entry {
  readonly inspectors: readonly {
    readonly user: string
    readonly name: string
    readonly certificate_no: string
  }[]
  readonly party_name?: string
}
export type Witness = string | { readonly name: string; readonly role?: string; readonly ink?: string }
export interface NoticeGiven extends Entry {
  readonly number: string
  readonly doc: string
  readonly mode: 'received' | 'refused' | 'left'
  readonly receiver?: string
  readonly role?: string
  readonly phone?: string
  readonly ink?: string
  readonly reason?: string
  readonly witness?: Witness
}
export interface Mark extends Entry {
  readonly mark: string
  readonly ref?: string
  readonly session?: string
}
export interface Recusal extends Entry {
  readonly kind: 'declare' | 'request'
  readonly inspector: string
  readonly conflict?: boolean
  readonly party_name?: string
  readonly reason?: string
}
export type GapReason =
  | 'battery' | 'storage_full' | 'fault' | 'weather' | 'classified_area' | 'party_privacy'
  | 'safety_explosive_atmosphere' | 'other'
export interface Gap extends Entry {
  readonly from: number
  readonly to: number
  readonly reason: GapReason
  readonly note?: string
  readonly spoken_before: boolean
  readonly spoken_after: boolean
}
/** A recording session; `started` is null when only a gap or a stop is known. */
export interface RecorderSession extends Partial<Entry> {
  readonly session: string
  readonly started: number | null
  readonly stopped: number | null
  readonly gaps: readonly Gap[]
  readonly device_no?: string
  readonly kind?: 'body_worn' | 'phone' | 'camera' | 'fixed'
  readonly wearer?: string
  readonly spare?: string
  readonly battery?: number
  readonly free_mb?: number
  readonly clock_checked?: boolean
  readonly offset_s?: number
  readonly storage?: string
}
export interface Proposal extends Entry {
  readonly field: string
  readonly old: string
  readonly new: string
  readonly source?: string
}
export interface Fix extends Entry {
  readonly lat: number
  readonly lon: number
  readonly acc: number
  readonly at: number
}
export interface Attestation extends Entry {
  readonly d: string
  readonly text: string
  readonly pin: string
  readonly chains: readonly Chain[]
  readonly level: 'A1' | 'A2' | 'A3'
  /** Nothing of the content has changed since. */
  readonly stands: boolean
  /** Confirmed from the person's own account (attest.late). */
  readonly confirmed: boolean
  /** What its signer saw of a record on another phone (A2). */
  readonly gist?: Gist
  /** H of the attest.in that carried it, else ""; stays when the own event has come. */
  readonly via: string
}
export interface PartySignature extends Entry {
  readonly mode: 'signed' | 'refused' | 'unable' | 'absent'
  readonly name?: string
  readonly role?: string
  readonly phone?: string
  readonly reason?: string
  readonly ink?: string
  readonly strokes?: string
  readonly text: string
  readonly witness?: Witness
  readonly stands: boolean
}
export interface Seal extends Entry {
  readonly d: string
  readonly text: string
  readonly count: number
  readonly root: string
  readonly chains: readonly Chain[]
  readonly outcome: Outcome['kind']
  readonly party: boolean
  readonly ended: number
  readonly prev_seal: string | null
  /** Part of the chain of seals that starts with the first one. */
  readonly linked: boolean
}
export interface Reply extends Entry {
  readonly return_id: string
  readonly item: string
  readonly checklist?: string
  readonly text: string
}
export interface Opinion extends Entry {
  readonly base: number
  readonly evaluation: string
  readonly handling: string
  readonly advice: string
}
/** Entries the screens show but do not reason about. */
export type Other = Entry & { readonly [field: string]: unknown }
export type VisitState = 'assigned' | 'in_progress' | 'attested' | 'sealed' | 'awaiting_second'

export interface Visit {
  insp: string
  mode: Mode
  pin: string
  assignments: string[]
  opened: Entry | null
  takeovers: Entry[]
  pack: string | null
  outcome: Outcome | null
  recusals: Recusal[]
  credentials: Credentials | null
  notice: NoticeGiven | null
  told: Record<string, number>
  marks: Mark[]
  recorder: RecorderSession[]
  facts: Record<string, Fact>
  proposals: Proposal[]
  answers: Record<string, ItemAnswers>
  photos: Photo[]
  audio: Audio[]
  docs: Doc[]
  notes: Note[]
  interviews: Interview[]
  samples: Sample[]
  assistants: Assistant[]
  statement: (Entry & { readonly text: string }) | null
  fixes: Fix[]
  geo_refused: string[]
  span: { readonly from: number | null; readonly to: number | null }
  chains: Chain[]
  attests: Attestation[]
  party: PartySignature | null
  seals: Seal[]
  sealed: boolean
  /** Something was added after the latest seal and asks for a new round (D-10). */
  open_round: boolean
  replies: Reply[]
  supplements: Supplement[]
  opinions: Opinion[]
  late_additions: Other[]
  corrections: Other[]
  correction_approvals: Other[]
  objections: Other[]
  /** H of events the seal does not cover and that may not follow it; `late` claims a moment before it. */
  after_seal: string[]
  late: string[]
  unknown: string[]
  erased: string[]
  ended_at: number | null
  state: VisitState
  counts: {
    readonly events: number
    readonly content: number
    readonly photos: number
    readonly audio: number
    readonly answered: number
    readonly fails: number
    readonly conflicts: number
  }
}
