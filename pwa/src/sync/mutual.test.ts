/** 双机互签 between two phones with real keys, vaults and logs: what passes, and in which words everything else is refused. */
import { beforeEach, describe, expect, it } from 'vitest'
import * as attest from '../core/attest'
import type { Bytes } from '../core/bytes'
import { fullCode, readTyped, shortCode } from '../core/headCode'
import { readOffer, writeOffer, type Offer } from '../core/offer'
import { b64url, fromB64url, sha256 } from '../device/bytes'
import type { JsonObject } from '../device/ports'
import { Handset, LU, pack, PIN, QIN, seen } from './testing/handset'
import { INSP } from './testing/stage'
import { OFFER_MINUTES } from './mutualSaid'

let first: Handset
let second: Handset

beforeEach(async () => {
  first = await Handset.of(QIN, 3)
  second = await Handset.of(LU, 4)
  for (const one of [first, second]) await one.knows(first.fact, second.fact)
  await first.write('insp.open', { pack: 'd'.repeat(64), pin: PIN, mode: 'on_site', assignments: ['as-1'], checklists: [] })
  await first.write('check.answer', { checklist: 'CL-T-1', item: 'T-1', sheet: 0, val: 'fail', part: '一层', note: '堆放杂物' })
})

async function offered(): Promise<{ offer: Offer; message: Bytes }> {
  const { offer, codes } = await first.mutual().offer()
  return { offer, message: await seen(codes) }
}
async function answerOf(who: Handset, offer: Offer): Promise<Bytes> {
  const signed = await who.mutual().sign(offer)
  if (!signed.ok) throw new Error(signed.text)
  return seen(signed.codes)
}

describe('two phones face to face', () => {
  it('end with both attestations on the recording phone, and the second in its own chain', async () => {
    const { offer, message } = await offered()
    await first.log.append([{ type: 'attest', insp: INSP, body: (await ownAttest(first)) }])
    const judged = await second.mutual().judge(message)
    expect(judged).toMatchObject({
      ok: true, name: '秦试', compared: false,
      offer: { gist: { answered: 1, open: 1, fails: 1, findings: [{ item: 'T-1', text: '一层：堆放杂物' }] } },
    })
    expect(await first.mutual().accept(offer, await answerOf(second, offer))).toEqual({ ok: true, name: '陆验' })
    const visit = await first.visit()
    expect(attest.agreed(visit)).toEqual([LU, QIN].sort())
    const carried = visit.attests.find(({ by }) => by === LU)
    expect(carried).toMatchObject({ stands: true, level: 'A2', dev: second.dev, gist: offer.gist })
    expect(carried?.via).not.toBe('')
    expect([...attest.seenLevels(visit, [first.fact, second.fact]).values()]).toEqual(['A2', 'A2'])
    expect((await second.log.events(INSP)).map(({ header }) => header.t)).toEqual(['attest'])
  })

  it('compare the whole record when the second phone holds it already', async () => {
    await second.pulls(first)
    expect(await second.mutual().judge((await offered()).message)).toMatchObject({ ok: true, compared: true })
  })

  it('get the same answer again for the same offer, without a second signature', async () => {
    const { offer } = await offered()
    expect(await answerOf(second, offer)).toEqual(await answerOf(second, offer))
    expect(await second.log.events(INSP)).toHaveLength(1)
  })
})

async function ownAttest(phone: Handset): Promise<JsonObject> {
  const visit = await phone.visit()
  const { recordText } = await import('../core/recordText')
  return (await attest.attestation(sha256, visit, recordText(visit, pack), 'A1')) as unknown as JsonObject
}

