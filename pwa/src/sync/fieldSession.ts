/** One unlocked person: visits, sync and everything around them, for the screens. */
import { sha256 } from '../device/bytes'
import { allFiles } from '../device/files'
import type { EventLog } from '../device/log'
import { ROTATED } from '../device/logKeys'
import type { Installation, People, PersonRecord } from '../device/people'
import type { Platform } from '../device/platform'
import { DAMAGED, storeTrouble } from '../device/refusals'
import { signerOf } from '../device/signer'
import type { AppendResult, JsonObject, Result, StorageGauge, StoreReason } from '../device/ports'
import type { Vault } from '../device/vault'
import { cardOf, visitCards } from './cards'
import { Drafts } from './drafts'
import { SyncEngine } from './engine'
import { IDLE_MINUTES, watchIdle } from './idle'
import {
  keys, type DeviceFact, type LogFaultFact, type OffsetLike, type PolicyFact, type ReportFact, type SettingsFact, type TokensFact,
} from './facts'
import { signInAs } from './login'
import { epochOf, inventory } from './outbox'
import type { SecondPerson } from './secondPerson'
import type { RotateReason } from './rotate'
import type { Answer } from './wire'
import { count, stateOf, troublesOf, waiting } from './states'
import type {
  Change, Draft, Me, PendingCapture, ReopenReason, ResumePoint, Session, SyncOverview, Trouble, UnitReport, UnitReportForm, Visit, VisitCard,
} from './session'

/** The self-test writes 5 MB: not while the list of today is being drawn. */
const HEALTH_AFTER_MS = 20_000

function plain(answer: Answer<unknown>): Result<{ data: unknown }, 'offline' | 'login' | 'refused'> {
  switch (answer.kind) {
    case 'ok':
      return { ok: true, data: answer.data }
    case 'away':
      return { ok: false, reason: 'offline', text: '现在连不上服务器，请稍后再看。已保存的内容不受影响。' }
    case 'login':
      return { ok: false, reason: 'login', text: '登录已过期，请重新登录。' }
    case 'problem':
      return { ok: false, reason: 'refused', text: answer.problem.text }
  }
}

export class FieldSession implements Session {
  readonly me: Me
  /** One log for everybody: it keeps the appends in line. */
  private made: Promise<EventLog> | undefined
  private readonly makeLog: () => Promise<EventLog>
  private readonly engine: SyncEngine
  private readonly drafts: Drafts
  private readonly visitsOpen = new Set<Visit>()
  private second: SecondPerson | undefined
  private full = false
  private stopHealth: () => void = () => undefined

  constructor(
    private readonly platform: Platform, private readonly vault: Vault, private readonly person: PersonRecord,
    device: DeviceFact, private readonly people: People, private readonly installation: Installation,
  ) {
    const { clock, random } = platform
    const signer = signerOf(person.keys)
    this.me = {
      dev: device.dev, user: device.user, name: device.name, certificateNo: device.certificateNo,
      agency: device.agency, agencyName: device.agencyName, installation: device.installation,
    }
    this.makeLog = async () => {
      const { EventLog } = await import('../device/log')
      return new EventLog({ vault, signer, clock, random, user: device.user })
    }
    this.engine = new SyncEngine({ ...platform, vault, signer, sha256 })
    this.drafts = new Drafts(vault, platform.timers, platform.lifecycle)
  }

  /** Starts the sync and finishes voice notes a kill interrupted. */
  async start(): Promise<void> {
    const { clock, random } = this.platform
    if ((await this.vault.keys('voice/')).length > 0) {
      const { recoverVoices } = await import('../device/recorder')
      await recoverVoices({ vault: this.vault, log: await this.log(), clock, random })
    }
    // A round may have brought an approval or a receipt: while the store is full that is room.
    this.engine.subscribe(({ topic }) => {
      if (topic !== 'sync' || this.engine.running || !this.vault.open) return
      if (this.full) void this.makeRoom()
      void this.reportLogFault()
    })
    this.engine.start()
    void this.askAnchor()
    this.stopHealth = this.platform.timers.after(HEALTH_AFTER_MS, () => void this.reportHealth())
  }

