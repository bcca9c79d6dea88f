/** One open visit: its pack, its events in memory as they lie on the disk, and every way to add to them. */
import { liveCode } from '../core/chain'
import type { Pack } from '../core/pack'
import { sha256 } from '../device/bytes'
import { geotagOff } from '../core/pack'
import { CODE_WISH, InAppCamera } from '../device/camera'
import { CodeScanner } from '../device/codeReader'
import { fileFact, readFile } from '../device/files'
import type { Appended, EventLog } from '../device/log'
import type { AnchorFact } from '../device/logKeys'
import { keepLoose, keepPhoto, makeStamped, viewOf, type KeptPhoto, type PhotoOrder } from '../device/photos'
import type { Platform } from '../device/platform'
import { positionWatch } from '../device/position'
import type { AppendResult, BodyBuilder, JsonObject, LogEvent, PositionWatch, Result, StorageGauge, StoreReason } from '../device/ports'
import { VoiceRecording } from '../device/recorder'
import type { VisitTools } from '../device/visitTools'
import { refuse, storeTrouble } from '../device/refusals'
import type { Vault } from '../device/vault'
import { VisitWatch } from './automatic'
import type { Drafts } from './drafts'
import type { SyncEngine } from './engine'
import { keys, type DeviceFact, type TeamPhone, type VisitFact } from './facts'
import type { Mutual } from './mutual'
import { epochOf, inventory } from './outbox'
import type { SecondPerson } from './secondPerson'
import { fileStates, stateOf } from './states'
import type {
  Camera, Draft, FileState, PendingCapture, PhotoResult, PhotoTarget, ReturnNote, Scanner, SecondReason, SecondSignature,
  StampLines, Visit, VisitCard, VisitFile, VoiceNote,
} from './session'

export interface VisitParts {
  readonly platform: Platform
  readonly tools: VisitTools
  readonly vault: Vault
  readonly log: EventLog
  readonly engine: SyncEngine
  readonly drafts: Drafts
  readonly second: SecondPerson
  readonly card: (insp: string) => Promise<VisitCard | undefined>
  readonly gauge: () => Promise<StorageGauge>
  /** Tells the session whether the store refused for space. */
  readonly noteSpace: (full: boolean) => void
  readonly closed: (visit: Visit) => void
}

export class OpenVisit implements Visit {
  private list: readonly LogEvent[]
  private readonly watch: PositionWatch
  private readonly automatic: VisitWatch
  private readonly stopListening: () => void
  private readonly cameras = new Set<InAppCamera>()
  /** While this visit speaks of itself: what it added is in memory already. */
  private telling = false

  private constructor(
    private readonly parts: VisitParts, readonly insp: string, readonly pack: Pack,
    readonly packSha256: string, private shown: VisitCard, events: readonly LogEvent[],
  ) {
    this.list = events
    this.watch = positionWatch(!geotagOff(pack), parts.tools.geo)
    this.watch.start()
    this.automatic = new VisitWatch({
      dev: parts.vault.dev, clock: parts.platform.clock, lifecycle: parts.platform.lifecycle, gauge: parts.gauge,
      events: () => this.list, append: (type, body) => this.append(type, body),
    })
    // Another tab or the change feed added something: read again.
    this.stopListening = parts.engine.subscribe((message) => {
      if (message.topic === 'visit' && message.insp === insp && !this.telling) void this.reload()
    })
  }

  static async open(parts: VisitParts, insp: string): Promise<OpenVisit | undefined> {
    const fact = await parts.vault.get<VisitFact>(keys.visit(insp))
    const card = await parts.card(insp)
    if (fact === undefined || card === undefined) return undefined
    const events = await parts.log.events(insp)
    const sha = packBegunWith(events) ?? fact.pack
    const bytes = sha === null ? undefined : await readFile(parts.vault, sha)
    if (sha === null || bytes === undefined) return undefined
    const pack = JSON.parse(new TextDecoder().decode(bytes)) as Pack
    return new OpenVisit(parts, insp, pack, sha, card, events)
  }

