import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { makeBoxKeys, openBox, sealBox, type Box } from '../device/box'
import { b64url, fromB64url, hex } from '../device/bytes'
import type { PersonRecord } from '../device/people'
import { Dice } from '../device/testing/memory'
import { checkNumber } from './recovery'
import { INSP, PIN, TestPhone } from './testing/testPhone'
import { reply } from './testing/fakeServer'

const NEW_PIN = '908172'
interface Vector { pkcs8: string; spki: string; context: string; plain_hex: string; box: Box; request: string; check: string }
const vector = JSON.parse(readFileSync(new URL('../../../tests/vectors/recovery-box.json', import.meta.url), 'utf8')) as Vector

describe('the box', () => {
  it('of the vector opens here as it does on the server, and for nothing else', async () => {
    const curve = { name: 'ECDH', namedCurve: 'P-256' }
    const privateKey = await crypto.subtle.importKey('pkcs8', fromB64url(vector.pkcs8), curve, false, ['deriveBits'])
    const own = { privateKey, spki: fromB64url(vector.spki) }
    const plain = await openBox(own, vector.context, vector.box)
    expect(plain && hex(plain)).toBe(vector.plain_hex)
    expect(await openBox(own, 'vault|somebody-else', vector.box)).toBeUndefined()
    expect(await openBox(own, vector.context, { ...vector.box, ct: 'A'.repeat(64) })).toBeUndefined()
    expect(await openBox(own, vector.context, { ...vector.box, epk: 'AAAA' })).toBeUndefined()
    expect(await checkNumber(vector.request, own.spki)).toBe(vector.check)
  })
})

/** The server's side of a recovery, as server/accounts/recovery.py does it. */
class Helper {
  readonly asked: { sealed: Box; key: string; sig: string }[] = []
  released: Box | undefined
  state = 'waiting'
  done = 0
  constructor(readonly keys: CryptoKeyPair, readonly spki: Uint8Array<ArrayBuffer>) {}

  async release(dev: string): Promise<void> {
    const last = this.asked.at(-1)
    if (last === undefined) throw new Error('nobody has asked')
    const { sealed, key } = last
    const raw = await openBox({ privateKey: this.keys.privateKey, spki: this.spki }, `vault|${dev}`, sealed)
    if (raw === undefined) throw new Error('the copy does not open')
    this.released = await sealBox(fromB64url(key), `release|req-1|${dev}`, raw, new Dice(5))
    this.state = 'released'
  }
}

let phone: TestPhone
let helper: Helper
let dev: string
const record = (): PersonRecord => phone.platter.meta.get(`person/${dev}`) as PersonRecord

