import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { concat, fromB64url, b64url, utf8 } from '../device/bytes'
import { MemoryDisk } from '../device/testing/memory'
import type { Session } from './session'
import { INSP, PIN, TestPhone } from './testing/testPhone'

const JPEG = concat(
  Uint8Array.of(0xff, 0xd8), Uint8Array.of(0xff, 0xe1, 0, 14), utf8('Exif\0\0GPS.31'),
  Uint8Array.of(0xff, 0xc0, 0, 11, 8, 0, 30, 0, 40, 1, 1, 0x11, 0), Uint8Array.of(0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 9), Uint8Array.of(0xff, 0xd9),
)
const at = { purpose: 'item', checklist: 'CL-1', item: 'FB-A01', sheet: 0 } as const

/** The same computation as on the phone, by other means. */
function devName(spki: string): string {
  return b64url(createHash('sha256').update('suijian/dev/v1\0').update(fromB64url(spki)).digest().subarray(0, 16))
}

let phone: TestPhone
beforeEach(async () => {
  phone = await TestPhone.make()
  phone.devName = devName
})

async function enrol(code = 'CODE000001'): Promise<Session> {
  const done = await (await phone.start()).enrol({ code, pin: PIN, label: '3 号手机' })
  if (!done.ok) throw new Error(done.text)
  return done.session
}

async function ready(): Promise<Session> {
  const session = await enrol()
  await session.syncNow()
  return session
}

async function openedVisit(session: Session) {
  const visit = await session.openVisit(INSP)
  if (visit === undefined) throw new Error('the visit is here')
  return visit
}

describe('enrolling', () => {
  it('makes dev.genesis event 0 and sends it with the health report', async () => {
    const session = await ready()
    const chain = phone.server.state.chains.get(session.me.dev)
    const types = chain?.map(({ wire }) => (JSON.parse(wire.h) as { t: string }).t)
    expect(types).toEqual(['dev.genesis', 'dev.health'])
    expect(session.me).toMatchObject({ user: 'u-cheng', name: '程甲', agencyName: '示例大队' })
    expect(await session.sync()).toMatchObject({ need: 'nothing', unsentEvents: 0, clockOffset: 500, sync: { word: 'delivered' } })
  })

  it('tries the same code again with the same key when the answer was lost', async () => {
    const app = await phone.start()
    const { other } = phone.server
    let lost = true
    phone.server.other = (request) => {
      const answer = other(request)
      if (!lost || !request.path.endsWith('enrol')) return answer
      lost = false
      throw new TypeError('Failed to fetch')
    }
    const form = { code: 'code000001', pin: PIN, label: 'x' }
    expect(await app.enrol(form)).toMatchObject({ ok: false, reason: 'offline' })
    expect((await app.enrol(form)).ok).toBe(true)
    expect(new Set(phone.devices).size).toBe(1)
  })

  it.each([
    [{ code: 'WRONG', pin: PIN }, 'bad_code'],
    [{ code: 'CODE000001', pin: '123456' }, 'weak_pin'],
  ])('refuses %j as %s', async (form, reason) => {
    expect(await (await phone.start()).enrol({ ...form, label: 'x' })).toMatchObject({ ok: false, reason })
  })

  it('refuses a browser in which evidence would not last', async () => {
    phone.self = { ...phone.self, evidence_allowed: false }
    expect(await (await phone.start()).enrol({ code: 'CODE000001', pin: PIN, label: 'x' })).toMatchObject({ ok: false, reason: 'self_test' })
  })
})

describe('locking and opening', () => {
  it('opens without a network after a restart, with everything in it', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    await visit.append('note.add', { text: '离线前' })
    await session.lock()
    phone.offline = true
    const app = await phone.start()
    const [person] = await app.people()
    expect(person).toMatchObject({ name: '程甲', locked: false, triesLeft: 10 })
    const opened = await app.unlock(person?.dev ?? '', PIN)
    if (!opened.ok) throw new Error(opened.text)
    const again = await openedVisit(opened.session)
    expect(again.events().map(({ body }) => body?.text)).toEqual(['离线前'])
    expect((await again.append('note.add', { text: '离线中' })).ok).toBe(true)
  })

  it('after ten wrong PINs asks for the password at the server, of the right person, and loses nothing', async () => {
    const session = await ready()
    await session.lock()
    const app = await phone.start()
    const dev = session.me.dev
    for (let i = 0; i < 10; i++) await app.unlock(dev, '000000')
    expect(await app.unlock(dev, PIN)).toMatchObject({ ok: false, reason: 'locked_until_online' })
    expect(await app.unlockOnline(dev, 'u-lu', 'right')).toMatchObject({ ok: false, reason: 'other_person' })
    expect(await app.unlockOnline(dev, 'u-cheng', 'wrong')).toMatchObject({ ok: false, reason: 'wrong_login' })
    expect((await app.unlockOnline(dev, 'u-cheng', 'right')).ok).toBe(true)
    expect((await app.unlock(dev, PIN)).ok).toBe(true)
  })

  it('an append after locking is refused in words', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    await session.lock()
    expect(await visit.append('note.add', { text: 'x' })).toMatchObject({ ok: false, reason: 'locked' })
  })
})

