/** D-15 without a network: a second phone's photos and notes enter the digest by code, or not at all and in words. */
import { beforeEach, describe, expect, it } from 'vitest'
import * as attest from '../core/attest'
import { readAdditions, writeAdditions } from '../core/additions'
import type { Bytes } from '../core/bytes'
import { codesOf } from '../core/codes'
import { recordText } from '../core/recordText'
import { sha256 } from '../device/bytes'
import { EVENT, type KeptEvent } from '../device/log'
import type { JsonObject } from '../device/ports'
import { Handset, LU, pack, PIN, QIN, seen } from './testing/handset'
import { INSP } from './testing/stage'

let first: Handset
let second: Handset
const photo = (n: number): JsonObject => ({ sha256: n.toString(16).padStart(64, '0'), size: 2_412_345 + n, mime: 'image/jpeg', width: 4000, height: 3000, src: 'inapp', purpose: 'general' })

beforeEach(async () => {
  first = await Handset.of(QIN, 3)
  second = await Handset.of(LU, 4)
  for (const one of [first, second]) await one.knows(first.fact, second.fact)
  await first.write('insp.open', { pack: 'd'.repeat(64), pin: PIN, mode: 'on_site', assignments: ['as-1'], checklists: [] })
  await first.write('check.answer', { checklist: 'CL-T-1', item: 'T-1', sheet: 0, val: 'fail', part: '一层', note: '堆放杂物' })
})

async function shown(by = second): Promise<Bytes> {
  const done = await by.mutual().showAdditions()
  if (!done.ok) throw new Error(done.text)
  return seen(done.codes)
}
async function own(phone: Handset): Promise<readonly KeptEvent[]> {
  return (await phone.vault.list<KeptEvent>(`${EVENT}${INSP}/`)).map(({ value }) => value)
}
async function refusal(message: Bytes, by = first): Promise<string> {
  const taken = await by.mutual().takeAdditions(message)
  return taken.ok ? '' : `${taken.reason}：${taken.text}`
}

describe('what the second phone has recorded', () => {
  it('is taken in byte for byte, and both attest one digest that covers it, with no network at all', async () => {
    await second.write('photo.add', photo(1))
    second.clock.pass(31_000)
    await second.write('note.add', { text: '二层东侧楼梯间堆放纸箱' })
    expect(await first.mutual().takeAdditions(await shown())).toEqual({ ok: true, name: '陆验', photos: 1, notes: 1, others: 0, fresh: 2 })
    const here = await first.vault.list<KeptEvent>(`mate/${INSP}/`)
    expect(here.map(({ value }) => value.w).sort((a, b) => a.h.localeCompare(b.h))).toEqual((await own(second)).map(({ w }) => w).sort((a, b) => a.h.localeCompare(b.h)))

    const visit = await first.visit()
    expect(visit.chains.map(({ dev, n }) => [dev, n])).toContainEqual([second.dev, 2])
    expect(recordText(visit, pack)).toContain('二层东侧楼梯间堆放纸箱')
    await first.log.append([{ type: 'attest', insp: INSP, body: (await attest.attestation(sha256, visit, recordText(visit, pack), 'A1')) as unknown as JsonObject }])
    const { offer, codes } = await first.mutual().offer()
    expect(await second.mutual().judge(await seen(codes))).toMatchObject({ ok: true, offer: { gist: { photos: 1 } } })
    const signed = await second.mutual().sign(offer)
    if (!signed.ok) throw new Error(signed.text)
    expect(await first.mutual().accept(offer, await seen(signed.codes))).toMatchObject({ ok: true })
    expect(attest.agreed(await first.visit())).toEqual([LU, QIN].sort())
  })

  it('voids both attestations when it is added to afterwards, and the second phone signs nothing that lacks it', async () => {
    await second.write('photo.add', photo(1))
    await first.mutual().takeAdditions(await shown())
    const visit = await first.visit()
    await first.log.append([{ type: 'attest', insp: INSP, body: (await attest.attestation(sha256, visit, recordText(visit, pack), 'A1')) as unknown as JsonObject }])
    expect(attest.standing(await first.visit())).toEqual([QIN])
    await second.write('photo.add', photo(2))
    const old = await second.mutual().judge(await seen((await first.mutual().offer()).codes))
    expect(old).toMatchObject({ ok: false, reason: 'own_content', text: expect.stringContaining('由对方扫描并入') as string })
    expect(await first.mutual().takeAdditions(await shown())).toMatchObject({ ok: true, photos: 2, fresh: 1 })
    expect(attest.standing(await first.visit())).toEqual([])
  })

  it('changes nothing when it is shown and taken twice, or arrives by a sync as well', async () => {
    await second.write('note.add', { text: '备注' })
    const message = await shown()
    await first.mutual().takeAdditions(message)
    const before = await first.visit()
    expect(await first.mutual().takeAdditions(message)).toMatchObject({ ok: true, fresh: 0 })
    await first.pulls(second)
    expect(await first.visit()).toEqual(before)
  })

  it('leaves out what is no content, and keeps the chain together where something stands in between', async () => {
    await second.write('photo.add', photo(1))
    await second.write('gps.fix', { lat: 1, lon: 2, acc: 3, at: 4 })
    await second.log.append([{ type: 'app.resume', insp: '', body: {} }])
    await second.write('photo.add', photo(2))
    expect(await first.mutual().takeAdditions(await shown())).toMatchObject({ ok: true, photos: 2, others: 0 })
  })

  it('costs less than one code for each photo; what is too much for codes asks for a sync', async () => {
    for (let n = 0; n < 20; n += 1) {
      second.clock.pass(31_000)
      await second.write('photo.add', photo(n))
    }
    const twenty = await second.mutual().showAdditions()
    if (!twenty.ok) throw new Error(twenty.text)
    console.log(`20 photos: ${(await seen(twenty.codes)).length} bytes, ${twenty.codes.length} codes`)
    expect(twenty.codes.length).toBeLessThanOrEqual(20)
    for (let n = 20; n < 120; n += 1) await second.write('photo.add', photo(n))
    expect(await second.mutual().showAdditions()).toMatchObject({ ok: false, reason: 'too_much' })
  })

  it('says that there is nothing to show', async () => {
    expect(await second.mutual().showAdditions()).toMatchObject({ ok: false, reason: 'nothing' })
  })
})

