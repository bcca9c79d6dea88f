import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { b64url, fromB64url } from '../device/bytes'
import type { Session } from './session'
import { INSP, PIN, TestPhone } from './testing/testPhone'

let phone: TestPhone
beforeEach(async () => {
  phone = await TestPhone.make()
  phone.devName = (spki) => b64url(createHash('sha256').update('suijian/dev/v1\0').update(fromB64url(spki)).digest().subarray(0, 16))
})

async function enrolled(): Promise<Session> {
  const done = await (await phone.start()).enrol({ code: 'CODE000001', pin: PIN, label: '3 号手机' })
  if (!done.ok) throw new Error(done.text)
  await done.session.syncNow()
  return done.session
}
const typesOf = (dev: string): string[] => (phone.server.state.chains.get(dev) ?? []).map(({ wire }) => (JSON.parse(wire.h) as { t: string }).t)

describe('changing the key', () => {
  it('sends what is unsent, ends the old chain with the name of the new key, and begins the new one after that event', async () => {
    const session = await enrolled()
    const visit = await session.openVisit(INSP)
    await visit?.append('note.add', { text: '还没有上传' })
    await visit?.close()
    const done = await session.rotateKey(PIN)
    expect(done).toMatchObject({ ok: true })
    const old = phone.server.state.chains.get(session.me.dev) ?? []
    expect(typesOf(session.me.dev).slice(-2)).toEqual(['note.add', 'key.rotate'])
    await session.lock()
    const app = await phone.start()
    const people = await app.people()
    expect(people.map(({ dev }) => dev)).toEqual([done.ok ? done.dev : ''])
    const opened = await app.unlock(people[0]?.dev ?? '', PIN)
    if (!opened.ok) throw new Error(opened.text)
    await opened.session.syncNow()
    const fresh = phone.server.state.chains.get(opened.session.me.dev) ?? []
    expect(typesOf(opened.session.me.dev)[0]).toBe('dev.genesis')
    expect((JSON.parse(fresh[0]?.wire.h ?? '{}') as { prev: string }).prev).toBe(old.at(-1)?.h)
  })

  it('does not begin while something cannot be sent, and the phone works on', async () => {
    const session = await enrolled()
    phone.offline = true
    await session.append('dev.health', { self_test: {} })
    expect(await session.rotateKey(PIN)).toMatchObject({ ok: false, reason: 'unsent' })
    expect(await session.rotating()).toBe(false)
    expect(await session.append('dev.health', { self_test: {} })).toMatchObject({ ok: true })
  })

  it('goes on after the answer got lost; until then the old key records nothing more', async () => {
    const session = await enrolled()
    phone.rotationLost = true
    expect(await session.rotateKey(PIN)).toMatchObject({ ok: false, reason: 'offline' })
    expect(await session.rotating()).toBe(true)
    expect(await session.append('dev.health', { self_test: {} })).toMatchObject({ ok: false, reason: 'changed' })
    phone.rotationLost = false
    expect(await session.rotateKey(PIN)).toMatchObject({ ok: true })
    expect(typesOf(session.me.dev).filter((type) => type === 'key.rotate')).toHaveLength(1)
  })

  it('asks for the own PIN', async () => {
    const session = await enrolled()
    expect(await session.rotateKey('000111')).toMatchObject({ ok: false, reason: 'wrong_pin' })
    expect(await session.rotating()).toBe(false)
  })
})

describe('the anchor before departure', () => {
  it('is asked anew when the app is opened two hours after the last one, once', async () => {
    const session = await enrolled()
    await session.lock()
    phone.clock.pass(3 * 3_600_000)
    for (let opening = 0; opening < 2; opening++) {
      const opened = await (await phone.start()).unlock(session.me.dev, PIN)
      if (!opened.ok) throw new Error(opened.text)
      await new Promise((resolve) => setTimeout(resolve, 20))
      await opened.session.syncNow()
      await opened.session.lock()
    }
    expect(typesOf(session.me.dev).filter((type) => type === 'sync.anchor')).toHaveLength(1)
  })
})
