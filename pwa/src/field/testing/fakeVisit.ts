/**
 * A visit in memory for component tests: the `Visit` of sync/session with the real body checker and the
 * real fold behind it, so that a screen that writes a wrong body fails its test. Not part of the app.
 */
import { checkBody } from '@/core/events'
import type { Checklist, ChecklistItem, Pack } from '@/core/pack'
import { sha256Hex, utf8 } from '@/device/bytes'
import { refuse } from '@/device/refusals'
import type { AppendResult, BodyBuilder, JsonObject, LogEvent, PendingCapture, PhotoResult, PhotoTarget, ResumePoint, Session, Visit } from '@/sync/session'

export const INSP = '0198c0de-0000-7000-8000-000000000001'
export const ME = 'u-qin'
export const MATE = 'u-lu'
const SALT = 'AAAAAAAAAAAAAAAA'
const DEVS: Readonly<Record<string, string>> = { [ME]: `${'m'.repeat(21)}A`, [MATE]: `${'p'.repeat(21)}A` }

export function anItem(id: string, text: string, rest: Partial<ChecklistItem> = {}): ChecklistItem {
  return { id, text, answer: { type: 'c3' }, evidence: { photo: 'never', document: false, mark: false }, ...rest }
}

export function aChecklist(items: readonly ChecklistItem[], rest: Partial<Checklist> = {}): Checklist {
  return { id: 'CL-T-1', title: '消防监督检查', hash: 'a'.repeat(64), record_kind: 'fire_record', sections: [{ title: '基本情况', items }], ...rest }
}

export function aPack(checklists: readonly Checklist[], rest: Partial<Pack> = {}): Pack {
  return {
    v: 1, insp: INSP, number: '2026-11-0042', created_ms: 1, mode: 'on_site',
    agency: { id: 'fire-test', name: '测试消防救援大队', kind: 'fire' },
    unit: { id: 'u1', name: '测试商贸有限公司', address: '测试路 1 号' },
    team: [
      { user: ME, name: '秦试', certificate_no: 'T-001', valid_to: '2030-01-01', lead: true },
      { user: MATE, name: '陆验', certificate_no: 'T-002', valid_to: '2030-01-01' },
    ],
    assignments: [{ id: 'as-1' }], checklists, profile: {},
    hashes: { profile: 'b'.repeat(64), item_list: 'c'.repeat(64), checklists: {} },
    pin: 'p', facts: {}, texts: {},
    phrases: [{ when: 'finding', text: '疏散通道堆放杂物，影响通行。' }, { when: 'measure', text: '责令立即改正。' }],
    ...rest,
  }
}

export class FakeVisit implements Visit {
  readonly insp = INSP
  readonly packSha256 = 'd'.repeat(64)
  readonly card = { insp: INSP, sync: { word: 'saved', done: 0, total: 0 } } as Visit['card']
  positionAllowed = false
  /** Drafts by name, as the vault would keep them. */
  readonly drafts = new Map<string, JsonObject>()
  /** The next append or photo is refused with this reason. */
  failNext: 'storage_full' | 'camera_failed' | '' = ''
  cameraRefused = false
  pendingPhoto: PendingCapture | undefined
  /** URLs handed out and not yet revoked are the test's to count. */
  url: (sha256: string) => Promise<string | undefined> = () => Promise.resolve(undefined)
  private list: readonly LogEvent[] = []
  private shots = 0

  constructor(readonly pack: Pack) {}

  events(): readonly LogEvent[] {
    return this.list
  }
  /** Types and bodies of what this phone's person added after the opening. */
  written(): { type: string; body: JsonObject }[] {
    return this.list.slice(1).flatMap(({ header, body }) => (header.by === ME && body ? [{ type: header.t, body: withoutSalt(body) }] : []))
  }
  async append(type: string, body: JsonObject): Promise<AppendResult> {
    return this.appendAll([{ type, body }])
  }
  async appendBuilt(type: string, build: BodyBuilder): Promise<AppendResult> {
    const made = await build(this.list)
    return made.ok ? this.append(type, made.body) : made
  }
  async appendAll(events: readonly { type: string; body: JsonObject }[]): Promise<AppendResult> {
    if (this.failNext === 'storage_full') {
      this.failNext = ''
      return refuse('storage_full')
    }
    let last: AppendResult = refuse('bad_body')
    for (const { type, body } of events) {
      const event = await this.write(ME, type, body)
      last = { ok: true, h: event.h, n: event.header.n, wall: event.header.wall }
    }
    return last
  }
  /** An event of a person, as it would lie in the log; a body the log would refuse is an error here. */
  async write(by: string, t: string, body: JsonObject): Promise<LogEvent> {
    const salted = { ...body, salt: SALT }
    const problems = checkBody(t, salted)
    if (problems.length > 0) throw new Error(problems.join('\n'))
    const dev = DEVS[by] ?? ''
    const n = this.list.filter((one) => one.header.dev === dev).length + 1
    const wall = Date.UTC(2026, 10, 3, 1, 5) + this.list.length * 1000
    const h = (await hash(`${dev}/${n}`)).slice(0, 42) + 'A'
    const event: LogEvent = {
      h,
      header: { v: 1, t, dev, n, prev: h, insp: INSP, i: n, wall, mono: n, boot: 'b', off: 0, offage: 0, by, body: h, blen: 1 },
      body: salted,
    }
    this.list = [...this.list, event]
    return event
  }