describe('the second phone does not sign', () => {
  async function refusal(message: Bytes, by = second): Promise<string> {
    const judged = await by.mutual().judge(message)
    return judged.ok ? '' : `${judged.reason}：${judged.text}`
  }

  it.each([[0], [20], [90]])('a damaged code (byte %i)', async (at) => {
    const { message } = await offered()
    const cut = message.slice(0, message.length - 1 - at)
    expect(await refusal(cut)).toMatch(/^damaged：这个码已损坏/)
  })

  it('a code of another inspection', async () => {
    const { offer } = await offered()
    expect(await refusal(writeOffer({ ...offer, insp: INSP.replace('0001', '0002') }))).toMatch(/^other_inspection：这个码属于另一次检查/)
  })

  it('for a third person who is not in the team', async () => {
    const third = await Handset.of('u-zhao', 5)
    await second.knows(first.fact, second.fact, third.fact)
    expect(await refusal(writeOffer({ ...(await offered()).offer, dev: third.dev }))).toMatch(/^not_team：.*不是本次检查的检查人员/)
  })

  it('when its own person is not in the team', async () => {
    const third = await Handset.of('u-zhao', 5)
    await third.knows(first.fact, second.fact, third.fact)
    expect(await refusal((await offered()).message, third)).toMatch(/^not_team/)
  })

  it('for a phone it has never heard of', async () => {
    await second.knows(second.fact)
    expect(await refusal((await offered()).message)).toMatch(/^not_team：.*都联网同步一次/)
  })

  it('for the same person’s second phone', async () => {
    const again = await Handset.of(LU, 6)
    await second.knows(first.fact, second.fact, again.fact)
    expect(await refusal(writeOffer({ ...(await offered()).offer, dev: again.dev }))).toMatch(/^same_person：这是你本人的另一部手机/)
  })

  it('for an enrolment of the same installation', async () => {
    await second.knows({ ...first.fact, installation: second.fact.installation }, second.fact)
    expect(await refusal((await offered()).message)).toMatch(/^same_phone：对方登记在同一部手机上.*同机确认/)
  })

  it('for a phone that was revoked', async () => {
    await second.knows({ ...first.fact, revoked: true }, second.fact)
    expect(await refusal((await offered()).message)).toMatch(/^revoked：对方的手机已停用/)
  })

  it('an old code', async () => {
    const { message } = await offered()
    second.clock.pass((OFFER_MINUTES + 1) * 60_000)
    expect(await refusal(message)).toMatch(/^expired：这个码不是刚刚生成的/)
  })

  it('a record made with other rules', async () => {
    expect(await refusal(writeOffer({ ...(await offered()).offer, pin: b64url(new Uint8Array(32)) }))).toMatch(/^rules：.*检查资料版本不同/)
  })

  it('unequal digests: the record has gone on since the phone that shows it was photographed', async () => {
    const { message } = await offered()
    await first.write('note.add', { text: '后来才写' })
    await second.pulls(first)
    expect(await refusal(message)).toMatch(/^differs：两部手机的记录不一致/)
  })

  it('unequal digests: the same events and other words', async () => {
    await second.pulls(first)
    const { offer } = await offered()
    expect(await refusal(writeOffer({ ...offer, text: b64url(new Uint8Array(32)) }))).toMatch(/^differs/)
  })

  it('while it holds photos or notes of its own that the record does not', async () => {
    await second.write('note.add', { text: '我在二楼看到的' })
    expect(await refusal((await offered()).message)).toMatch(/^own_content：这部手机里还有本次检查的照片或记录/)
  })

  it('when it got content of its own between looking and signing', async () => {
    const { offer } = await offered()
    expect(await second.mutual().judge(writeOffer(offer))).toMatchObject({ ok: true })
    await second.write('note.add', { text: '又想起一件' })
    expect(await second.mutual().sign(offer)).toMatchObject({ ok: false, reason: 'changed' })
  })
})