describe('the recording phone does not take in', () => {
  beforeEach(async () => {
    await second.write('photo.add', photo(1))
    await second.write('note.add', { text: '备注' })
  })

  it('any changed byte', async () => {
    const message = await shown()
    for (let at = 0; at < message.length; at += 1) {
      const changed = message.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(await refusal(changed), String(at)).toMatch(/^(damaged|bad_addition|other_inspection|not_team)：/)
    }
    expect(await first.vault.list(`mate/${INSP}/`)).toEqual([])
  })

  it('a cut one, and bytes of chance', async () => {
    const message = await shown()
    for (let end = 0; end < message.length; end += 7) expect(await refusal(message.slice(0, end))).toMatch(/^damaged：/)
    expect(await refusal(Uint8Array.from({ length: 200 }, (_, n) => (n * 151) % 256))).toMatch(/^damaged：/)
  })

  it('what a stranger, a revoked phone, or the own second phone shows', async () => {
    const message = await shown()
    const alone = await Handset.of(QIN, 5)
    await alone.knows(alone.fact)
    expect(await refusal(message, alone)).toMatch(/^not_team：/)
    await first.knows(first.fact, { ...second.fact, revoked: true })
    expect(await refusal(message)).toMatch(/^revoked：/)
    await first.knows(first.fact, { ...second.fact, user: QIN })
    expect(await refusal(message)).toMatch(/^same_person：/)
  })

  it('events that the enrolled key has not signed', async () => {
    const forger = await Handset.of(LU, 9)
    await forger.write('note.add', { text: '冒名' })
    const parts = readAdditions(await shown(forger))
    const events = (await own(forger)).map(({ h, w }) => ({ h: w.h, s: w.s, b: w.b ?? '', hash: h }))
    expect(parts.dev).toBe(forger.dev)
    expect(await refusal(writeAdditions(INSP, second.dev, events))).toMatch(/^bad_addition：/)
  })

  it('a second history of what it has already', async () => {
    await first.mutual().takeAdditions(await shown())
    const [known] = await first.vault.list<KeptEvent>(`mate/${INSP}/`)
    await first.vault.write([{ put: `mate/${INSP}/other`, value: { ...known?.value, h: 'B'.repeat(42) + 'A' } }, { del: `mate/${INSP}/${known?.value.h}` }])
    expect(await refusal(await shown())).toMatch(/^forked：/)
  })

  it('an attestation or anything else that is no content', async () => {
    const d = 'A'.repeat(43)
    await second.write('attest', { d, text: d, pin: d, chains: [], level: 'A3' })
    const events = (await own(second)).map(({ h, w }) => ({ h: w.h, s: w.s, b: w.b ?? '', hash: h })).sort((a, b) => JSON.parse(a.h).n - JSON.parse(b.h).n)
    expect(await refusal(writeAdditions(INSP, second.dev, events))).toMatch(/^damaged：/)
  })

  it('codes of another kind', async () => {
    const codes = await codesOf(sha256, 'offer', await shown())
    expect(await second.mutual().judge(await seen(codes))).toMatchObject({ ok: false, reason: 'damaged' })
  })
})
