/** What the server tells of reports: the document's own types, and the parts it passes through as they are, spelt out. */
import type { ReportLine, ReportWhole } from '../api'

export type { ReportLine }
export interface ReviewItem {
  readonly id: string
  readonly sheet: number
  readonly text: string
  readonly star: boolean
  readonly basis: readonly string[]
  readonly val: '' | 'pass' | 'fail' | 'na' | 'neutral'
  readonly answer: Readonly<Record<string, unknown>> | null
  readonly conflict: boolean
  readonly choices: Readonly<Record<string, string>>
  readonly extra: readonly { key: string; label: string; unit?: string }[]
  readonly photos: readonly string[]
}
export interface ReviewSection {
  readonly checklist: string
  readonly checklist_id: string
  readonly title: string
  readonly items: readonly ReviewItem[]
}
export interface ReviewPhoto {
  readonly sha256: string
  readonly purpose: string
  readonly src: string
  readonly item: string
  readonly checklist: string
  readonly caption: string
  readonly at_ms: number
  readonly void: string
  readonly state: string
  readonly supplement: boolean
}
/** The integrity verdict (docs/keys.md): a sentence, each doubt with its reason, the interval of each act. */
export interface Integrity {
  readonly sentence: string
  readonly complete: boolean
  readonly level: string
  readonly level_words: string
  readonly acts: readonly { words: string; name: string; at_ms: number; interval: string; strength: string; anchor_ms: number | null; received_ms: number | null }[]
  readonly findings: readonly {
    code: string; text: string; expected: string; seen: string; todo: string; doubt: boolean; more: number
    events: readonly { h: string; words: string; name: string; at_ms: number; received_ms: number }[]
  }[]
  /** Photo of the door → the four digits its phone showed. */
  readonly live_codes: Readonly<Record<string, string>>
  /** 更正 with both values; `waits` for the second person, `void` when its base is not in the record. */
  readonly corrections: readonly { h: string; name: string; at_ms: number; about: string; field: string; old: string; new: string; reason: string; state: 'stands' | 'waits' | 'void'; approved_name: string }[]
  readonly added: readonly { h: string; name: string; wall: number; t: string; text?: string; caption?: string }[]
  readonly seal: { readonly covered: number; readonly after: number; readonly late: number; readonly added: number; readonly corrections: number }
}
interface Spelt {
  readonly integrity: Integrity
  readonly assignments: readonly Readonly<Record<string, string>>[]
  readonly deadline: { readonly workdays: number; readonly means: string; readonly calendar: string }
  readonly sections: readonly ReviewSection[]
  readonly photos: readonly ReviewPhoto[]
  readonly timeline: readonly { at_ms: number; name: string; text: string }[]
  readonly attestations: readonly { name: string; at_ms: number; level: string; stands: boolean; confirm: { state: string; words: string } | null }[]
  readonly flag_words: readonly { code: string; text: string }[]
  readonly gaps: readonly { code: string; text: string; item?: string }[]
  readonly returns: readonly (Omit<ReportWhole['returns'][number], 'reasons' | 'replies'> & {
    readonly reasons: readonly { checklist?: string; item?: string; text: string }[]
    readonly replies: readonly { item: string; checklist: string; text: string; name: string; at_ms: number }[]
  })[]
  readonly may: { readonly opinion: boolean; readonly submit: boolean; readonly approve: boolean; readonly hold: boolean; readonly return: boolean }
}
export type ReportDetail = Omit<ReportWhole, keyof Spelt> & Spelt

export function localMinute(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
}
