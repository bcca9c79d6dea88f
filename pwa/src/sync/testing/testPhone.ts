/** A whole phone on a fake server, for tests of what the screens call. */
import type { Pack } from '../../core/pack'
import { utf8 } from '../../core/bytes'
import { sha256Hex } from '../../device/bytes'
import type { Platform } from '../../device/platform'
import type { NetRequest, NetResponse, SelfTest } from '../../device/ports'
import {
  Dice, ed25519Verify, logKeys, MemoryDisk, noCompression, Platter, TestClock, testBus, TestLifecycle, testLocks, TestTimers,
  type DiskFaults,
} from '../../device/testing/memory'
import { appOn } from '../app'
import { FakeServer, reply } from './fakeServer'

export const INSP = '0195f0a0-0000-7000-8000-000000000001'
export const CODES: Readonly<Record<string, { id: string; name: string }>> = {
  CODE000001: { id: 'u-cheng', name: '程甲' },
  CODE000002: { id: 'u-lu', name: '陆乙' },
}
export const PIN = '135790'

export const PACK: Pick<Pack, 'v' | 'insp' | 'number' | 'profile' | 'unit' | 'team'> = {
  v: 1, insp: INSP, number: '2026-11-0042', profile: {}, unit: { id: 'unit-1', name: '示例商场', address: '示例路 1 号' },
  team: [{ user: 'u-cheng', name: '程甲', certificate_no: 'A1', lead: true }, { user: 'u-lu', name: '陆乙', certificate_no: 'A2' }],
}

const GOOD: SelfTest = {
  secure_context: true, service_worker: true, strict_write: true, strict_write_ms: 3, key_reread: true, camera: true,
  locks: true, gzip: true, ed25519: true, display_mode: 'standalone', persisted: true, in_app_browser: false,
  evidence_allowed: true, user_agent: 'test',
}

export class TestPhone {
  readonly platter = new Platter()
  readonly clock = new TestClock()
  readonly timers = new TestTimers()
  readonly lifecycle = new TestLifecycle()
  readonly dice = new Dice(3)
  offline = false
  geoCalls = 0
  stampedWith: readonly string[] = []
  self: SelfTest = GOOD
  /** What the disk does at a commit; asked at each. */
  faults: DiskFaults = {}
  /** What the browser would say of its space. */
  space: { usage?: number; quota?: number } = {}

  private constructor(readonly server: FakeServer, private readonly pack: Uint8Array<ArrayBuffer>, private readonly packSha: string) {}

  static async make(profile: Pack['profile'] = {}): Promise<TestPhone> {
    const pack = utf8(JSON.stringify({ ...PACK, profile }))
    const server = new FakeServer(await logKeys())
    const phone = new TestPhone(server, pack, await sha256Hex(pack))
    server.other = (request) => phone.answer(request)
    return phone
  }

  /** The app as after a start of the process: same disk, nothing remembered. */
  async start() {
    return appOn(this.platform())
  }

  platform(): Platform {
    const disk = new MemoryDisk(this.platter, { onCommit: (writes) => this.faults.onCommit?.(writes) ?? 'fine' })
    return {
      disk, clock: this.clock, timers: this.timers, lifecycle: this.lifecycle, random: this.dice,
      locks: testLocks(), bus: testBus(), compression: noCompression, verifyEd25519: ed25519Verify, pinIterations: 1_000,
      net: {
        request: async (request) => {
          if (this.offline) throw new TypeError('Failed to fetch')
          return this.server.handle(request)
        },
      },
      tools: async () => ({
        lab: {
          encode: async () => ({ bytes: new Uint8Array([1]), width: 1, height: 1 }),
          stamp: async (_bytes, _mime, lines) => {
            this.stampedWith = lines
            return new Uint8Array([0xff, 0xd8, 0xff, 0xd9])
          },
        },
        camera: { media: undefined, lab: { encode: async () => Promise.reject(new Error('none')), stamp: async () => undefined }, lifecycle: this.lifecycle, grab: async () => Promise.reject(new Error('none')) },
        codes: () => ({ read: async () => [], close: () => undefined }),
        microphone: { open: async () => Promise.reject(new Error('none')) },
        geo: () => {
          this.geoCalls++
          return undefined
        },
      }),
      awake: { keep: async () => true },
      selfTest: async () => this.self,
      gauge: async (kept, full) => ({ kept, full, persisted: true, ...this.space }),
      persist: async () => true,
    }
  }

