import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { concat, fromB64url, b64url, utf8 } from '../device/bytes'
import type { Session } from './session'
import { FakeServer, reply } from './testing/fakeServer'
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

describe('an expired login', () => {
  it('never stops filling, and sends everything after signing in again', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    const { other } = phone.server
    let expired = true
    phone.server.other = (request) => {
      if (request.path.endsWith('accounts/refresh')) return reply(401, { code: 'E_REFRESH', detail: '请重新登录' })
      if (expired && request.headers?.Authorization !== 'Bearer fresh' && !request.path.includes('accounts/')) return reply(401, { code: 'E_TOKEN', detail: '过期' })
      return other(request)
    }
    expect((await visit.append('note.add', { text: '照常' })).ok).toBe(true)
    expect(await session.syncNow()).toMatchObject({ need: 'login', unsentEvents: 1 })
    expect((await session.troubles()).map(({ kind }) => kind)).toEqual(['login'])
    expect((await visit.append('note.add', { text: '照常二' })).ok).toBe(true)
    expired = false
    expect((await session.signIn('u-cheng', 'right')).ok).toBe(true)
    expect(await session.syncNow()).toMatchObject({ need: 'nothing', unsentEvents: 0 })
  })
})

describe('the backup', () => {
  it('carries everything unsent to the server through another phone, signatures intact, twice without doubles', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    phone.offline = true
    await visit.append('note.add', { text: '只在这部手机上' })
    const photo = await visit.importPhoto(new Blob([JPEG]), at, [])
    if (!photo.ok) throw new Error(photo.text)
    const backup = await session.exportUnsent('一个足够长的口令')
    if (!backup.ok) throw new Error(backup.text)
    expect(backup).toMatchObject({ events: 2, files: 1 })
    const inside = new TextDecoder('latin1').decode(await backup.file.arrayBuffer())
    expect(inside).not.toContain('note.add')

    const desk = await TestPhone.make()
    desk.devName = devName
    Object.assign(desk, { server: phone.server })
    phone.offline = false
    const other = await (await desk.start()).enrol({ code: 'CODE000002', pin: PIN, label: '备用' })
    if (!other.ok) throw new Error(other.text)
    expect(await other.session.importBackup(backup.file, '不对的口令啊')).toMatchObject({ ok: false, reason: 'wrong_passphrase' })
    for (let twice = 0; twice < 2; twice++) {
      expect(await other.session.importBackup(backup.file, '一个足够长的口令')).toMatchObject({ ok: true, events: 2, files: 1 })
      await other.session.syncNow()
    }
    const chain = phone.server.state.chains.get(session.me.dev) ?? []
    expect(chain).toHaveLength(4)
    expect(phone.server.state.blobs.has(photo.sha256)).toBe(true)
    await session.syncNow()
    expect(phone.server.state.chains.get(session.me.dev)).toHaveLength(4)
    expect(await session.exportUnsent('一个足够长的口令')).toMatchObject({ ok: false, reason: 'nothing_unsent' })
  }, 20_000)

  it('says so for a cut or foreign file', async () => {
    const session = await ready()
    expect(await session.importBackup(new Blob([utf8('not a backup at all, but long enough')]), '12345678')).toMatchObject({ ok: false, reason: 'not_a_backup' })
    expect(await session.exportUnsent('short')).toMatchObject({ ok: false, reason: 'weak_passphrase' })
  })
})

describe('what the server answers', () => {
  it('shows a refused event with its sentence, lets the others pass, and offers it again by hand', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    const handle = FakeServer.prototype.handle
    let poison = ''
    phone.server.handle = async function (this: FakeServer, request) {
      const answer = await handle.call(this, request)
      if (poison === '' || !request.path.endsWith('sync/events')) return answer
      const body = JSON.parse(new TextDecoder().decode(answer.body)) as { results: { h: string; status: string; code?: string; detail?: string }[] }
      for (const result of body.results) if (result.h === poison) Object.assign(result, { status: 'refused', code: 'E_BODY', detail: '内容校验不符' })
      return reply(200, body)
    }
    const bad = await visit.append('note.add', { text: '坏' })
    poison = bad.ok ? bad.h : ''
    await visit.append('note.add', { text: '好' })
    await session.syncNow()
    expect(await session.troubles()).toMatchObject([{ kind: 'event', code: 'E_BODY', text: '内容校验不符', insp: INSP }])
    expect((await session.visits())[0]?.sync).toMatchObject({ word: 'attention', done: 1, total: 2 })
    poison = ''
    await session.syncNow()
    expect(await session.troubles()).toEqual([])
    expect((await session.visits())[0]?.sync.word).toBe('delivered')
  })

  it('counts no captive portal, whatever it says', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    await visit.append('note.add', { text: 'x' })
    phone.server.other = (request) =>
      request.path.endsWith('sync/events')
        ? reply(200, { epoch: 1, now: 1, results: [{ h: visit.events()[0]?.h, status: 'stored' }], receipt: null, next: {}, lacks: [] })
        : reply(200, utf8('<html>welcome</html>'), { 'content-type': 'text/html' })
    expect(await session.syncNow()).toMatchObject({ unsentEvents: 1, need: 'network' })
  })

  it('asks for everything again when the epoch rises', async () => {
    const session = await ready()
    const visit = await openedVisit(session)
    const backup = phone.server.backup()
    await visit.append('note.add', { text: 'x' })
    await session.syncNow()
    phone.server.restore(backup)
    expect(phone.server.state.chains.get(session.me.dev)).toHaveLength(2)
    await session.syncNow()
    await session.syncNow()
    expect(phone.server.state.chains.get(session.me.dev)).toHaveLength(3)
    expect(await session.sync()).toMatchObject({ unsentEvents: 0 })
  })
})
