/**
 * The ports of the phone: what the rest of the PWA may ask of the browser, as types only.
 * Implementations stand beside this file; sync/ takes them as arguments, so that the client
 * as shipped can be simulated with a fake network, clock, random source and crash.
 */

/** SJ-JSON 1 values (record-log 2.1): integers only, no null, keys `[a-z][a-z0-9_]{0,31}`. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** The event as it travels and as it is kept: UTF-8 text of header and body, signature in b64url. */
export interface WireEvent {
  readonly h: string
  readonly s: string
  readonly b?: string
}

/** Header of record-log 2.2. */
export interface EventHeader {
  readonly v: 1
  readonly t: string
  readonly dev: string
  readonly n: number
  readonly prev: string
  readonly insp: string
  readonly i: number
  readonly wall: number
  readonly mono: number
  readonly boot: string
  readonly off: number
  readonly offage: number
  readonly by: string
  readonly body: string
  readonly blen: number
  readonly seen?: readonly [number, string]
}

/** What the fold reads: `h` is the event's identity, b64url. `body` is null only when erased by law. */
export interface LogEvent {
  readonly h: string
  readonly header: EventHeader
  readonly body: JsonObject | null
}

/** Expected refusals are values; each carries the Chinese sentence the screen shows as it stands. */
export type Refusal<R extends string> = { readonly ok: false; readonly reason: R; readonly text: string }
export type Result<T, R extends string> = ({ readonly ok: true } & T) | Refusal<R>

export type StoreReason = 'storage_full' | 'store_lost' | 'locked'
/** `changed`: the events are no longer those the person decided on. */
export type AppendReason = StoreReason | 'bad_body' | 'changed'
export type PhotoReason = AppendReason | 'unsupported_format' | 'too_large' | 'camera_failed'
/** Called inside the serial chain of appends with the events as they lie on the disk at that moment. */
export type BodyBuilder = (events: readonly LogEvent[]) => Promise<Result<{ readonly body: JsonObject }, 'changed'>>
export type AppendResult = Result<{ readonly h: string; readonly n: number; readonly wall: number }, AppendReason>

/** The only reader of clocks. `mono` counts ms since `boot` began and may stop while the phone sleeps. */
export interface Clock {
  readonly boot: string
  wall(): number
  mono(): number
}

export interface Random {
  bytes(count: number): Uint8Array<ArrayBuffer>
}

/** Timers, so that a debounce and a back-off can be driven by a test. */
export interface Timers {
  after(ms: number, run: () => void): () => void
}