  private reportState: string | null = null
  private told: string | null = null

  /** The leader approves; the phone hears of it with its next question. */
  approve(): void {
    this.reportState = 'approved'
  }

  private answer(request: NetRequest): NetResponse | undefined {
    const path = request.path.replace('/api/v1/', '')
    const { epoch } = this.server.state
    if (path === 'accounts/enrol') return this.enrolled(request)
    if (path === 'accounts/rotated') return this.rotated(request)
    if (path === 'accounts/login') return this.login(request)
    if (path === 'accounts/refresh') return reply(200, { access: 'renewed', refresh: 'r3', expires_in: 600 })
    if (path === `sync/packs/${this.packSha}`) return reply(200, this.pack)
    if (path.startsWith('sync/changes') && (path.endsWith('=') || this.reportState !== this.told)) {
      this.told = this.reportState
      const data = {
        insp: INSP, number: '2026-11-0042', unit_name: '示例商场', address: '示例路 1 号', inspect_by: '2026-11-30',
        state: 'prepared', report_state: this.reportState, lead: 'u-cheng', team: [{ user: 'u-cheng', name: '程甲' }, { user: 'u-lu', name: '陆乙' }],
        pack: this.packSha, files: [],
      }
      return reply(200, { epoch, now: this.clock.now + 500, cursor: 'c1', more: false, changes: [{ kind: 'visit', id: INSP, op: 'put', data }] })
    }
    if (path.startsWith('sync/changes')) return reply(200, { epoch, now: this.clock.now + 500, cursor: 'c1', more: false, changes: [] })
    return undefined
  }

  private enrolled(request: NetRequest): NetResponse {
    const { code, spki } = JSON.parse(new TextDecoder().decode(request.body)) as { code: string; spki: string }
    const user = CODES[code]
    if (user === undefined) return reply(422, { code: 'E_ENROL_CODE', detail: '登记码不正确或已过期' })
    this.devices.push(spki)
    return reply(200, {
      dev: this.devName(spki), user: { ...user, certificate_no: 'A1' }, agency: { id: 'fire-demo', name: '示例大队' },
      access: `access-${user.id}`, refresh: 'r1', expires_in: 600, epoch: this.server.state.epoch, log: this.server.logKey,
    })
  }

  /** The answer to a change of the key gets lost. */
  rotationLost = false

  private rotated(request: NetRequest): NetResponse {
    if (this.rotationLost) throw new TypeError('Failed to fetch')
    const { event, spki } = JSON.parse(new TextDecoder().decode(request.body)) as { event: string; spki: string }
    const known = [...this.server.state.chains.values()].some((chain) => chain.at(-1)?.h === event)
    if (!known) return reply(409, { code: 'E_ROTATION', detail: '没有这次密钥更换' })
    return reply(201, { dev: this.devName(spki), access: 'rotated', refresh: 'r9', expires_in: 600 })
  }

  readonly devices: string[] = []
  /** Filled by the test: the id the phone computes from its key. */
  devName: (spki: string) => string = () => ''

  private login(request: NetRequest): NetResponse {
    const { login, password } = JSON.parse(new TextDecoder().decode(request.body)) as { login: string; password: string }
    if (password !== 'right') return reply(401, { code: 'E_LOGIN', detail: '用户名或密码不正确' })
    return reply(200, { access: 'fresh', refresh: 'r2', expires_in: 600, user: { id: login, name: login } })
  }
}
