/** What the server tells of reports (`server/reports/schemas.py`). */
export interface ReportLine {
  readonly id: string
  readonly insp: string
  readonly number: string
  readonly unit_name: string
  readonly state: 'draft' | 'submitted' | 'held' | 'returned' | 'approved'
  readonly state_words: string
  readonly round: number
  readonly due_on: string
  readonly provisional: boolean
  readonly days_left: number
  readonly lead_target: string
  readonly counted_from: string
  readonly clamped: boolean
  readonly ended_ms: number
  readonly team: readonly string[]
  readonly inspection_state: string
  readonly flags: readonly string[]
  readonly counts: Readonly<Record<string, number>>
  readonly submitted_at: string | null
}
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
export interface Opinion {
  readonly rev: number
  readonly base: number
  readonly clash: boolean
  readonly author: string
  readonly from_phone: boolean
  readonly evaluation: string
  readonly handling: string
  readonly advice: string
  readonly at: string
}
export interface ReportReturn {
  readonly id: string
  readonly round: number
  readonly note: string
  readonly at: string
  readonly answered_at: string | null
  readonly reasons: readonly { checklist?: string; item?: string; text: string }[]
  readonly replies: readonly { item: string; checklist: string; text: string; name: string; at_ms: number }[]
}
export interface ReportDetail extends ReportLine {
  readonly agency_name: string
  readonly agency_kind: string
  readonly unit: Readonly<Record<string, unknown>>
  readonly assignments: readonly Readonly<Record<string, string>>[]
  readonly deadline: { readonly workdays: number; readonly means: string; readonly calendar: string }
  readonly record_text: string
  readonly record_code: string
  readonly sections: readonly ReviewSection[]
  readonly photos: readonly ReviewPhoto[]
  readonly timeline: readonly { at_ms: number; name: string; text: string }[]
  readonly attestations: readonly { name: string; at_ms: number; level: string; stands: boolean }[]
  readonly verdict: string
  readonly flag_words: readonly { code: string; text: string }[]
  readonly clock_in_doubt: boolean
  readonly gaps: readonly { code: string; text: string; item?: string }[]
  readonly opinions: readonly Opinion[]
  readonly returns: readonly ReportReturn[]
  readonly decision_note: string
  readonly clock_reason: string
  readonly may: { readonly opinion: boolean; readonly submit: boolean; readonly approve: boolean; readonly hold: boolean; readonly return: boolean }
}

export function localMinute(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
}
