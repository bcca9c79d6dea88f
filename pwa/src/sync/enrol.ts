/**
 * Enrolling one person on this phone (D-5): key pair, the server's yes to the one-time code, PIN and vault,
 * then device record, tokens and `dev.genesis` in one transaction. Keys are kept before the request goes
 * out: when the answer is lost, the same code is tried again with the same key.
 */
import { b64url, deviceId, utf8 } from '../device/bytes'
import { EventLog } from '../device/log'
import type { Installation, People, PersonRecord } from '../device/people'
import type { Platform } from '../device/platform'
import type { JsonObject, Result, SelfTest } from '../device/ports'
import { makeKeys, signerOf } from '../device/signer'
import type { Vault } from '../device/vault'
import { keys, type DeviceFact } from './facts'
import type { EnrolForm, EnrolReason } from './session'
import { APP_VERSION } from './version'
import { API, problemOf, readJson, tokensFrom } from './wire'

const ENROLLING = 'enrolling'

interface Enrolling {
  readonly code: string
  readonly keys: CryptoKeyPair
  readonly spki: ArrayBuffer
}
type Enrolled = Result<{ vault: Vault; person: PersonRecord; device: DeviceFact }, EnrolReason>

export async function enrolPerson(
  platform: Platform, people: People, installation: Installation, form: EnrolForm, tested: SelfTest,
): Promise<Enrolled> {
  const code = form.code.trim().toUpperCase()
  const begun = await platform.disk.getMeta<Enrolling>(ENROLLING)
  const pair: Enrolling = begun?.code === code ? begun : { code, ...(await makeKeys()) }
  await platform.disk.putMeta(ENROLLING, pair)
  const dev = await deviceId(pair.spki)
  const signer = signerOf(pair.keys)
  const answer = await platform.net
    .request({
      method: 'POST', path: `${API}accounts/enrol`, headers: { 'Content-Type': 'application/json' },
      body: utf8(JSON.stringify({
        code, spki: b64url(new Uint8Array(pair.spki)), installation: installation.id,
        sig: b64url(await signer.sign(utf8(`suijian/enrol/v1\0${code}`))), label: form.label, self_test: tested,
      })),
    })
    .catch(() => undefined)
  const json = answer === undefined ? undefined : readJson(answer)
  if (answer === undefined || json === undefined) {
    return { ok: false, reason: 'offline', text: '登记本机需要连接服务器一次，请在有网络的地方重试。登记码仍然有效时可直接再试。' }
  }
  if (answer.status < 200 || answer.status > 299) {
    const problem = problemOf(answer)
    const bad = answer.status === 404 || answer.status === 410 || answer.status === 422
    return { ok: false, reason: bad ? 'bad_code' : 'refused', text: problem?.text ?? '登记码不正确或已过期，请向管理员要一个新的。' }
  }
  const tokens = tokensFrom(json, platform.clock.wall())
  const device = deviceFrom(json, dev, installation.id)
  if (tokens === undefined || device === undefined) {
    return { ok: false, reason: 'refused', text: '服务器的回答不完整，登记没有完成，请联系管理员。' }
  }
  if (tokens.policy?.recoveryKey !== undefined) await people.learnRecoveryKey(tokens.policy.recoveryKey)
  const { vault, person } = await people.add(
    { dev, user: device.user, name: device.name, agencyName: device.agencyName, spki: pair.spki, keys: pair.keys },
    form.pin, installation,
  )
  const { clock, random } = platform
  const log = new EventLog({ vault, signer, clock, random, user: device.user })
  const genesis: JsonObject = {
    spki: b64url(new Uint8Array(pair.spki)), installation: installation.id, user: device.user, agency: device.agency,
    app: `suijian-pwa ${APP_VERSION}`,
  }
  const epoch = typeof json.epoch === 'number' ? json.epoch : 0
  const done = await log.append(
    [
      { type: 'dev.genesis', body: genesis, insp: '' },
      { type: 'dev.health', body: { self_test: { ...tested } }, insp: '' },
    ],
    [
      { put: keys.device, value: device }, { put: keys.tokens, value: tokens }, { put: keys.epoch, value: { epoch } },
      { put: keys.health, value: { at: clock.wall() } },
    ],
  )
  if (!done.ok) return done.reason === 'bad_body' || done.reason === 'changed' ? { ...done, reason: 'refused' } : { ...done, reason: done.reason }
  await platform.disk.updateMeta(ENROLLING, () => undefined)
  return { ok: true, vault, person, device }
}

/** undefined when the server named another device or left out what every receipt needs. */
function deviceFrom(json: Record<string, unknown>, dev: string, installation: string): DeviceFact | undefined {
  const user = json.user as Record<string, unknown> | undefined
  const log = json.log as Record<string, unknown> | undefined
  if (json.dev !== dev || typeof user?.id !== 'string' || typeof log?.name !== 'string' || typeof log.key !== 'string') {
    return undefined
  }
  const agency = json.agency
  const named = typeof agency === 'object' && agency !== null ? { ...agency } as Record<string, unknown> : undefined
  const text = (...values: readonly unknown[]): string => values.find((value) => typeof value === 'string') as string ?? ''
  return {
    dev, installation, user: user.id, name: text(user.name), certificateNo: text(user.certificate_no),
    agency: text(named?.id, agency, user.agency), agencyName: text(named?.name, user.agency_name, json.agency_name),
    log: { name: log.name, key: log.key },
  }
}
