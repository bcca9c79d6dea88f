import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { b64url, fromB64url, fromUtf8 } from '../device/bytes'
import type { NetRequest } from '../device/ports'
import type { Session } from './session'
import { reply } from './testing/fakeServer'
import { PIN, TestPhone } from './testing/testPhone'

const FORM = { name: '漏登小店', address: '示例路77号', uscc: '', note: '正在营业' }
let phone: TestPhone
let told: Record<string, unknown>[]
let answer: (body: Record<string, unknown>) => ReturnType<typeof reply>

beforeEach(async () => {
  phone = await TestPhone.make()
  phone.devName = (spki) => b64url(createHash('sha256').update('suijian/dev/v1\0').update(fromB64url(spki)).digest().subarray(0, 16))
  told = []
  answer = (body) => reply(201, { id: body['id'] })
  const { other } = phone.server
  phone.server.other = (request: NetRequest) => {
    if (!request.path.endsWith('registry/reported-units')) return other(request)
    const body = JSON.parse(fromUtf8(request.body ?? new Uint8Array())) as Record<string, unknown>
    told.push(body)
    return answer(body)
  }
})
async function enrolled(): Promise<Session> {
  const done = await (await phone.start()).enrol({ code: 'CODE000001', pin: PIN, label: '手机' })
  if (!done.ok) throw new Error(done.text)
  await done.session.syncNow()
  return done.session
}
async function again(session: Session): Promise<Session> {
  await session.lock()
  const app = await phone.start()
  const opened = await app.unlock((await app.people())[0]!.dev, PIN)
  if (!opened.ok) throw new Error(opened.text)
  return opened.session
}

describe('a unit found on the way', () => {
  it('is on the disk before anything is sent, survives a kill, and goes when there is a network', async () => {
    let session = await enrolled()
    phone.offline = true
    expect((await session.reportUnit(FORM)).ok).toBe(true)
    await session.syncNow()
    expect((await session.unitReports())[0]).toMatchObject({ ...FORM, sync: { word: 'saved' } })
    expect(await session.sync()).toMatchObject({ unsentEvents: 1, sync: { word: 'saved' } })
    session = await again(session)
    expect((await session.unitReports()).map(({ name }) => name)).toEqual(['漏登小店'])
    phone.offline = false
    expect(await session.syncNow()).toMatchObject({ unsentEvents: 0, sync: { word: expect.not.stringMatching('attention') } })
    expect((await session.unitReports())[0]?.sync.word).toBe('delivered')
    expect(told).toHaveLength(1)
    expect(Object.keys(told[0]!).sort()).toEqual(['address', 'id', 'name', 'note', 'uscc'])
    expect(phone.geoCalls).toBe(0)
  })
  it('keeps its name when the answer is lost, so that it is told once', async () => {
    const session = await enrolled()
    answer = () => reply(502, {})
    await session.reportUnit(FORM)
    await session.syncNow()
    expect((await session.unitReports())[0]?.sync.word).toBe('saved')
    answer = (body) => reply(201, { id: body['id'] })
    await session.syncNow()
    await session.syncNow()
    expect(new Set(told.map(({ id }) => id)).size).toBe(1)
    expect((await session.unitReports())[0]?.sync.word).toBe('delivered')
  })
  it('that the server refuses says why, waits for its author, and can be taken back', async () => {
    const session = await enrolled()
    answer = () => reply(422, { code: 'E_FIELDS', detail: '名称太长' })
    const done = await session.reportUnit(FORM)
    await session.syncNow()
    expect((await session.unitReports())[0]?.sync).toMatchObject({ word: 'attention', reason: '名称太长' })
    expect((await session.troubles()).map(({ text }) => text).join()).toContain('漏登小店')
    expect((await session.sync()).need).toBe('attention')
    await session.dropUnitReport(done.ok ? done.id : '')
    expect(await session.unitReports()).toEqual([])
    expect((await session.sync()).unsentEvents).toBe(0)
  })
  it('that does not fit on a full phone says so and is not lost from the form', async () => {
    const session = await enrolled()
    phone.faults = { onCommit: () => 'full' }
    expect(await session.reportUnit(FORM)).toMatchObject({ ok: false, reason: 'storage_full' })
  })
})