  get card(): VisitCard {
    return this.shown
  }

  get positionAllowed(): boolean {
    return this.watch.allowed
  }

  events(): readonly LogEvent[] {
    return this.list
  }

  append(type: string, body: JsonObject): Promise<AppendResult> {
    return this.appendAll([{ type, body }])
  }

  async appendAll(events: readonly { type: string; body: JsonObject }[]): Promise<AppendResult> {
    return this.added(await this.parts.log.append(events.map((event) => ({ ...event, insp: this.insp }))))
  }

  async appendBuilt(type: string, build: BodyBuilder): Promise<AppendResult> {
    return this.added(await this.parts.log.appendBuilt(this.insp, type, build))
  }

  private added(done: Appended): AppendResult {
    if (!done.ok) {
      this.parts.noteSpace(done.reason === 'storage_full')
      return done
    }
    this.took(done.events)
    // A seal is worth a round at once; anything else waits for the next breath.
    this.parts.engine.soon(done.events.some(({ header }) => header.t === 'seal') ? 0 : 3_000)
    return { ok: true, h: done.h, n: done.n, wall: done.wall }
  }

  async attestAsSecond(signature: SecondSignature): Promise<Result<{ h: string }, SecondReason>> {
    const done = await this.parts.second.attest(this.insp, signature)
    if (!done.ok) return done
    this.took(done.events)
    this.parts.engine.soon(3_000)
    return { ok: true, h: done.h }
  }

  camera(): Camera {
    const camera = new InAppCamera(this.parts.tools.camera)
    this.cameras.add(camera)
    return {
      open: (video) => camera.open(video),
      shoot: async (target, stamp) => {
        const frame = await camera.frame()
        return frame.ok ? this.keep(frame.bytes, { ...this.order(target), src: 'inapp' }, stamp) : frame
      },
      torch: (on) => camera.torch(on),
      close: () => {
        camera.close()
        this.cameras.delete(camera)
      },
    }
  }

  scanner(): Scanner {
    const { camera, codes } = this.parts.tools
    const eye = new InAppCamera(camera, CODE_WISH)
    const scanner = new CodeScanner(eye, codes())
    this.cameras.add(eye)
    return {
      open: (video, hear) => scanner.open(video, hear),
      torch: (on) => scanner.torch(on),
      close: () => {
        scanner.close()
        this.cameras.delete(eye)
      },
    }
  }

  async mutual(): Promise<Mutual> {
    const [{ MutualAttestation }, me] = await Promise.all([import('./mutual'), this.parts.vault.get<DeviceFact>(keys.device)])
    if (me === undefined) throw new Error('a visit is open on a phone that nobody is enrolled on')
    const { vault, log, platform: { clock, random } } = this.parts
    return new MutualAttestation({ insp: this.insp, pack: this.pack, me, vault, log, clock, random, took: (events) => this.took(events) })
  }

  async phones(): Promise<readonly TeamPhone[]> {
    return (await this.parts.vault.get<VisitFact>(keys.visit(this.insp)))?.phones ?? []
  }

  async beginSystemCapture(target: PhotoTarget, stamp: StampLines): Promise<Result<object, StoreReason>> {
    const { vault, platform, drafts } = this.parts
    const pending: PendingCapture = { ...target, insp: this.insp, at: platform.clock.wall(), stamp }
    try {
      await drafts.flush()
      const outcome = await vault.write([{ put: keys.pending, value: pending }])
      return outcome === 'done' ? { ok: true } : refuse(outcome === 'full' ? 'storage_full' : 'store_lost')
    } catch (error) {
      return storeTrouble(error)
    }
  }

  async finishSystemCapture(file: Blob): Promise<PhotoResult> {
    const pending = await this.parts.vault.get<PendingCapture>(keys.pending)
    const target: PhotoTarget = pending?.insp === this.insp ? pending : { purpose: 'general' }
    const bytes = new Uint8Array(await file.arrayBuffer())
    const done = await this.keep(bytes, { ...this.order(target), src: 'system' }, pending?.stamp ?? [])
    // The marker stays when nothing was kept: the person is asked again after a restart.
    if (done.ok) await this.parts.vault.write([{ del: keys.pending }])
    return done
  }

