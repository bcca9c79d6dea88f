/** The pack: everything one inspection needs on the phone, made once by the server and immutable. */

export type Verdict = 'pass' | 'fail' | 'na' | 'neutral'
export type Fact = 'yes' | 'no' | 'unknown'
export type Mode = 'on_site' | 'document_review' | 'network_monitoring'
export type RecordKind = 'fire_record' | 'onsite_record' | 'sampling_sheet'
/** A resolved profile value; see checklists/schema/profile.schema.json. */
export type ProfileValue =
  | string | number | boolean | null | readonly ProfileValue[] | { readonly [key: string]: ProfileValue }
export type Profile = { readonly [key: string]: ProfileValue | undefined }

export interface Choice {
  readonly code: string
  readonly text: string
  readonly verdict: Verdict
}
export type AnswerType = 'c3' | 'choice' | 'multi' | 'number' | 'text' | 'date' | 'quiz'
export interface AnswerRule {
  readonly type: AnswerType
  readonly choices?: readonly Choice[]
  readonly unit?: string
  readonly label?: string
}
export interface ExtraField {
  readonly key: string
  readonly type: 'text' | 'number' | 'date' | 'choice'
  readonly label: string
  readonly unit?: string
  readonly choices?: readonly Choice[]
}
export interface Basis {
  readonly law?: string
  readonly text: string
  readonly status?: 'L' | 'W' | 'M' | 'own'
}
export interface ChecklistItem {
  readonly id: string
  readonly text: string
  readonly answer: AnswerRule
  readonly extra?: readonly ExtraField[]
  readonly evidence?: {
    readonly photo?: 'never' | 'on_fail' | 'always'
    readonly document?: boolean
    readonly mark?: boolean
    readonly document_name?: string
  }
  readonly applies_when?: readonly string[]
  readonly basis?: readonly Basis[]
  readonly guidance?: string
  readonly star?: boolean
  readonly note?: string
}
export interface ChecklistSection {
  readonly title: string
  readonly items: readonly ChecklistItem[]
}
export interface Checklist {
  readonly id: string
  readonly title: string
  readonly hash: string
  readonly record_kind: RecordKind
  readonly repeatable?: boolean
  readonly item_code?: string
  /** Derived, to be confirmed by the office: printed as 草案. */
  readonly draft?: boolean
  readonly sections: readonly ChecklistSection[]
}
export interface TeamPerson {
  readonly user: string
  readonly name: string
  readonly certificate_no: string
  /** ISO date. */
  readonly valid_to?: string | null
  readonly lead?: boolean
}
export interface Contact {
  readonly name?: string
  readonly phone?: string
}
export interface PackUnit {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly uscc?: string
  readonly registration_no?: string
  readonly responsible_person?: Contact | string
  readonly safety_manager?: Contact | string
  readonly unit_type?: string
  readonly entity_name?: string
  readonly [field: string]: unknown
}
export interface PackAssignment {
  readonly id: string
  readonly batch_no?: string | null
  readonly foreign_batch_no?: string | null
  readonly item_code?: string
  readonly item_name?: string
  readonly inspect_by?: string | null
}
export interface PackTexts {
  readonly spoken_notice?: string
  readonly integrity_statement?: string
  readonly credentials_sentence?: string
  readonly read_back?: string
  readonly told?: { readonly [key: string]: string }
  readonly [name: string]: unknown
}
export interface Pack {
  readonly v: 1
  readonly insp: string
  readonly number: string
  readonly created_ms: number
  readonly mode: Mode
  readonly agency: {
    readonly id: string
    readonly name: string
    readonly short?: string
    readonly kind?: 'fire' | 'cad' | 'em'
    readonly phone?: string
  }
  readonly unit: PackUnit
  readonly team: readonly TeamPerson[]
  readonly assignments: readonly PackAssignment[]
  readonly checklists: readonly Checklist[]
  readonly profile: Profile
  readonly hashes: {
    readonly profile: string
    readonly item_list: string
    readonly checklists: { readonly [id: string]: string }
  }
  /** b64url, see `pinHash` of chain.ts. */
  readonly pin: string
  readonly facts: { readonly [fact: string]: Fact }
  readonly texts: PackTexts
  readonly notice?: {
    readonly number: string
    readonly sha256: string
    readonly size: number
    readonly title: string
  } | null
  readonly history?: readonly { readonly date: string; readonly result: string }[]
  readonly inspect_by?: string | null
  readonly visits_this_year?: number
  readonly max_per_year?: number | null
  readonly phrases?: readonly unknown[]
}

/** Whether the profile forbids positions (D-22): then no geolocation call and no coordinate anywhere. */
export function geotagOff(pack: Pick<Pack, 'profile'>): boolean {
  const value = pack.profile['secrecy.geotag']
  return value === 'off' || value === false
}

/** How many inspectors must attest: never fewer than two, whatever a profile says. */
export function minTeam(pack: Pick<Pack, 'profile'>): number {
  const value = pack.profile['team.min']
  return typeof value === 'number' && Number.isInteger(value) && value > 2 ? value : 2
}