  async addPhoto(target: PhotoTarget, src: 'inapp' | 'system' | 'import'): Promise<PhotoResult> {
    if (this.failNext !== '') {
      const reason = this.failNext
      this.failNext = ''
      return refuse(reason)
    }
    this.shots += 1
    const sha256 = await sha256Hex(utf8(`photo ${this.shots}`))
    const { returnId, ...place } = target
    const done = await this.append(returnId ? 'supplement.photo' : 'photo.add', { sha256, size: 9, mime: 'image/jpeg', width: 4, height: 3, src, ...place, ...(returnId ? { return_id: returnId } : {}) })
    return done.ok ? { ok: true, h: done.h, sha256 } : done
  }
  camera(): ReturnType<Visit['camera']> {
    return {
      open: async () => (this.cameraRefused ? refuse('camera_failed', '没有相机权限。') : { ok: true, torch: true }),
      shoot: (target) => this.addPhoto(target, 'inapp'),
      torch: async () => true,
      close: () => undefined,
    }
  }
  /** What the camera sees next; a test holds codes before it. */
  show: (text: string) => void = () => undefined
  scanner(): ReturnType<Visit['scanner']> {
    return {
      open: async (_video, hear) => {
        this.show = hear
        return { ok: true, torch: true }
      },
      torch: async () => true,
      close: () => undefined,
    }
  }
  mutual: Visit['mutual'] = async () => Promise.reject(new Error('no second phone here'))
  teamPhones: Awaited<ReturnType<Visit['phones']>> = []
  async phones(): ReturnType<Visit['phones']> {
    return this.teamPhones
  }
  async beginSystemCapture(target: PhotoTarget): Promise<{ ok: true }> {
    this.pendingPhoto = { ...target, insp: INSP, at: 1_000, stamp: [] }
    return { ok: true }
  }
  async finishSystemCapture(): Promise<PhotoResult> {
    const { insp: _insp, at: _at, stamp: _stamp, ...target } = this.pendingPhoto ?? { insp: '', at: 0, stamp: [], purpose: 'general' as const }
    const kept = await this.addPhoto(target, 'system')
    if (kept.ok) this.pendingPhoto = undefined
    return kept
  }
  importPhoto(_file: Blob, target: PhotoTarget): Promise<PhotoResult> {
    return this.addPhoto(target, 'import')
  }
  async addDerived(of: string, _jpeg: Blob, item?: { checklist: string; item: string; sheet: number }): Promise<PhotoResult> {
    const sha256 = await sha256Hex(utf8(`derived ${of}`))
    const done = await this.append('photo.add', { sha256, size: 9, mime: 'image/jpeg', width: 4, height: 3, src: 'inapp', purpose: 'derived', of, ...item })
    return done.ok ? { ok: true, h: done.h, sha256 } : done
  }
  async keepFile(bytes: Uint8Array<ArrayBuffer>): Promise<{ ok: true; sha256: string; size: number }> {
    return { ok: true, sha256: await sha256Hex(bytes), size: bytes.length }
  }
  async recordVoice(target: { checklist?: string; item?: string }): ReturnType<Visit['recordVoice']> {
    const stop = async (): Promise<PhotoResult> => {
      const sha256 = await sha256Hex(utf8('voice'))
      const done = await this.append('audio.add', { sha256, size: 9, mime: 'audio/webm', duration_ms: 65_000, ...target })
      return done.ok ? { ok: true, h: done.h, sha256 } : done
    }
    return { ok: true, note: { elapsed: () => 65_000, stop } }
  }
  photoUrl(sha256: string): Promise<string | undefined> {
    return this.url(sha256)
  }
  draft<T extends JsonObject>(name: string): ReturnType<Visit['draft']> & { load(): Promise<T | undefined>; save(value: T): void } {
    return {
      load: async () => this.drafts.get(name) as T | undefined,
      save: (value: JsonObject) => void this.drafts.set(name, JSON.parse(JSON.stringify(value)) as JsonObject),
      flush: async () => ({ ok: true }),
      drop: async () => void this.drafts.delete(name),
    }
  }
  attestAsSecond: Visit['attestAsSecond'] = async () => ({ ok: false, reason: 'wrong_pin', text: 'PIN 码不对。' })
  fileBytes = () => Promise.resolve(undefined)
  files = () => Promise.resolve([])
  documents = () => Promise.resolve([])
  returns = () => Promise.resolve([])
  position: Visit['position'] = () => undefined
  positionDenied = (): boolean => false
  liveCode: Visit['liveCode'] = () => Promise.resolve(undefined)
  recordPosition = () => Promise.resolve(undefined)
  close = () => Promise.resolve()
}

function withoutSalt(body: JsonObject): JsonObject {
  const { salt: _salt, ...rest } = body
  return rest
}
async function hash(text: string): Promise<string> {
  return sha256Hex(utf8(text))
}

export interface FakePhone {
  readonly session: Session
  /** The newest resume point. */
  readonly resume: { point: Omit<ResumePoint, 'at'> | undefined }
}

/** The parts of a session that screens inside a visit call. */
export function fakePhone(visit: FakeVisit): FakePhone {
  const resume: FakePhone['resume'] = { point: undefined }
  const session = {
    me: { dev: DEVS[ME], user: ME, name: '秦试', certificateNo: 'T-001', agency: 'fire-test', agencyName: '测试消防救援大队', installation: 'i' },
    subscribe: () => () => undefined,
    keepAwake: async () => true,
    visits: async () => [],
    openVisit: async () => visit,
    setResumePoint: async (point: Omit<ResumePoint, 'at'> | undefined) => {
      resume.point = point
    },
    pendingCapture: async () => visit.pendingPhoto,
    dropPendingCapture: async () => {
      visit.pendingPhoto = undefined
    },
  }
  return { session: session as unknown as Session, resume }
}