  async importPhoto(file: Blob, target: PhotoTarget, stamp: StampLines): Promise<PhotoResult> {
    return this.keep(new Uint8Array(await file.arrayBuffer()), { ...this.order(target), src: 'import' }, stamp)
  }

  async addDerived(of: string, jpeg: Blob, item?: { checklist: string; item: string; sheet: number }): Promise<PhotoResult> {
    const order = { ...this.order({ purpose: 'general', ...item }), purpose: 'derived' as const, src: 'inapp' as const, of }
    return this.keep(new Uint8Array(await jpeg.arrayBuffer()), order, [])
  }

  async keepFile(bytes: Uint8Array<ArrayBuffer>, mime: string): Promise<Result<{ sha256: string; size: number }, StoreReason>> {
    const done = await keepLoose({ ...this.parts, clock: this.parts.platform.clock }, this.insp, bytes, mime)
    this.parts.noteSpace(!done.ok && done.reason === 'storage_full')
    return done
  }

  async recordVoice(target: { checklist?: string; item?: string }): Promise<Result<{ note: VoiceNote }, 'camera_failed' | AppendFailure>> {
    const { platform, tools, vault, log } = this.parts
    const begun = await VoiceRecording.start(
      { vault, log, clock: platform.clock, random: platform.random }, tools.microphone, { ...target, insp: this.insp },
    )
    if (!begun.ok) return { ...begun, reason: 'camera_failed' }
    const { recording } = begun
    return {
      ok: true,
      note: {
        elapsed: () => recording.elapsed(),
        stop: async () => {
          const done = await recording.stop()
          if (done.ok) this.took(done.events)
          return done.ok ? { ok: true, h: done.h, sha256: done.sha256 } : done
        },
      },
    }
  }

  async photoUrl(sha256: string, want: 'view' | 'original' = 'view'): Promise<string | undefined> {
    const found = await viewOf(this.parts.vault, sha256, want)
    return found === undefined ? undefined : URL.createObjectURL(new Blob([found.bytes], { type: found.mime }))
  }

  fileBytes(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return readFile(this.parts.vault, sha256)
  }

  async files(): Promise<readonly FileState[]> {
    const { vault, engine } = this.parts
    const epoch = await epochOf(vault)
    return fileStates(vault, await inventory(vault, epoch), epoch, this.insp, engine.moving?.sha256)
  }

  async documents(): Promise<readonly VisitFile[]> {
    const fact = await this.parts.vault.get<VisitFact>(keys.visit(this.insp))
    return Promise.all(
      (fact?.files ?? []).map(async ({ sha256, size, mime, name }) => ({
        sha256, size, mime, name, here: (await fileFact(this.parts.vault, sha256)) !== undefined,
      })),
    )
  }

  async returns(): Promise<readonly ReturnNote[]> {
    const found = await this.parts.vault.list<ReturnNote>(`return/${this.insp}/`)
    return found.map(({ value }) => ({ ...value, insp: this.insp })).sort((a, b) => a.round - b.round)
  }

  position() {
    return this.watch.best()
  }

  positionDenied(): boolean {
    return this.watch.denied()
  }

  async liveCode(): Promise<string | undefined> {
    const anchor = await this.parts.vault.get<AnchorFact>(keys.anchor)
    if (anchor === undefined || this.pack.profile['onsite.live_code'] !== true) return undefined
    return liveCode(sha256, this.insp, anchor.root)
  }

  async recordPosition(): Promise<AppendResult | undefined> {
    const best = this.watch.best()
    return best === undefined ? undefined : this.append('gps.fix', { ...best })
  }

  draft<T extends JsonObject>(name: string): Draft<T> {
    return this.parts.drafts.of<T>(this.insp, name)
  }

  async close(): Promise<void> {
    this.watch.stop()
    this.automatic.stop()
    this.stopListening()
    for (const camera of this.cameras) camera.close()
    await this.parts.drafts.flush()
    this.parts.closed(this)
  }