describe('the recording phone does not take in', () => {
  async function refusal(offer: Offer, message: Bytes): Promise<string> {
    const taken = await first.mutual().accept(offer, message)
    expect((await first.log.events(INSP)).some(({ header }) => header.t === 'attest.in')).toBe(false)
    return taken.ok ? '' : `${taken.reason}：${taken.text}`
  }

  it('a replayed answer: the one to an earlier showing', async () => {
    const old = await offered()
    const answer = await answerOf(second, old.offer)
    expect(await refusal((await offered()).offer, answer)).toMatch(/^replayed：这不是对刚才所出示的码的回复/)
  })

  it('an answer to what the record was before the last change', async () => {
    const { offer } = await offered()
    const answer = await answerOf(second, offer)
    await first.write('note.add', { text: '出示之后才写' })
    expect(await refusal(offer, answer)).toMatch(/^changed：出示之后本机的记录又有变化/)
  })

  it('a third person’s answer', async () => {
    const third = await Handset.of('u-zhao', 5)
    const { offer } = await offered()
    const answer = await answerOf(third, offer)
    expect(await refusal(offer, answer)).toMatch(/^not_team/)
    await first.knows(first.fact, second.fact, third.fact)
    expect(await refusal(offer, answer)).toMatch(/^not_team/)
  })

  it('the answer of the same person’s second phone', async () => {
    const again = await Handset.of(QIN, 6)
    await first.knows(first.fact, second.fact, again.fact)
    const { offer } = await offered()
    expect(await refusal(offer, await answerOf(again, offer))).toMatch(/^same_person/)
  })

  it('an answer from the same installation', async () => {
    await first.knows(first.fact, { ...second.fact, installation: first.fact.installation })
    const { offer } = await offered()
    expect(await refusal(offer, await answerOf(second, offer))).toMatch(/^same_phone/)
  })

  it('a forged answer: signed by another key than the one enrolled', async () => {
    const forger = await Handset.of(LU, 9)
    await first.knows(first.fact, { ...second.fact, spki: forger.fact.spki })
    const { offer } = await offered()
    expect(await refusal(offer, await answerOf(second, offer))).toMatch(/^bad_signature：回复的签名核对不上/)
  })

  it('an answer with any one bit flipped', async () => {
    const { offer } = await offered()
    const answer = await answerOf(second, offer)
    for (let at = 0; at < answer.length; at++) {
      const bad = answer.slice()
      bad[at] = (bad[at] ?? 0) ^ (1 << at % 8)
      expect(await refusal(offer, bad), `byte ${at}`).toMatch(/^(damaged|not_team|replayed|bad_signature)：/)
    }
  })

  it('an answer after half an hour', async () => {
    const { offer } = await offered()
    const answer = await answerOf(second, offer)
    first.clock.pass((OFFER_MINUTES + 1) * 60_000)
    expect(await refusal(offer, answer)).toMatch(/^expired/)
  })

  it('its own code, held before its own camera', async () => {
    const { offer, message } = await offered()
    expect(readOffer(message)).toEqual(offer)
    expect(await first.mutual().judge(message)).toMatchObject({ ok: false, reason: 'same_person' })
  })
})

describe('a typed head code', () => {
  const typed = (text: string) => {
    const read = readTyped(text)
    if (read.is === 'wrong') throw new Error('mistyped')
    return read
  }

  it('lets a phone that holds the record attest by itself, as two uploads and never as two phones face to face', async () => {
    await second.pulls(first)
    const { d } = await first.mutual().offer()
    expect(await second.mutual().typed(typed(shortCode(fromB64url(d))))).toEqual({ ok: true })
    const event = (await second.log.events(INSP)).find(({ header }) => header.dev === second.dev)
    expect(event?.body).toMatchObject({ d, level: 'A3' })
  })

  it('of another record is refused', async () => {
    await second.pulls(first)
    await first.write('note.add', { text: '后来' })
    const { d } = await first.mutual().offer()
    for (const code of [shortCode(fromB64url(d)), fullCode(fromB64url(d)).join('')])
      expect(await second.mutual().typed(typed(code))).toMatchObject({ ok: false, reason: 'no_match' })
  })

  it('never lets a phone attest what it cannot show', async () => {
    const { d } = await first.mutual().offer()
    expect(await second.mutual().typed(typed(shortCode(fromB64url(d))))).toMatchObject({ ok: false, reason: 'no_record' })
    expect(await second.log.events(INSP)).toEqual([])
  })

  it('in full confirms from the own chain what was signed on the recording phone, all 256 bits of it', async () => {
    const { d } = await first.mutual().offer()
    const code = typed(fullCode(fromB64url(d)).join('-'))
    if (code.is !== 'full') throw new Error('not the full code')
    expect(await second.mutual().confirm(code)).toEqual({ ok: true })
    expect((await second.log.events(INSP))[0]?.body).toMatchObject({ d, read: 'code' })
  })
})