  /** Opened before departure: the events of the day shall lie after a fresh anchor (record-log 2.4). */
  private async askAnchor(): Promise<void> {
    try {
      const { askAnchor } = await import('./automatic')
      if (await askAnchor({ vault: this.vault, log: await this.log(), clock: this.platform.clock })) this.engine.soon(0)
    } catch (error) {
      // Locked meanwhile: the next opening asks again.
      storeTrouble(error)
    }
  }

  /** While a visit is open its camera and its disk belong to the visit: then the next start asks again. */
  private async reportHealth(): Promise<void> {
    if (this.visitsOpen.size > 0 || !this.vault.open) return
    const { clock, selfTest, gauge } = this.platform
    const parts = { vault: this.vault, log: await this.log(), clock, selfTest, gauge: () => gauge(0, this.full) }
    try {
      const { reportHealth } = await import('./automatic')
      if (await reportHealth(parts)) this.engine.soon(0)
    } catch (error) {
      // Locked in the middle of the test: the next start asks again.
      storeTrouble(error)
    }
  }

  /** The server could not prove its log: one signed word of it goes into the chain, whatever is open. */
  private async reportLogFault(): Promise<void> {
    try {
      const fault = await this.vault.get<LogFaultFact>(keys.logFault)
      if (fault === undefined || fault.told) return
      const { clock, selfTest } = this.platform
      const { reportLogFault } = await import('./automatic')
      if (await reportLogFault({ vault: this.vault, log: await this.log(), clock, selfTest })) this.engine.soon(0)
    } catch (error) {
      storeTrouble(error)
    }
  }

  async policy(): Promise<PolicyFact> {
    const tokens = await this.vault.get<TokensFact>(keys.tokens)
    // Its copy of the vault key is made at the next unlocking, when the key is at hand.
    if (tokens?.policy?.recoveryKey !== undefined) await this.people.learnRecoveryKey(tokens.policy.recoveryKey)
    return tokens?.policy ?? { idleMinutes: IDLE_MINUTES, watermark: true }
  }

  whenIdle(lock: () => void): () => void {
    let minutes = IDLE_MINUTES
    // A renewed token may bring another limit.
    const read = (): Promise<void> => this.policy().then(({ idleMinutes }) => void (minutes = idleMinutes), storeTrouble) as Promise<void>
    void read()
    const stopReading = this.engine.subscribe(({ topic }) => {
      if (topic === 'sync' && this.vault.open) void read()
    })
    const stopWatching = watchIdle({ ...this.platform, limitMs: () => minutes * 60_000 }, lock)
    return () => {
      stopReading()
      stopWatching()
    }
  }

  subscribe(hear: (change: Change) => void): () => void {
    return this.engine.subscribe(({ topic, insp }) => {
      if (topic !== 'visit') hear({ topic })
      else if (insp !== undefined) hear({ topic, insp })
    })
  }

  visits(): Promise<readonly VisitCard[]> {
    return visitCards(this.vault, this.engine.running)
  }

  async openVisit(insp: string): Promise<Visit | undefined> {
    const { platform, vault, me } = this
    const [{ OpenVisit }, second, tools, log] = await Promise.all([
      import('./openVisit'), import('./secondPerson'), platform.tools(), this.log(),
    ])
    const visit = await OpenVisit.open(
      {
        platform, tools, vault, log, engine: this.engine, drafts: this.drafts,
        second: (this.second ??= new second.SecondPerson(platform, this.people, this.installation, { user: me.user, vault, log })),
        gauge: () => this.platform.gauge(0, this.full),
        card: (id) => cardOf(this.vault, id, this.engine.running),
        noteSpace: (full) => this.noteSpace(full),
        closed: (which) => this.visitsOpen.delete(which),
      },
      insp,
    )
    if (visit !== undefined) this.visitsOpen.add(visit)
    return visit
  }

  async append(type: string, body: JsonObject): Promise<AppendResult> {
    const done = await (await this.log()).append([{ type, body, insp: '' }])
    if (done.ok) this.engine.soon(3_000)
    return done.ok ? { ok: true, h: done.h, n: done.n, wall: done.wall } : done
  }

