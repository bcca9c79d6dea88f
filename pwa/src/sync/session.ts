/**
 * What the screens see of the phone. Screens import from `sync/` only; nothing here shows a
 * browser object, a store key or a network status. Every `text` is a Chinese sentence to show as it is.
 * `openApp()` lives in `sync/app.ts`.
 */
import type { Pack } from '../core/pack'
import type { TeamPhone } from './facts'
import type { Mutual } from './mutual'
import type { RotateReason } from './rotate'
import type {
  AppendResult,
  BodyBuilder,
  JsonObject,
  LogEvent,
  PhotoReason,
  Position,
  Refusal,
  Result,
  SelfTest,
  StorageGauge,
  StoreReason,
} from '../device/ports'
import type { PolicyFact } from './facts'

/** The words of sync.md 12: 已存手机 / 正在上传 n/m / 已送达 / 需要处理(原因). */
export type SyncWord = 'saved' | 'uploading' | 'delivered' | 'attention'
export interface SyncState {
  readonly word: SyncWord
  readonly done: number
  readonly total: number
  /** Chinese; present with `attention`. */
  readonly reason?: string
}

export interface Person {
  readonly dev: string
  readonly user: string
  readonly name: string
  readonly agencyName: string
  /** Wrong-PIN lock: opens again through `App.unlockOnline`. Nothing is ever wiped. */
  readonly locked: boolean
  readonly triesLeft: number
}

export interface EnrolForm {
  readonly code: string
  readonly pin: string
  /** A name for the phone, e.g. 「大队 3 号手机」. */
  readonly label: string
}
export type EnrolReason =
  | 'offline' | 'bad_code' | 'refused' | 'weak_pin' | 'self_test' | StoreReason
export type UnlockReason = 'wrong_pin' | 'locked_until_online' | 'unknown_person' | 'store_lost'
export type RecoveryReason = ReopenReason | 'no_copy' | 'refused' | 'weak_pin' | 'store_lost'
/** `over`: refused, expired or replaced. `login`: asked so long ago that the password is wanted again. */
export interface RecoveryState {
  readonly word: 'none' | 'waiting' | 'released' | 'over' | 'offline' | 'login'
  /** Six digits the person reads out to the administrator. */
  readonly check?: string
  readonly reason?: string
}
export type ReopenReason = 'offline' | 'wrong_login' | 'other_person' | 'unknown_person'

export interface App {
  readonly installation: string
  people(): Promise<readonly Person[]>
  selfTest(): Promise<SelfTest>
  /** Needs the network once. On success the person is unlocked at once. */
  enrol(form: EnrolForm): Promise<Result<{ session: Session }, EnrolReason>>
  /** Works without a network. `text` says how many tries are left. */
  unlock(dev: string, pin: string): Promise<Result<{ session: Session }, UnlockReason>>
  /** After ten wrong PINs: the password at the server gives ten new tries; the vault stays as it is. */
  unlockOnline(dev: string, login: string, password: string): Promise<Result<object, ReopenReason>>

  /** A forgotten PIN: asks the agency's administrator for the vault key. Nothing on the phone changes. */
  askRecovery(dev: string, login: string, password: string): Promise<Result<{ check: string }, RecoveryReason>>
  recoveryState(dev: string): Promise<RecoveryState>
  resumeRecovery(dev: string, login: string, password: string): Promise<Result<object, ReopenReason>>
  dropRecovery(dev: string): Promise<void>
  /** After `released`: a new PIN, and the person is in. */
  finishRecovery(dev: string, pin: string): Promise<Result<{ session: Session }, RecoveryReason>>
}

export interface Me {
  readonly dev: string
  readonly user: string
  readonly name: string
  readonly certificateNo: string
  readonly agency: string
  readonly agencyName: string
  readonly installation: string
}

