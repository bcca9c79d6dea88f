/**
 * A forgotten PIN (docs/adr/0012). The vault key comes back sealed to a key this phone has just made; between asking
 * and receiving lies the administrator, who hears six digits from the person. Nothing on the phone is lost meanwhile,
 * and nothing of it is readable: what waits here is an unusable half.
 */
import { b64url, concat, sha256, utf8, type Bytes } from '../device/bytes'
import { makeBoxKeys, openBox, type Box } from '../device/box'
import { pinIsWeak, type Installation, type People, type PersonRecord } from '../device/people'
import type { Platform } from '../device/platform'
import type { NetResponse, Result } from '../device/ports'
import { signerOf } from '../device/signer'
import type { Vault } from '../device/vault'
import { keys, type DeviceFact } from './facts'
import { signInAs } from './login'
import type { RecoveryReason, RecoveryState, ReopenReason } from './session'
import { API, problemOf, readJson } from './wire'

const OFFLINE = '现在连不上服务器，请在有网络的地方重试。'
const WEAK = 'PIN 为 6–12 位数字，不能全部相同或连续（如 123456）。'

/** What waits on the disk while the administrator has not answered. The access token lives ten minutes. */
interface Asked {
  readonly id: string
  readonly check: string
  readonly keys: CryptoKeyPair
  readonly spki: ArrayBuffer
  readonly access: string
  readonly until: number
}
const askedKey = (dev: string): string => `recovery/${dev}`

export class Recovery {
  constructor(private readonly platform: Platform, private readonly people: People, private readonly installation: Installation) {}

  async ask(person: PersonRecord, login: string, password: string): Promise<Result<{ check: string }, RecoveryReason>> {
    const { disk, clock } = this.platform
    if (person.recovery === undefined) {
      return { ok: false, reason: 'no_copy', text: '这部手机上还没有可以找回的密钥副本（登记后还没有联网解锁过），不能重设 PIN。记录都还在，请想起 PIN 后再试。' }
    }
    const signed = await this.signIn(person, login, password)
    if (!signed.ok) return signed
    const fresh = await makeBoxKeys()
    const key = b64url(new Uint8Array(fresh.spki))
    const sig = b64url(await signerOf(person.keys).sign(utf8(`suijian/recovery/v1\0${key}`)))
    const answer = await this.send('POST', 'accounts/recovery', signed.access, { sealed: person.recovery.box, key, sig })
    const json = answer && readJson(answer)
    if (answer === undefined || json === undefined) return { ok: false, reason: 'offline', text: OFFLINE }
    if (answer.status !== 201 || typeof json.id !== 'string') {
      return { ok: false, reason: 'refused', text: problemOf(answer)?.text ?? '服务器没有接受这个申请，请联系管理员。' }
    }
    const check = await checkNumber(json.id, new Uint8Array(fresh.spki))
    const asked: Asked = { id: json.id, check, ...fresh, access: signed.access, until: clock.wall() + 9 * 60_000 }
    await disk.putMeta(askedKey(person.dev), asked)
    return { ok: true, check }
  }

  /** How the request stands. `login`: the token has run out, the password is asked for again. */
  async state(person: PersonRecord): Promise<RecoveryState> {
    const asked = await this.asked(person.dev)
    if (asked === undefined) return { word: 'none' }
    const told = await this.told(asked)
    if (typeof told === 'string') return { word: told, check: asked.check }
    if (told.state === 'waiting') return { word: 'waiting', check: asked.check }
    if (told.state === 'released') return { word: 'released', check: asked.check }
    return { word: 'over', check: asked.check, ...(told.reason === '' ? {} : { reason: told.reason }) }
  }

  /** The password again, for a request that waited longer than the token lives. */
  async resume(person: PersonRecord, login: string, password: string): Promise<Result<object, ReopenReason>> {
    const signed = await this.signIn(person, login, password)
    if (!signed.ok) return signed
    const until = this.platform.clock.wall() + 9 * 60_000
    await this.platform.disk.updateMeta<Asked>(askedKey(person.dev), (old) => old && { ...old, access: signed.access, until })
    return { ok: true }
  }

  /** The new PIN over the old key. The request is over only when the new record is on the disk. */
  async finish(
    person: PersonRecord, pin: string,
  ): Promise<Result<{ vault: Vault; person: PersonRecord; device: DeviceFact }, RecoveryReason>> {
    if (pinIsWeak(pin)) return { ok: false, reason: 'weak_pin', text: WEAK }
    const asked = await this.asked(person.dev)
    const told = asked === undefined ? 'none' : await this.told(asked)
    if (asked === undefined || typeof told === 'string' || told.released === undefined) {
      return { ok: false, reason: 'offline', text: OFFLINE }
    }
    const own = { privateKey: asked.keys.privateKey, spki: new Uint8Array(asked.spki) }
    const raw = await openBox(own, `release|${asked.id}|${person.dev}`, told.released)
    let device: DeviceFact | undefined
    const renewed = raw && await this.people.renew(person.dev, raw, pin, this.installation, async (vault) => {
      device = await vault.get<DeviceFact>(keys.device)
      return device !== undefined
    })
    if (renewed === undefined || device === undefined) {
      return { ok: false, reason: 'refused', text: '取回的密钥打不开本机的数据，什么也没有改动。请联系管理员重新处理。' }
    }
    await this.send('POST', `accounts/recovery/${asked.id}/done`, asked.access)
    await this.forget(person.dev)
    return { ok: true, ...renewed, device }
  }

  async forget(dev: string): Promise<void> {
    await this.platform.disk.updateMeta(askedKey(dev), () => undefined)
  }

  private asked(dev: string): Promise<Asked | undefined> {
    return this.platform.disk.getMeta<Asked>(askedKey(dev))
  }

  private async signIn(person: PersonRecord, login: string, password: string): Promise<Result<{ access: string }, ReopenReason>> {
    const done = await signInAs(this.platform, person, login, password)
    return done.ok ? { ok: true, access: done.tokens.access } : done
  }

  private async told(asked: Asked): Promise<{ state: string; reason: string; released?: Box } | 'offline' | 'login'> {
    if (asked.until <= this.platform.clock.wall()) return 'login'
    const answer = await this.send('GET', `accounts/recovery/${asked.id}`, asked.access)
    if (answer?.status === 401) return 'login'
    const json = answer?.status === 200 ? readJson(answer) : undefined
    if (json === undefined || typeof json.state !== 'string') return 'offline'
    const box = json.released as Partial<Box> | undefined
    const whole = typeof box?.epk === 'string' && typeof box.iv === 'string' && typeof box.ct === 'string'
    return { state: json.state, reason: typeof json.reason === 'string' ? json.reason : '', ...(whole ? { released: box as Box } : {}) }
  }

  private send(method: string, path: string, access: string, body?: unknown): Promise<NetResponse | undefined> {
    const headers = { Authorization: `Bearer ${access}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }
    return this.platform.net
      .request({ method, path: API + path, headers, ...(body === undefined ? {} : { body: utf8(JSON.stringify(body)) }) })
      .catch(() => undefined)
  }
}

/** Computed here and at the server alike: a key put in between shows other digits. */
export async function checkNumber(id: string, key: Bytes): Promise<string> {
  const digest = await sha256(concat(utf8(`suijian/recovery-check/v1\0${id}\0`), key))
  return String(new DataView(digest.buffer).getBigUint64(0) % 1_000_000n).padStart(6, '0')
}