  async reportUnit(form: UnitReportForm): Promise<Result<{ id: string }, StoreReason>> {
    const [{ keepReport }, { newId }] = await Promise.all([import('./unitReports'), import('../device/newId')])
    const done = await keepReport(this.vault, this.platform.clock, newId(), form)
    if (done.ok) {
      this.engine.tell({ topic: 'sync' })
      this.engine.soon(0)
    }
    return done
  }

  async unitReports(): Promise<readonly UnitReport[]> {
    return (await import('./unitReports')).unitReports(this.vault, this.engine.running)
  }

  async dropUnitReport(id: string): Promise<void> {
    await (await import('./unitReports')).dropReport(this.vault, id)
    this.engine.tell({ topic: 'sync' })
  }

  draft<T extends JsonObject>(name: string): Draft<T> {
    return this.drafts.of<T>('', name)
  }

  async syncNow(): Promise<SyncOverview> {
    await this.engine.round(true)
    return this.sync()
  }

  async sync(): Promise<SyncOverview> {
    const { vault } = this
    const all = await inventory(vault, await epochOf(vault))
    const [tokens, settings, contact, offset] = await Promise.all([
      vault.get<TokensFact>(keys.tokens), vault.get<SettingsFact>(keys.settings),
      vault.get<{ at: number }>(keys.contact), vault.get<OffsetLike>(keys.offset),
    ])
    const reports = (await vault.list<ReportFact>(keys.unitReports)).map(({ value }) => value).filter(({ sent }) => sent === undefined)
    const events = count(all)
    const counted = { done: events.done, total: events.total + reports.length, troubled: events.troubled || reports.some(({ refused }) => refused !== undefined) }
    const alarms = await vault.keys('alarm/')
    const logFault = await vault.get<LogFaultFact>(keys.logFault)
    const unsent = counted.done < counted.total
    const attention = counted.troubled || alarms.length > 0 || vault.damaged.size > 0
    const login = tokens === undefined || tokens.dead
    const held = await waiting(vault, all)
    const oldest = Math.min(held.oldestUnsent ?? Infinity, ...reports.map(({ at }) => at))
    return {
      ...held,
      unsentEvents: held.unsentEvents + reports.length,
      ...(oldest === Infinity ? {} : { oldestUnsent: oldest }),
      // Only what was refused is content; an alarm or a damaged row is another matter, told under 需要处理.
      sync: stateOf({ ...counted, troubled: attention }, this.engine.running, counted.troubled ? undefined : '请点“去处理”查看'),
      ...(contact === undefined ? {} : { lastContact: contact.at }),
      ...(offset === undefined ? {} : { clockOffset: offset.off }),
      need: login ? 'login' : attention ? 'attention' : unsent && !this.engine.running ? 'network' : 'nothing',
      receiptsSigned: this.platform.verifyEd25519 !== undefined,
      running: this.engine.running,
      ...(logFault === undefined ? {} : { logFault: logFault.code }),
      wifiOnly: settings?.wifiOnly ?? false,
    }
  }

  async troubles(): Promise<readonly Trouble[]> {
    const { vault } = this
    const epoch = await epochOf(vault)
    const found = await troublesOf(vault, await inventory(vault, epoch), epoch)
    const tokens = await vault.get<TokensFact>(keys.tokens)
    if (tokens === undefined || tokens.dead) {
      found.push({ kind: 'login', code: 'LOGIN', text: '登录已过期：记录照常保存在手机上，重新登录后自动上传。' })
    }
    for (const { value } of await vault.list<ReportFact>(keys.unitReports)) {
      if (value.refused !== undefined && value.sent === undefined) found.push({ kind: 'server', code: 'UNIT_REPORT', text: `上报的单位“${value.name}”没有被接受：${value.refused}` })
    }
    if (vault.damaged.size > 0) {
      found.push({ kind: 'storage', code: 'E_STORE_DAMAGED', text: `${DAMAGED}（${vault.damaged.size} 处）` })
    }
    if (this.full) {
      found.push({ kind: 'storage', code: 'STORAGE_FULL', text: '手机存储空间不足，照片和录音暂时不能保存；请清理空间或先上传。' })
    }
    return found
  }