export interface TeamMember {
  readonly user: string
  readonly name: string
  readonly lead: boolean
}
/** A line of 今日. Comes from the change feed, so `state` is the server's; `local` is this phone's truth. */
export interface VisitCard {
  readonly insp: string
  readonly number: string
  readonly unitName: string
  readonly address: string
  readonly inspectBy: string
  readonly dueOn?: string
  readonly state: string
  readonly reportState?: string
  readonly lead: string
  readonly team: readonly TeamMember[]
  /** 准备好了: pack and every file of the visit are on this phone and their hashes were checked. */
  readonly ready: boolean
  /** True once this phone holds an event of the visit. */
  readonly started: boolean
  readonly sealedHere: boolean
  readonly sync: SyncState
  readonly returned: boolean
  /** 同机确认: this person signed on a colleague's phone and is asked to confirm it here until `due`, ms. */
  readonly confirm?: { readonly d: string; readonly attest: string; readonly due: number }
  /** Withdrawn by the server (`del`), still here because something was done or is unsent. */
  readonly withdrawn: boolean
}
export interface ReturnNote {
  readonly id: string
  readonly insp: string
  readonly report: string
  readonly round: number
  readonly reasons: readonly { checklist?: string; item?: string; text: string }[]
  readonly note: string
  readonly at: number
  readonly by: string
}
export interface VisitFile {
  readonly sha256: string
  readonly size: number
  readonly mime: string
  readonly name: string
  readonly here: boolean
}

/** Where a photo belongs. `purpose` decides what the record prints. */
export interface PhotoTarget {
  readonly purpose: 'door' | 'item' | 'general' | 'document'
  readonly checklist?: string
  readonly item?: string
  readonly sheet?: number
  readonly caption?: string
  /** Answer to a returned report: makes `supplement.photo` instead of `photo.add`. */
  readonly returnId?: string
  /** After the seal, beside the record: makes `late.photo`. */
  readonly late?: boolean
}
export type PhotoResult = Result<{ readonly h: string; readonly sha256: string }, PhotoReason>
/** Lines burnt into the derived copy, e.g. unit, time, inspectors. The original stays as it was. */
export type StampLines = readonly string[]

/** The camera of one visit: one stream, stopped when the page is hidden, reopened when it returns (P20). */
export interface Camera {
  /** The screen owns the <video>; call once. */
  open(video: HTMLVideoElement): Promise<Result<{ torch: boolean }, 'camera_failed'>>
  /** Shutter: returns when original bytes and their `photo.add` are both on the disk, in one transaction. */
  shoot(target: PhotoTarget, stamp: StampLines): Promise<PhotoResult>
  torch(on: boolean): Promise<boolean>
  close(): void
}
/** The camera as a reader of codes; one stream, closed with the screen. */
export interface Scanner {
  /** `hear` gets every text of every frame, the same one many times. */
  open(video: HTMLVideoElement, hear: (text: string) => void): Promise<Result<{ torch: boolean }, 'camera_failed'>>
  torch(on: boolean): Promise<boolean>
  close(): void
}
export interface VoiceNote {
  /** ms so far. */
  elapsed(): number
  /** Original and `audio.add` are on the disk when this resolves. */
  stop(): Promise<PhotoResult>
}
export interface PendingCapture extends PhotoTarget {
  readonly insp: string
  readonly at: number
  readonly stamp: StampLines
}

/** One named form. `save` is debounced 300 ms and flushed when the page hides; `load` gives the exact place. */
export interface Draft<T> {
  load(): Promise<T | undefined>
  save(value: T): void
  flush(): Promise<Result<object, StoreReason>>
  /** After the draft became an event. */
  drop(): Promise<void>
}
export interface ResumePoint {
  readonly insp: string
  /** Router path with its query. */
  readonly route: string
  /** Anything small the screen needs: open section, scroll position, focused field. */
  readonly place?: JsonObject
  readonly at: number
}

export interface FileState {
  readonly sha256: string
  readonly mime: string
  readonly size: number
  readonly kind: 'photo' | 'audio' | 'ink' | 'other'
  readonly sync: SyncState
  /** 原件已由服务器保存（本机已释放）: the bytes are no longer on this phone. */
  readonly released: boolean
}
/** A refused or flagged thing, for the screen 需要处理. */
export interface Trouble {
  readonly kind: 'event' | 'file' | 'server' | 'login' | 'storage'
  readonly insp?: string
  readonly h?: string
  readonly sha256?: string
  readonly type?: string
  readonly code: string
  readonly text: string
}