describe('a visit', () => {
  it('is ready when its pack is here, and moves from 已存手机 to 已送达', async () => {
    const session = await ready()
    expect((await session.visits())[0]).toMatchObject({ insp: INSP, unitName: '示例商场', ready: true, started: false, sync: { word: 'saved', total: 0 } })
    const visit = await openedVisit(session)
    expect(visit.pack.unit.name).toBe('示例商场')
    phone.offline = true
    const before = visit.events()
    expect(await visit.append('note.add', { text: '一' })).toMatchObject({ ok: true })
    expect(visit.events()).not.toBe(before)
    expect(visit.events()).toBe(visit.events())
    const photo = await visit.importPhoto(new Blob([JPEG]), at, [])
    if (!photo.ok) throw new Error(photo.text)
    expect((await session.visits())[0]).toMatchObject({ started: true, sync: { word: 'saved', done: 0, total: 3 } })
    expect(await session.syncNow()).toMatchObject({ need: 'network', unsentEvents: 2, unsentFiles: 1, unsentBytes: JPEG.length })
    phone.offline = false
    await session.syncNow()
    expect((await session.visits())[0]?.sync).toEqual({ word: 'delivered', done: 3, total: 3 })
    expect((await visit.files())[0]).toMatchObject({ sha256: photo.sha256, kind: 'photo', sync: { word: 'delivered' } })
    expect(phone.server.state.blobs.get(photo.sha256)).toEqual(JPEG)
  })

  it('keeps the original as it was and shows the stamped copy', async () => {
    const visit = await openedVisit(await ready())
    const photo = await visit.importPhoto(new Blob([JPEG]), at, ['示例商场', '2026-11-21'])
    if (!photo.ok) throw new Error(photo.text)
    expect(await visit.fileBytes(photo.sha256)).toEqual(JPEG)
    await new Promise((done) => setTimeout(done, 20))
    expect(phone.stampedWith).toEqual(['示例商场', '2026-11-21'])
    expect(visit.events()[0]?.body).toMatchObject({ sha256: photo.sha256, width: 40, height: 30, src: 'import', ...at })
    expect(visit.events()[0]?.body).not.toHaveProperty('stripped')
    // The copy is for looking only: it is never offered to the server.
    expect(await visit.files()).toHaveLength(1)
  })

  it('with positions off asks the browser nothing and strips the place before hashing', async () => {
    phone = await TestPhone.make({ 'secrecy.geotag': 'off' })
    phone.devName = devName
    const visit = await openedVisit(await ready())
    expect(visit.positionAllowed).toBe(false)
    expect(phone.geoCalls).toBe(0)
    const photo = await visit.importPhoto(new Blob([JPEG]), at, [])
    if (!photo.ok) throw new Error(photo.text)
    const kept = await visit.fileBytes(photo.sha256)
    expect(new TextDecoder('latin1').decode(kept)).not.toContain('GPS')
    expect(visit.events()[0]?.body).toMatchObject({ stripped: true, sha256: createHash('sha256').update(kept ?? '').digest('hex') })
    expect(await visit.recordPosition()).toBeUndefined()
  })

  it('takes no file that is not a picture, and no event is written for it', async () => {
    const visit = await openedVisit(await ready())
    expect(await visit.importPhoto(new Blob([utf8('%PDF-1.7')]), at, [])).toMatchObject({ ok: false, reason: 'unsupported_format' })
    expect(visit.events()).toEqual([])
  })

  it('remembers what the system camera was opened for, over a kill', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    await visit.beginSystemCapture({ ...at, caption: '安全出口' }, ['一'])
    const app = await phone.start()
    const again = await app.unlock(session.me.dev, PIN)
    if (!again.ok) throw new Error(again.text)
    expect(await again.session.pendingCapture()).toMatchObject({ insp: INSP, ...at })
    const reopened = await openedVisit(again.session)
    const photo = await reopened.finishSystemCapture(new Blob([JPEG]))
    expect(photo.ok).toBe(true)
    expect(reopened.events()[0]?.body).toMatchObject({ src: 'system', caption: '安全出口' })
    expect(await again.session.pendingCapture()).toBeUndefined()
  })

  it('sends a signature image only once an event names it', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    const ink = await visit.keepFile(phone.dice.bytes(80), 'image/png')
    if (!ink.ok) throw new Error(ink.text)
    await session.syncNow()
    expect(phone.server.state.blobs.size).toBe(0)
    await visit.append('sign.party', { mode: 'signed', name: '王某', ink: ink.sha256, text: 'A'.repeat(43) })
    await session.syncNow()
    expect(phone.server.state.blobs.has(ink.sha256)).toBe(true)
  })
})