  async setWifiOnly(on: boolean): Promise<void> {
    const value: SettingsFact = { wifiOnly: on }
    await this.vault.write([{ put: keys.settings, value }])
    if (!on) this.engine.soon(0)
    this.engine.tell({ topic: 'sync' })
  }

  async signIn(login: string, password: string): Promise<Result<object, ReopenReason>> {
    const done = await signInAs(this.platform, this.person, login, password)
    if (!done.ok) return done
    await this.vault.write([{ put: keys.tokens, value: done.tokens }])
    this.engine.soon(0)
    this.engine.tell({ topic: 'sync' })
    return { ok: true }
  }

  resumePoint(): Promise<ResumePoint | undefined> {
    return this.vault.get<ResumePoint>(keys.resume)
  }

  async setResumePoint(point: Omit<ResumePoint, 'at'> | undefined): Promise<void> {
    const value = point && { ...point, at: this.platform.clock.wall() }
    await this.vault.write([value === undefined ? { del: keys.resume } : { put: keys.resume, value }])
  }

  pendingCapture(): Promise<PendingCapture | undefined> {
    return this.vault.get<PendingCapture>(keys.pending)
  }

  async dropPendingCapture(): Promise<void> {
    await this.vault.write([{ del: keys.pending }])
  }

  async gauge(): Promise<StorageGauge> {
    const kept = (await allFiles(this.vault)).reduce((sum, { size, released }) => sum + (released === undefined ? size : 0), 0)
    return this.platform.gauge(kept, this.full)
  }

  persist(): Promise<boolean> {
    return this.platform.persist()
  }

  keepAwake(on: boolean): Promise<boolean> {
    return this.platform.awake.keep(on)
  }

  async exportUnsent(passphrase: string) {
    const { exportUnsent } = await import('./backup')
    const { random, clock } = this.platform
    return exportUnsent({ vault: this.vault, random, wall: clock.wall() }, passphrase)
  }

  async importBackup(file: Blob, passphrase: string) {
    const { importBackup } = await import('./backup')
    const done = await importBackup({ vault: this.vault, sha256, wall: this.platform.clock.wall() }, file, passphrase)
    this.engine.soon(0)
    return done
  }

  async fetchJson(path: string): Promise<Result<{ data: unknown }, 'offline' | 'login' | 'refused'>> {
    return plain(await this.engine.wire.get<unknown>(path.replace(/^\/+/, '')))
  }

  async postJson(path: string, body: unknown): Promise<Result<{ data: unknown }, 'offline' | 'login' | 'refused'>> {
    return plain(await this.engine.wire.post<unknown>(path.replace(/^\/+/, ''), body))
  }

  /** The key for a new one; the person opens the app again with the same PIN. */
  async rotateKey(pin: string): Promise<Result<{ dev: string }, RotateReason>> {
    const { rotateKey } = await import('./rotate')
    const { platform, people, installation, person, vault } = this
    return rotateKey({ platform, people, installation, person, vault, log: await this.log(), send: () => this.engine.round(true) }, pin)
  }

  async rotating(): Promise<boolean> {
    return (await this.vault.get(ROTATED)) !== undefined
  }

  /** Drafts first, then the key is forgotten. Everything stays. */
  async lock(): Promise<void> {
    for (const visit of [...this.visitsOpen]) await visit.close()
    await this.drafts.close()
    this.stopHealth()
    this.engine.stop()
    this.second?.close()
    this.vault.close()
  }

  private log(): Promise<EventLog> {
    // A failed loading must not be remembered: the next call tries again.
    this.made ??= this.makeLog().catch((error: unknown) => {
      this.made = undefined
      throw error
    })
    return this.made
  }

  private noteSpace(full: boolean): void {
    if (full) void this.makeRoom()
    if (this.full === full) return
    this.full = full
    this.engine.tell({ topic: 'storage' })
  }

  /** Only ever under pressure: originals the server has long had and nobody needs any more leave the phone. */
  private async makeRoom(): Promise<void> {
    try {
      const { releaseOriginals } = await import('./release')
      const { files } = await releaseOriginals({ vault: this.vault, clock: this.platform.clock })
      if (files === 0) return
      this.full = false
      this.engine.tell({ topic: 'storage' })
    } catch (error) {
      storeTrouble(error)
    }
  }
}