/** B's signature on A's phone (A1). `body` is the attest body without salt, or what builds it from the events of that moment. */
export interface SecondSignature {
  readonly dev: string
  readonly pin: string
  readonly body: JsonObject | BodyBuilder
}
export type SecondReason = UnlockReason | 'same_person' | AppendFailure
type AppendFailure = Extract<AppendResult, { ok: false }>['reason']

export interface Visit {
  readonly insp: string
  readonly pack: Pack
  /** Of the pack's bytes, hex; `insp.open` names it. */
  readonly packSha256: string
  readonly card: VisitCard
  /**
   * All events of this inspection this phone knows: own, mates' pulled ones, attestations made here.
   * The same array object until something is added, so it can be memoised on.
   */
  events(): readonly LogEvent[]
  /** `type` and `body` of the contract, without `salt`. Returns only when the disk has it. */
  append(type: string, body: JsonObject): Promise<AppendResult>
  /** Several events, one transaction: all or none. */
  appendAll(events: readonly { type: string; body: JsonObject }[]): Promise<AppendResult>
  /** One event whose body speaks of the others (attest, seal): built when nothing can be added in between. */
  appendBuilt(type: string, build: BodyBuilder): Promise<AppendResult>
  attestAsSecond(signature: SecondSignature): Promise<Result<{ h: string }, SecondReason>>

  camera(): Camera
  scanner(): Scanner
  /** Two phones face to face (A2). */
  mutual(): Promise<Mutual>
  /** The team's enrolments, as synced before departure. */
  phones(): Promise<readonly TeamPhone[]>
  /** Call BEFORE opening the system camera: Android may kill the app (P18). */
  beginSystemCapture(target: PhotoTarget, stamp: StampLines): Promise<Result<object, StoreReason>>
  /** The file of `<input capture>`; clears the marker. */
  finishSystemCapture(file: Blob): Promise<PhotoResult>
  importPhoto(file: Blob, target: PhotoTarget, stamp: StampLines): Promise<PhotoResult>
  /** A drawn-on copy of a photo: purpose `derived`, `of` = the original. */
  addDerived(of: string, jpeg: Blob, item?: { checklist: string; item: string; sheet: number }): Promise<PhotoResult>
  /** Signature image or strokes: kept first, then named by the event the screen appends. */
  keepFile(bytes: Uint8Array<ArrayBuffer>, mime: string): Promise<Result<{ sha256: string; size: number }, StoreReason>>
  recordVoice(target: { checklist?: string; item?: string }): Promise<Result<{ note: VoiceNote }, PhotoReason>>

  /** Object URL of the stamped copy when there is one, else of the original; caller revokes it. */
  photoUrl(sha256: string, want?: 'view' | 'original'): Promise<string | undefined>
  fileBytes(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  files(): Promise<readonly FileState[]>
  /** Files of the preparation (notice PDF …). */
  documents(): Promise<readonly VisitFile[]>
  returns(): Promise<readonly ReturnNote[]>

  /** False when the agency's rules switch positions off: then nothing ever asks the browser. */
  readonly positionAllowed: boolean
  position(): Position | undefined
  /** Positions are allowed by the rules and refused by the person or the browser. */
  positionDenied(): boolean
  /** Four digits to be photographed beside the door plate, where the rules offer it and the phone has an anchor. */
  liveCode(): Promise<string | undefined>
  /** Writes a `gps.fix` of the best position; undefined when there is none. */
  recordPosition(): Promise<AppendResult | undefined>

  draft<T extends JsonObject>(name: string): Draft<T>
  close(): Promise<void>
}

/** A unit found on the way that is not in the registry. Without a place: the address is what a person reads off the door. */
export interface UnitReportForm {
  readonly name: string
  readonly address: string
  readonly uscc: string
  /** What was seen. */
  readonly note: string
}
export interface UnitReport extends UnitReportForm {
  readonly id: string
  readonly at: number
  readonly sync: SyncState
}

export interface SyncOverview {
  readonly sync: SyncState
  /** Events not yet confirmed and the moment of the oldest, ms. */
  readonly unsentEvents: number
  readonly unsentFiles: number
  readonly unsentBytes: number
  readonly oldestUnsent?: number
  readonly lastContact?: number
  /** `login`: work goes on, sending waits for the person to sign in. */
  readonly need: 'nothing' | 'network' | 'login' | 'attention'
  /** Server clock minus phone clock, ms; undefined before the first contact. */
  readonly clockOffset?: number
  /** False where the phone cannot check Ed25519: receipts are checked by proof only, and we say so. */
  readonly receiptsSigned: boolean
  readonly running: boolean
  readonly wifiOnly: boolean
  /** The server could not prove that its log only grew: a red word on every first screen, and work goes on. */
  readonly logFault?: 'E_LOG_ROLLBACK' | 'F_LOG_EQUIVOCATION'
}

export type Change =
  | { readonly topic: 'visits' | 'sync' | 'storage' | 'drafts' }
  | { readonly topic: 'visit'; readonly insp: string }

export interface Session {
  readonly me: Me
  /** What the agency's rules ask of the phone: when it locks by itself, whether lists carry a watermark. */
  policy(): Promise<PolicyFact>
  /** Calls `lock` once when nobody has touched the phone for too long. Returns the way to stop. */
  whenIdle(lock: () => void): () => void
  /** Called after any change, also one made in another tab. Returns the way to stop. */
  subscribe(hear: (change: Change) => void): () => void
  visits(): Promise<readonly VisitCard[]>
  /** undefined when the pack is not on this phone. */
  openVisit(insp: string): Promise<Visit | undefined>
  /** Events outside an inspection (dev.health …). */
  append(type: string, body: JsonObject): Promise<AppendResult>