  private order(target: PhotoTarget): Omit<PhotoOrder, 'src'> {
    const { purpose, checklist, item, sheet, caption, returnId, late } = target
    return {
      insp: this.insp, purpose, geotag: this.watch.allowed,
      ...(checklist === undefined ? {} : { checklist }), ...(item === undefined ? {} : { item }),
      ...(sheet === undefined ? {} : { sheet }), ...(caption === undefined ? {} : { caption }),
      ...(returnId === undefined ? {} : { returnId }), ...(late === undefined ? {} : { late }),
    }
  }

  private async keep(bytes: Uint8Array<ArrayBuffer>, order: PhotoOrder, stamp: StampLines): Promise<PhotoResult> {
    const { vault, log, platform, engine } = this.parts
    const done: KeptPhoto = await keepPhoto({ vault, log, clock: platform.clock }, bytes, order)
    this.parts.noteSpace(!done.ok && done.reason === 'storage_full')
    void this.automatic.space()
    if (!done.ok) return done
    this.took(done.events)
    engine.soon(3_000)
    if (stamp.length > 0) void this.stampLater(done.sha256, stamp)
    return { ok: true, h: done.h, sha256: done.sha256 }
  }

  /** The original is safe; a copy that cannot be made is only missing comfort. */
  private async stampLater(sha: string, stamp: StampLines): Promise<void> {
    const { vault, platform, tools } = this.parts
    const made = await makeStamped({ vault, lab: tools.lab, clock: platform.clock }, sha, stamp).catch((error: unknown) => {
      storeTrouble(error)
      return false
    })
    if (made) this.tell()
  }

  /**
   * In memory at once, so that the tap that saved is not kept waiting. The card is reckoned on, not read again: to read it
   * is to look at the keys of everything on this phone.
   */
  private took(events: readonly LogEvent[]): void {
    const here = events.filter(({ header }) => header.insp === this.insp)
    this.merge(here)
    const own = here.filter(({ header }) => header.dev === this.parts.vault.dev)
    if (own.length > 0) this.shown = this.grown(own)
    void Promise.resolve().then(() => this.tell())
  }

  private grown(own: readonly LogEvent[]): VisitCard {
    const { sync, sealedHere } = this.shown
    const counted = { done: sync.done, total: sync.total + own.length, troubled: sync.word === 'attention' }
    return {
      ...this.shown, started: true, sealedHere: sealedHere || own.some(({ header }) => header.t === 'seal'),
      sync: stateOf(counted, this.parts.engine.running, sync.reason),
    }
  }

  private tell(): void {
    this.telling = true
    this.parts.engine.tell({ topic: 'visit', insp: this.insp })
    this.telling = false
  }

  /** The same array when nothing came: the screen folds again only for a reason. */
  private merge(events: readonly LogEvent[]): void {
    const here = new Set(this.list.map(({ h }) => h))
    const fresh = events.filter(({ h }) => !here.has(h))
    if (fresh.length > 0) this.list = [...this.list, ...fresh]
  }

  /** Locked or lost in between: what is shown stays shown, the next unlocking reads it again. */
  private async reload(): Promise<void> {
    try {
      this.merge(await this.parts.log.events(this.insp))
    } catch (error) {
      storeTrouble(error)
    }
    await this.refreshCard()
  }

  private async refreshCard(): Promise<void> {
    try {
      this.shown = (await this.parts.card(this.insp)) ?? this.shown
    } catch (error) {
      storeTrouble(error)
    }
  }
}

/** An inspection keeps the versions it started with: a newer pack of the server does not replace them. */
function packBegunWith(events: readonly LogEvent[]): string | undefined {
  const opens = events.filter(({ header }) => header.t === 'insp.open').sort((a, b) => a.header.wall - b.header.wall)
  const named = opens[0]?.body?.pack
  return typeof named === 'string' ? named : undefined
}

type AppendFailure = Extract<AppendResult, { ok: false }>['reason']
