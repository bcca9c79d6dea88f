/** When originals may leave the phone, and when not. The clocks are simulated: phone and server apart. */
import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { b64url, concat, fromB64url, utf8 } from '../device/bytes'
import { fileFact, readFile } from '../device/files'
import type { DiskWrite } from '../device/ports'
import { keys, type VisitFact } from './facts'
import { epochOf, inventory } from './outbox'
import { releasable, releaseOriginals } from './release'
import { fileStates, troublesOf } from './states'
import { reply } from './testing/fakeServer'
import { INSP, note, stage, type Stage } from './testing/stage'
import { INSP as VISIT, PIN, TestPhone } from './testing/testPhone'

const DAY = 86_400_000
let on: Stage
beforeEach(async () => {
  on = await stage()
})

async function report(state: string, insp = INSP): Promise<void> {
  const fact: Partial<VisitFact> = { insp, report_state: state }
  await on.vault.write([{ put: keys.visit(insp), value: fact }])
}
/** Both clocks go on, and the phone hears of it. */
async function days(count: number): Promise<void> {
  on.clock.pass(count * DAY)
  on.server.now += count * DAY
  await on.engine.round()
}
/** The stage keeps its pictures as loose files: here they are photos. */
async function photo(size: number): Promise<string> {
  const sha = await on.photo(size)
  await on.vault.write([{ put: `file/${sha}`, value: { ...(await fileFact(on.vault, sha)), kind: 'photo' } }])
  return sha
}
/** A delivered visit whose report is approved, with as many photos. */
async function delivered(photos = 1): Promise<string[]> {
  const shas = []
  for (let i = 0; i < photos; i++) {
    shas.push(await photo(100 + i))
    await days(1)
  }
  await report('approved')
  return shas
}

describe('an original', () => {
  it('may go thirty days after its receipt when the report is approved', async () => {
    const [sha] = await delivered()
    await days(29)
    expect(await releasable(on.vault)).toEqual([])
    await days(1)
    expect((await releasable(on.vault)).map(({ sha256 }) => sha256)).toEqual([sha])
  })

  it.each<[string, () => Promise<void>]>([
    ['the report is only submitted', () => report('submitted')],
    ['the visit is not known', () => on.vault.write([{ del: keys.visit(INSP) }]).then(() => undefined)],
    ['an event of the visit is not confirmed', () => on.log.append([note('后来补的')]).then(() => undefined)],
    ['the server cannot prove its log', () => on.vault.write([{ put: keys.logFault, value: { code: 'E_LOG_ROLLBACK', at: 0, told: false, remembered: [2, ''], shown: [1, ''] } }]).then(() => undefined)],
    ['the server came back from a backup since', async () => {
      on.server.restore(on.server.backup())
      await on.engine.round()
    }],
  ])('stays while %s', async (_name, change) => {
    await delivered()
    await days(40)
    expect(await releasable(on.vault)).toHaveLength(1)
    await change()
    expect(await releasable(on.vault)).toEqual([])
    expect(await releaseOriginals(on)).toEqual({ files: 0, bytes: 0 })
  })

  it('stays while the server has not confirmed it, however old it is', async () => {
    const { other } = on.server
    on.server.other = (request) => (request.path.includes('uploads') ? reply(503, { code: 'E_BUSY', detail: '忙' }) : other(request))
    await delivered()
    await days(400)
    expect(await releasable(on.vault)).toEqual([])
  })

  it('does not go because somebody set the clock of the phone ahead', async () => {
    await delivered()
    on.clock.pass(60 * DAY)
    expect(await releasable(on.vault)).toEqual([])
    await on.engine.round()
    expect(await releasable(on.vault)).toEqual([])
  })

  it('stays when a second visit names the same picture and is still open', async () => {
    const [sha] = await delivered()
    await days(40)
    const body = { sha256: sha ?? '', size: 100, mime: 'image/png', width: 1, height: 1, src: 'import', purpose: 'general' }
    await on.log.append([{ type: 'photo.add', body, insp: '0195f0a0-0000-7000-8000-000000000002' }])
    await on.engine.round()
    expect(await releasable(on.vault)).toEqual([])
  })

  it('is not a signature: ink stays', async () => {
    const ink = await on.photo(90)
    const [sha] = await delivered()
    await days(40)
    expect((await releasable(on.vault)).map(({ sha256 }) => sha256)).toEqual([sha])
    expect((await fileFact(on.vault, ink))?.kind).toBe('ink')
  })
})

