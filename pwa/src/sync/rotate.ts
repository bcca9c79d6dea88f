/**
 * 更换密钥 (record-log 2.10): the old key names the new one in its last event; the new chain begins after that event.
 *
 * Order matters more than speed: everything unsent goes first, the new key pair is on the disk before the old chain
 * ends, and each step can be taken again after a kill. The old store stays: it is the second copy of the evidence.
 */
import { b64url, deviceId, utf8 } from '../device/bytes'
import { EventLog, type KeptEvent } from '../device/log'
import { EVENT, ROTATED } from '../device/logKeys'
import type { Installation, People, PersonRecord } from '../device/people'
import type { Platform } from '../device/platform'
import type { JsonObject, Result } from '../device/ports'
import { makeKeys, signerOf } from '../device/signer'
import type { Vault } from '../device/vault'
import { keys, type DeviceFact } from './facts'
import { epochOf, inventory, unsentEvents, unsentFiles } from './outbox'
import type { UnlockReason } from './session'
import { unlockRefusal } from './unlockTexts'
import { APP_VERSION } from './version'
import { API, problemOf, readJson, tokensFrom } from './wire'

const ROTATING = 'rotating/'
interface Rotating {
  readonly keys: CryptoKeyPair
  readonly spki: ArrayBuffer
}
export type RotateReason = UnlockReason | 'unsent' | 'offline' | 'refused' | 'storage_full'

export interface RotateParts {
  readonly platform: Platform
  readonly people: People
  readonly installation: Installation
  readonly person: PersonRecord
  readonly vault: Vault
  readonly log: EventLog
  /** One round of sending. */
  readonly send: () => Promise<unknown>
}

/** On success the old store is closed to new work and the person opens the new one with the same PIN. */
export async function rotateKey(parts: RotateParts, pin: string): Promise<Result<{ dev: string }, RotateReason>> {
  const { platform, people, installation, person, vault } = parts
  const right = await people.unlock(person.dev, pin, installation)
  if (!right.ok) return unlockRefusal(right.reason, right.left)
  right.vault.close()
  const ended = (await vault.get<{ h: string }>(ROTATED)) !== undefined
  if (!ended) {
    const waiting = await unsent(parts)
    if (waiting > 0) return { ok: false, reason: 'unsent', text: `还有 ${waiting} 项没有上传。请在有网络的地方等全部送达后再更换，以免留在旧密钥下。` }
  }
  const kept = await platform.disk.getMeta<Rotating>(ROTATING + vault.dev)
  const pair: Rotating = kept ?? (await makeKeys())
  if (kept === undefined) await platform.disk.putMeta(ROTATING + vault.dev, pair)
  const dev = await deviceId(pair.spki)
  const spki = b64url(new Uint8Array(pair.spki))
  if (!ended) {
    // From this transaction on the old chain has ended, whatever happens to this process.
    const done = await parts.log.append([{ type: 'key.rotate', body: { spki, dev }, insp: '' }], [{ put: ROTATED, value: { dev } }])
    if (!done.ok) return { ok: false, reason: done.reason === 'storage_full' ? 'storage_full' : 'refused', text: done.text }
  }
  const event = await lastOf(vault)
  if (event === undefined || (await unsent(parts)) > 0) return { ok: false, reason: 'offline', text: '更换已经声明，还没有送达服务器。联网后在这里继续，期间不能记录新的内容。' }
  return finish(parts, { pair, dev, spki, event, pin })
}

async function unsent({ vault, send }: RotateParts): Promise<number> {
  await send()
  const all = await inventory(vault, await epochOf(vault))
  return unsentEvents(all).filter(({ carried }) => !carried).length + unsentFiles(all).length
}

/** H of the event in which the old key named the new one: the last of its chain. */
async function lastOf(vault: Vault): Promise<string | undefined> {
  const last = (await vault.keys(EVENT)).sort((a, b) => numberOf(a) - numberOf(b)).at(-1)
  const kept = last === undefined ? undefined : await vault.get<KeptEvent>(last)
  return kept !== undefined && (JSON.parse(kept.w.h) as { t: string }).t === 'key.rotate' ? kept.h : undefined
}

function numberOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1))
}

async function finish(
  { platform, people, installation, person, vault }: RotateParts,
  next: { pair: Rotating; dev: string; spki: string; event: string; pin: string },
): Promise<Result<{ dev: string }, RotateReason>> {
  const { pair, dev, spki, event, pin } = next
  const signer = signerOf(pair.keys)
  const sig = b64url(await signer.sign(utf8(`suijian/rotate/v1\0${event}`)))
  const answer = await platform.net
    .request({
      method: 'POST', path: `${API}accounts/rotated`, headers: { 'Content-Type': 'application/json' },
      body: utf8(JSON.stringify({ event, spki, sig })),
    })
    .catch(() => undefined)
  const json = answer === undefined ? undefined : readJson(answer)
  const tokens = answer?.status === 201 ? tokensFrom(json, platform.clock.wall()) : undefined
  const old = await vault.get<DeviceFact>(keys.device)
  if (tokens === undefined || old === undefined) {
    const text = (answer && problemOf(answer)?.text) ?? '更换已经声明，还没有得到服务器确认。联网后在这里继续。'
    return { ok: false, reason: answer === undefined ? 'offline' : 'refused', text }
  }
  const device: DeviceFact = { ...old, dev }
  const made = await people.add(
    { dev, user: person.user, name: person.name, agencyName: person.agencyName, spki: pair.spki, keys: pair.keys }, pin, installation,
  )
  const { clock, random } = platform
  // The new chain begins after the event that named its key, not at zero.
  await made.vault.write([{ put: 'chain', value: { n: 0, prev: event, wall: 0, mono: 0, boot: '' } }])
  const log = new EventLog({ vault: made.vault, signer, clock, random, user: person.user })
  const body: JsonObject = { spki, installation: installation.id, user: person.user, agency: device.agency, app: `suijian-pwa ${APP_VERSION}` }
  const epoch = { epoch: await epochOf(vault) }
  const done = await log.append(
    [{ type: 'dev.genesis', body, insp: '' }],
    [{ put: keys.device, value: device }, { put: keys.tokens, value: tokens }, { put: keys.epoch, value: epoch }, { put: keys.health, value: { at: clock.wall() } }],
  )
  made.vault.close()
  if (!done.ok) return { ok: false, reason: done.reason === 'storage_full' ? 'storage_full' : 'refused', text: done.text }
  await people.retire(person.dev, dev)
  await platform.disk.updateMeta(ROTATING + vault.dev, () => undefined)
  return { ok: true, dev }
}