describe('the second inspector on the same phone (A1)', () => {
  const body = { d: 'A'.repeat(43), text: 'A'.repeat(43), pin: 'A'.repeat(43), chains: [{ dev: `${'A'.repeat(22)}`, n: 1, root: 'A'.repeat(43) }], level: 'A1' }

  async function two() {
    const b = await enrol('CODE000002')
    await b.syncNow()
    await b.lock()
    const a = await enrol('CODE000001')
    await a.syncNow()
    return { a, b: b.me.dev }
  }

  it('signs with the own key in the own chain, and both see it', async () => {
    const { a, b } = await two()
    const visit = await openedVisit(a)
    phone.offline = true
    const done = await visit.attestAsSecond({ dev: b, pin: PIN, body })
    if (!done.ok) throw new Error(done.text)
    expect(visit.events().map(({ h, header }) => [h, header.dev, header.by])).toEqual([[done.h, b, 'u-lu']])
    // Not A's event: A's chain and A's counts stay as they were.
    expect(visit.card.sync.total).toBe(0)
    await a.lock()
    const opened = await (await phone.start()).unlock(b, PIN)
    if (!opened.ok) throw new Error(opened.text)
    expect(await opened.session.sync()).toMatchObject({ unsentEvents: 1 })
    phone.offline = false
    await opened.session.syncNow()
    expect(phone.server.state.chains.get(b)?.map(({ h }) => h)).toContain(done.h)
  })

  it('reaches the server through the first person as well, without becoming their trouble', async () => {
    const { a, b } = await two()
    const visit = await openedVisit(a)
    phone.offline = true
    const done = await visit.attestAsSecond({ dev: b, pin: PIN, body })
    await new Promise((passed) => setTimeout(passed, 20))
    phone.offline = false
    await a.syncNow()
    expect(phone.server.state.chains.get(b)?.map(({ h }) => h)).toContain(done.ok && done.h)
    expect(await a.troubles()).toEqual([])
  })

  it('refuses the same person and a wrong PIN, and writes nothing', async () => {
    const { a, b } = await two()
    const visit = await openedVisit(a)
    expect(await visit.attestAsSecond({ dev: a.me.dev, pin: PIN, body })).toMatchObject({ ok: false, reason: 'same_person' })
    expect(await visit.attestAsSecond({ dev: b, pin: '000000', body })).toMatchObject({ ok: false, reason: 'wrong_pin' })
    expect(visit.events()).toEqual([])
  })
})

describe('a saved answer', () => {
  it('looks through nothing of what lies on the phone, and the card counts on as the disk does', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    await visit.append('note.add', { text: '一' })
    const looked = [vi.spyOn(MemoryDisk.prototype, 'keys'), vi.spyOn(MemoryDisk.prototype, 'range')]
    await visit.append('note.add', { text: '二' })
    await new Promise((tick) => setTimeout(tick, 20))
    for (const one of looked) expect(one).not.toHaveBeenCalled()
    expect(visit.card).toMatchObject({ started: true, sealedHere: false, sync: { word: 'saved', done: 0, total: 2 } })
    expect((await session.visits()).find(({ insp }) => insp === INSP)).toEqual(visit.card)
  })
})

describe('drafts and the place to come back to', () => {
  it('saves 300 ms after the last letter, at once when the page hides, and survives a kill', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    const draft = visit.draft<{ note: string }>('check/CL-1/FB-A01/0')
    draft.save({ note: '疏散' })
    draft.save({ note: '疏散通道' })
    expect(await draft.load()).toEqual({ note: '疏散通道' })
    phone.lifecycle.goAway()
    await draft.flush()
    await session.setResumePoint({ insp: INSP, route: '/visit/check?item=FB-A01', place: { top: 120 } })
    const again = await (await phone.start()).unlock(session.me.dev, PIN)
    if (!again.ok) throw new Error(again.text)
    expect(await again.session.resumePoint()).toMatchObject({ insp: INSP, route: '/visit/check?item=FB-A01', place: { top: 120 } })
    const reopened = (await openedVisit(again.session)).draft<{ note: string }>('check/CL-1/FB-A01/0')
    expect(await reopened.load()).toEqual({ note: '疏散通道' })
    await reopened.drop()
    expect(await reopened.load()).toBeUndefined()
  })
})