describe('releasing', () => {
  it('takes the oldest receipts first and only as many as are needed', async () => {
    const [first, second, third] = await delivered(3)
    await days(40)
    expect(await releaseOriginals(on, 150)).toEqual({ files: 2, bytes: 201 })
    expect(await readFile(on.vault, first ?? '')).toBeUndefined()
    expect(await readFile(on.vault, second ?? '')).toBeUndefined()
    expect(await readFile(on.vault, third ?? '')).toHaveLength(102)
    expect(await on.vault.disk.keys('bytes', `${on.dev}/${first}`)).toEqual([])
  })

  it('is told in the visit, and nothing of it is sent again', async () => {
    const [sha = ''] = await delivered()
    await days(40)
    await releaseOriginals(on)
    const states = await fileStates(on.vault, await inventory(on.vault, 1), 1, INSP, undefined)
    expect(states).toMatchObject([{ sha256: sha, released: true, sync: { word: 'delivered' } }])
    expect(await fileFact(on.vault, sha)).toMatchObject({ size: 100, released: on.clock.now })
    on.asked.length = 0
    await on.engine.round()
    expect(on.asked.map(({ method }) => method)).toEqual(['GET'])
  })

  it('after a restore is confirmed again where the server has it, and said in words where it has not', async () => {
    const [sha = ''] = await delivered()
    await days(40)
    await releaseOriginals(on)
    on.server.restore(on.server.backup())
    await on.engine.round()
    await on.engine.round()
    expect((await inventory(on.vault, await epochOf(on.vault))).filesAcked.has(sha)).toBe(true)
    const lost = on.server.backup()
    lost.blobs.delete(sha)
    on.server.restore(lost)
    await on.engine.round()
    await on.engine.round()
    const epoch = await epochOf(on.vault)
    expect(await troublesOf(on.vault, await inventory(on.vault, epoch), epoch)).toMatchObject([{ code: 'E_FILE_RELEASED', sha256: sha }])
  })
})

describe('a full phone', () => {
  const png = concat(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), Uint8Array.of(0, 0, 0, 13), utf8('IHDR'), Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 9, 8, 2, 0, 0, 0, 0, 0, 0, 0))

  it('releases what it may and takes photos again; without pressure it keeps everything', async () => {
    const phone = await TestPhone.make()
    phone.devName = (spki) =>
      b64url(createHash('sha256').update('suijian/dev/v1\0').update(fromB64url(spki)).digest().subarray(0, 16))
    const done = await (await phone.start()).enrol({ code: 'CODE000001', pin: PIN, label: 'x' })
    if (!done.ok) throw new Error(done.text)
    const { session } = done
    await session.syncNow()
    const visit = await session.openVisit(VISIT)
    if (visit === undefined) throw new Error('the visit is here')
    const target = { purpose: 'general' } as const
    const old = await visit.importPhoto(new Blob([png]), target, [])
    if (!old.ok) throw new Error(old.text)
    await session.syncNow()
    phone.approve()
    phone.clock.pass(40 * DAY)
    await session.syncNow()
    expect(await visit.fileBytes(old.sha256)).toBeDefined()
    const { kept } = await session.gauge()

    const room = (writes: readonly DiskWrite[]) => writes.some((write) => write.store === 'bytes' && 'put' in write)
    let full = true
    phone.faults = { onCommit: (writes) => {
      if (writes.some((write) => write.store === 'bytes' && 'del' in write)) full = false
      return full && room(writes) ? 'full' : 'fine'
    } }
    const fresh = concat(png, utf8('another'))
    expect(await visit.importPhoto(new Blob([fresh]), target, [])).toMatchObject({ ok: false, reason: 'storage_full' })
    await vi.waitFor(async () => expect(await session.gauge()).toMatchObject({ full: false, kept: kept - png.length }))
    expect((await visit.files())[0]).toMatchObject({ sha256: old.sha256, released: true, sync: { word: 'delivered' } })
    expect((await visit.importPhoto(new Blob([fresh]), target, [])).ok).toBe(true)
  })
})