describe('a forgotten PIN', () => {
  beforeEach(async () => {
    phone = await TestPhone.make()
    phone.devName = (spki) => b64url(createHash('sha256').update('suijian/dev/v1\0').update(fromB64url(spki)).digest().subarray(0, 16))
    const { keys, spki } = await makeBoxKeys()
    helper = new Helper(keys, new Uint8Array(spki))
    const { other } = phone.server
    phone.server.other = (request) => {
      const path = request.path.replace('/api/v1/', '')
      const body = request.body === undefined ? {} : (JSON.parse(new TextDecoder().decode(request.body)) as Record<string, unknown>)
      if (path === 'accounts/recovery') {
        helper.asked.push(body as unknown as (typeof helper.asked)[number])
        return reply(201, { id: 'req-1', state: 'waiting' })
      }
      if (path === 'accounts/recovery/req-1') return reply(200, { id: 'req-1', state: helper.state, reason: '', released: helper.released ?? {} })
      if (path === 'accounts/recovery/req-1/done') {
        helper.done += 1
        return reply(204, {})
      }
      const answer = other(request)
      if (answer === undefined || !/accounts\/(enrol|login|refresh)$/.test(path)) return answer
      const told = JSON.parse(new TextDecoder().decode(answer.body)) as Record<string, unknown>
      return reply(answer.status, { ...told, policy: { idle_lock_minutes: 3, watermark: true, recovery_key: b64url(helper.spki) } })
    }
    const done = await (await phone.start()).enrol({ code: 'CODE000001', pin: PIN, label: 'x' })
    if (!done.ok) throw new Error(done.text)
    await done.session.syncNow()
    const visit = await done.session.openVisit(INSP)
    await visit?.append('note.add', { text: '还没有上传' })
    expect(await done.session.policy()).toMatchObject({ idleMinutes: 3, watermark: true })
    dev = done.session.me.dev
    await done.session.lock()
  }, 60_000)

  it('comes back through the administrator with everything unsent, also after ten wrong tries', async () => {
    const app = await phone.start()
    for (let i = 0; i < 10; i++) await app.unlock(dev, '000000')
    expect(await app.recoveryState(dev)).toEqual({ word: 'none' })
    const asked = await app.askRecovery(dev, 'u-cheng', 'right')
    expect(asked).toMatchObject({ ok: true, check: expect.stringMatching(/^\d{6}$/) as string })
    expect(await app.recoveryState(dev)).toMatchObject({ word: 'waiting' })
    await helper.release(dev)
    // The app may have been killed in between.
    const again = await phone.start()
    expect(await again.recoveryState(dev)).toMatchObject({ word: 'released' })
    expect(await again.finishRecovery(dev, '123456')).toMatchObject({ ok: false, reason: 'weak_pin' })
    const opened = await again.finishRecovery(dev, NEW_PIN)
    if (!opened.ok) throw new Error(opened.text)
    const visit = await opened.session.openVisit(INSP)
    expect(visit?.events().map(({ body }) => body?.text)).toEqual(['还没有上传'])
    expect(helper.done).toBe(1)
    expect(await again.recoveryState(dev)).toEqual({ word: 'none' })
    await opened.session.lock()
    const later = await phone.start()
    expect(await later.unlock(dev, PIN)).toMatchObject({ ok: false, reason: 'wrong_pin' })
    expect((await later.unlock(dev, NEW_PIN)).ok).toBe(true)
  })

  it('asks for the password again when the answer took longer than the token lives', async () => {
    const app = await phone.start()
    await app.askRecovery(dev, 'u-cheng', 'right')
    phone.clock.pass(20 * 60_000)
    expect(await app.recoveryState(dev)).toMatchObject({ word: 'login' })
    expect(await app.resumeRecovery(dev, 'u-cheng', 'wrong')).toMatchObject({ ok: false })
    expect((await app.resumeRecovery(dev, 'u-cheng', 'right')).ok).toBe(true)
    expect(await app.recoveryState(dev)).toMatchObject({ word: 'waiting' })
  })

  it('without a network says so and changes nothing', async () => {
    const app = await phone.start()
    await app.askRecovery(dev, 'u-cheng', 'right')
    const before = record()
    phone.offline = true
    expect(await app.recoveryState(dev)).toMatchObject({ word: 'offline' })
    expect(await app.finishRecovery(dev, NEW_PIN)).toMatchObject({ ok: false, reason: 'offline' })
    expect(record()).toEqual(before)
  })

  it('a key that opens nothing here overwrites nothing', async () => {
    const app = await phone.start()
    await app.askRecovery(dev, 'u-cheng', 'right')
    const before = record()
    helper.released = await sealBox(fromB64url(helper.asked[0]?.key ?? ''), `release|req-1|${dev}`, new Uint8Array(32).fill(9), new Dice(6))
    helper.state = 'released'
    expect(await app.finishRecovery(dev, NEW_PIN)).toMatchObject({ ok: false, reason: 'refused' })
    expect(record()).toEqual(before)
    expect((await app.unlock(dev, PIN)).ok).toBe(true)
  })

  it('a phone enrolled before there was a recovery key gets its copy at the next unlocking', async () => {
    const old = { ...record() } as { recovery?: unknown }
    delete old.recovery
    phone.platter.meta.set(`person/${dev}`, old)
    const app = await phone.start()
    expect((await app.unlock(dev, PIN)).ok).toBe(true)
    expect(record().recovery?.to).toBe(b64url(helper.spki))
  })

  it('nothing that waits on the disk is the vault key or a token that lasts', async () => {
    const app = await phone.start()
    await app.askRecovery(dev, 'u-cheng', 'right')
    const waiting = phone.platter.meta.get(`recovery/${dev}`) as { keys: CryptoKeyPair; access: string } & Record<string, unknown>
    expect(waiting.keys.privateKey.extractable).toBe(false)
    expect(Object.keys(waiting).sort()).toEqual(['access', 'check', 'id', 'keys', 'spki', 'until'])
    expect(JSON.stringify(waiting)).not.toContain('r2')
  })
})