  /** A unit that is not in the registry: on the disk when this resolves, sent when there is a network. */
  reportUnit(form: UnitReportForm): Promise<Result<{ id: string }, StoreReason>>
  unitReports(): Promise<readonly UnitReport[]>
  /** Takes back one that the server refused. */
  dropUnitReport(id: string): Promise<void>
  /** A form outside a visit. */
  draft<T extends JsonObject>(name: string): Draft<T>

  /** 「再试一次」 and pull-to-refresh; resolves when the round is over. */
  syncNow(): Promise<SyncOverview>
  sync(): Promise<SyncOverview>
  troubles(): Promise<readonly Trouble[]>
  setWifiOnly(on: boolean): Promise<void>
  /** After `need: 'login'`: password at the server renews the tokens; nothing local changes. */
  signIn(login: string, password: string): Promise<Result<object, ReopenReason>>

  resumePoint(): Promise<ResumePoint | undefined>
  setResumePoint(point: Omit<ResumePoint, 'at'> | undefined): Promise<void>
  pendingCapture(): Promise<PendingCapture | undefined>
  /** The person says: no photo came. */
  dropPendingCapture(): Promise<void>

  gauge(): Promise<StorageGauge>
  /** Ask the browser to keep the data; show the answer, never promise (P21). */
  persist(): Promise<boolean>
  /** Keep the screen awake while a visit is open; false where the browser cannot. */
  keepAwake(on: boolean): Promise<boolean>

  /** Everything unsent in one encrypted file. */
  exportUnsent(passphrase: string): Promise<Result<{ file: Blob; name: string; events: number; files: number }, 'weak_passphrase' | 'nothing_unsent'>>
  /** A backup from another phone: this phone carries it to the server, signatures intact, duplicates harmless. */
  importBackup(file: Blob, passphrase: string): Promise<Result<{ events: number; files: number }, 'wrong_passphrase' | 'not_a_backup' | StoreReason>>

  /** Plain reports of other capabilities over the same login (GET /reports/… on the phone). */
  fetchJson(path: string): Promise<Result<{ data: unknown }, 'offline' | 'login' | 'refused'>>
  postJson(path: string, body: unknown): Promise<Result<{ data: unknown }, 'offline' | 'login' | 'refused'>>
  /** 更换密钥: afterwards this session is over and the app is opened again with the same PIN. */
  rotateKey(pin: string): Promise<Result<{ dev: string }, RotateReason>>
  /** The old key has named a new one and the change is not finished: nothing new can be recorded until it is. */
  rotating(): Promise<boolean>
  lock(): Promise<void>
}

export type { TeamPhone, AppendResult, BodyBuilder, JsonObject, LogEvent, Refusal, Result, SelfTest, StorageGauge }
