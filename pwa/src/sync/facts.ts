/**
 * Where the sync keeps what it knows, by key. Confirmations carry the epoch in their key: when the
 * server comes back from a backup with a higher epoch, everything is unsent again by construction.
 */
import type { UnitReportForm } from './session'

const pad = (n: number): string => String(n).padStart(9, '0')

export const keys = {
  epoch: 'epoch',
  tokens: 'tokens',
  device: 'device',
  cursor: 'cursor',
  anchor: 'anchor',
  /** When `sync.anchor` was last written. */
  anchorAsked: 'anchor-asked',
  offset: 'offset',
  contact: 'contact',
  settings: 'settings',
  resume: 'resume',
  pending: 'pending',
  /** Stands while an answer may be lost or the epoch rose: ask where the server stands before sending. */
  ask: 'ask',
  /** When `dev.health` was last written. */
  health: 'health',
  /** A confirmed event of one chain. */
  ack: (epoch: number, dev: string, n: number): string => `ack/${pad(epoch)}/${dev}/${pad(n)}`,
  acks: (epoch: number): string => `ack/${pad(epoch)}/`,
  /** An event the server will never store, with its sentence. Offered again on request and after a restore. */
  refused: (epoch: number, dev: string, n: number): string => `ref/${pad(epoch)}/${dev}/${pad(n)}`,
  refusals: (epoch: number): string => `ref/${pad(epoch)}/`,
  /** A confirmed file. */
  fileAck: (epoch: number, sha: string): string => `fack/${pad(epoch)}/${sha}`,
  fileAcks: (epoch: number): string => `fack/${pad(epoch)}/`,
  fileRefused: (epoch: number, sha: string): string => `fref/${pad(epoch)}/${sha}`,
  fileRefusals: (epoch: number): string => `fref/${pad(epoch)}/`,
  /** Where a half-sent file goes on. */
  upload: (sha: string): string => `up/${sha}`,
  /** The largest head of the server's log this phone has proved, per epoch. */
  head: (epoch: number): string => `head/${pad(epoch)}`,
  heads: 'head/',
  /** Stands while the server cannot prove its log. */
  logFault: 'logfault',
  receipt: (size: number): string => `rcpt/${String(size).padStart(16, '0')}`,
  visit: (insp: string): string => `visit/${insp}`,
  returned: (insp: string, id: string): string => `return/${insp}/${id}`,
  alarm: (code: string): string => `alarm/${code}`,
  /** Units reported from the way (unitReports.ts). */
  unitReport: (id: string): string => `unitreport/${id}`,
  unitReports: 'unitreport/',
  draft: (insp: string, name: string): string => `draft/${insp}/${name}`,
} as const

export interface ReportFact extends UnitReportForm {
  readonly id: string
  readonly at: number
  readonly sent?: number
  /** Why the server does not want it. */
  readonly refused?: string
}
export interface DeviceFact {
  readonly dev: string
  readonly user: string
  readonly name: string
  readonly certificateNo: string
  readonly agency: string
  readonly agencyName: string
  readonly installation: string
  readonly log: { readonly name: string; readonly key: string }
  /** Keys the log had before it named its present one. */
  readonly olderLogs?: readonly { readonly name: string; readonly key: string }[]
}
export interface TokensFact {
  readonly access: string
  readonly refresh: string
  /** Wall clock of this phone, ms; a hint, the 401 decides. */
  readonly until: number
  /** The server refused the refresh: the person must sign in. Work goes on. */
  readonly dead: boolean
  /** What the agency's rules asked of the phone when these were given. */
  readonly policy?: PolicyFact
}
export interface PolicyFact {
  readonly idleMinutes: number
  readonly watermark: boolean
  /** P-256 SPKI, b64url: vault keys are sealed to it. */
  readonly recoveryKey?: string
}
export interface AckFact {
  readonly status: 'stored' | 'known' | 'quarantined'
  readonly flags: readonly string[]
  readonly at: number
  /** Size of the log whose checkpoint covers it. */
  readonly size: number
  /** False where this phone could not check the Ed25519 signature. */
  readonly signed: boolean
}
export interface FileAckFact {
  readonly at: number
  /** The same moment by the server's clock, ms. */
  readonly server?: number
}
export interface RefusedFact {
  readonly code: string
  readonly text: string
  readonly at: number
}
export interface CursorFact {
  readonly cursor: string
  readonly epoch: number
}
/** An enrolment of the team: whose key a signature must be checked with when there is no network (A2). */
export interface TeamPhone {
  readonly user: string
  readonly dev: string
  /** b64url of the DER SubjectPublicKeyInfo. */
  readonly spki: string
  readonly installation: string
  readonly revoked: boolean
}
export interface VisitFact {
  readonly insp: string
  readonly number: string
  readonly unit_name: string
  readonly address: string
  readonly inspect_by: string
  readonly due_on?: string | null
  readonly state: string
  readonly report_state?: string | null
  readonly lead: string
  readonly team: readonly { user: string; name: string; lead?: boolean }[]
  /** Missing on a card of an older server. */
  readonly phones?: readonly TeamPhone[]
  /** Signatures on a colleague's phone that their persons have not confirmed yet (A1). */
  readonly confirm?: readonly { user: string; d: string; attest: string; due_ms: number }[]
  readonly pack: string | null
  readonly files: readonly { sha256: string; size: number; mime: string; name: string }[]
  readonly withdrawn?: boolean
}
export type { OffsetFact as OffsetLike } from '../device/logKeys'
export interface SettingsFact {
  readonly wifiOnly: boolean
}
/** What the server could not prove of its log. Stays until it proves a newer head from `remembered`. */
export interface LogFaultFact {
  readonly code: 'E_LOG_ROLLBACK' | 'F_LOG_EQUIVOCATION'
  readonly remembered: readonly [number, string]
  readonly shown: readonly [number, string]
  readonly at: number
  /** Written into a `dev.health` of the chain. */
  readonly told: boolean
}
/** Facts about the server or the phone as a whole that need a person: shown as 需要处理. */
export interface AlarmFact {
  readonly kind: 'server' | 'login' | 'storage'
  readonly code: string
  readonly text: string
  readonly at: number
}