export interface NetRequest {
  readonly method: string
  /** Path below the origin, e.g. `/api/v1/sync/events`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
  readonly timeoutMs?: number
}
export interface NetResponse {
  readonly status: number
  header(name: string): string | null
  readonly body: Uint8Array<ArrayBuffer>
}
/** Rejects only for transport failures (no network, time-out): a status is an answer. */
export interface Net {
  request(request: NetRequest): Promise<NetResponse>
}

/** One holder per name over all tabs; `run` is not called when somebody else holds it. */
export interface Locks {
  ifFree<T>(name: string, run: () => Promise<T>): Promise<T | undefined>
  exclusive<T>(name: string, run: () => Promise<T>): Promise<T>
}

/** News for the other tabs of this installation. */
export interface Bus {
  post(message: BusMessage): void
  listen(hear: (message: BusMessage) => void): () => void
}
export interface BusMessage {
  readonly dev: string
  readonly topic: 'visits' | 'visit' | 'sync' | 'storage' | 'drafts'
  readonly insp?: string
}

export interface Compression {
  /** gzip, or undefined where CompressionStream is missing. */
  gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined>
}

/** When the page comes and goes, and what the browser guesses about its network. */
export interface Lifecycle {
  hidden(): boolean
  onHide(run: () => void): () => void
  onShow(run: () => void): () => void
  onNetwork(run: () => void): () => void
  /** Somebody touches, types or scrolls. */
  onActivity(run: () => void): () => void
  /** A hint only: never decides whether something counts as sent (P22). */
  connection(): 'wifi' | 'metered' | 'unknown'
}

/** Pixels are touched in a worker only (P30). */
export interface PhotoLab {
  /** A frame of the camera as JPEG bytes. Takes over `frame`. */
  encode(frame: ImageBitmap): Promise<{ bytes: Uint8Array<ArrayBuffer>; width: number; height: number }>
  /** A copy of at most 1600 px with `lines` burnt into its foot; undefined when it cannot be decoded. */
  stamp(bytes: Uint8Array<ArrayBuffer>, mime: string, lines: readonly string[]): Promise<Uint8Array<ArrayBuffer> | undefined>
}

/** A row as it lies on the disk: nothing readable but its key and its revision. */
export interface DiskRow {
  readonly key: string
  /** Rises by one with every write; part of the AAD and of every compare-and-set. */
  readonly rev: number
  readonly iv: ArrayBuffer
  readonly data: ArrayBuffer
}
export type DiskStoreName = 'facts' | 'bytes'
export type DiskWrite =
  | { readonly store: DiskStoreName; readonly put: DiskRow }
  | { readonly store: DiskStoreName; readonly del: string }
export interface DiskExpectation {
  readonly store: DiskStoreName
  readonly key: string
  /** 0 = must not exist. */
  readonly rev: number
}
export type CommitOutcome = 'done' | 'stale' | 'full'

/** The two stores of phone-stack 3.2 plus meta. One call of `commit` is one strict transaction. */
export interface Disk {
  get(store: DiskStoreName, key: string): Promise<DiskRow | undefined>
  range(store: DiskStoreName, prefix: string): Promise<readonly DiskRow[]>
  keys(store: DiskStoreName, prefix: string): Promise<readonly string[]>
  commit(writes: readonly DiskWrite[], expect?: readonly DiskExpectation[]): Promise<CommitOutcome>
  getMeta<T>(key: string): Promise<T | undefined>
  metaKeys(prefix: string): Promise<readonly string[]>
  putMeta(key: string, value: unknown): Promise<void>
  /** Read, change and write one meta value in one strict transaction; returns the new value. */
  updateMeta<T>(key: string, change: (old: T | undefined) => T | undefined): Promise<T | undefined>
}

export interface Position {
  /** Degrees × 10^7, WGS-84. */
  readonly lat: number
  readonly lon: number
  /** Accuracy in cm. */
  readonly acc: number
  /** Moment of the fix, ms. */
  readonly at: number
}
/** A watcher that was refused by the rules (D-22) never touches the browser's geolocation at all. */
export interface PositionWatch {
  readonly allowed: boolean
  start(): void
  stop(): void
  best(): Position | undefined
  /** The person or the browser has said no: waiting will not help. */
  denied(): boolean
}

export interface StorageGauge {
  /** Bytes of evidence this person keeps here, counted by us. */
  readonly kept: number
  /** What the browser says; a hint only: Chromium reports 10 GB whatever is free (P14). */
  readonly usage?: number
  readonly quota?: number
  readonly persisted: boolean | undefined
  /** True after a write was refused for space; photos stop, small writes go on. */
  readonly full: boolean
}

export interface SelfTest {
  readonly secure_context: boolean
  readonly service_worker: boolean
  readonly strict_write: boolean
  readonly strict_write_ms: number
  readonly key_reread: boolean
  readonly camera: boolean
  readonly locks: boolean
  readonly gzip: boolean
  readonly ed25519: boolean
  readonly display_mode: 'standalone' | 'browser'
  readonly persisted: boolean
  readonly in_app_browser: boolean
  /** iOS in a Safari tab: evidence may be deleted after seven days, capture is refused (P15, P16). */
  readonly evidence_allowed: boolean
  readonly user_agent: string
}
