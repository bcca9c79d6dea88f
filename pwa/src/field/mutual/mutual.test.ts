// @vitest-environment happy-dom
/** The screens of 双机互签: what is shown before anybody signs, in which words a refusal is said, and the ways without a camera. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Bytes } from '@/core/bytes'
import { codesOf } from '@/core/codes'
import { sha256 } from '@/device/bytes'
import type { Mutual, Offered, Showing } from '@/sync/mutual'
import { aChecklist, anItem, aPack, FakeVisit, ME } from '../testing/fakeVisit'
import { mountStep, settle, type Stage } from '../testing/mountStep'
import AnswerSide from './AnswerSide.vue'
import ConfirmStep from './ConfirmStep.vue'
import OfferSide from './OfferSide.vue'

const pack = aPack([aChecklist([anItem('T-1', '安全出口畅通')])])
const offer: Showing['offer'] = {
  insp: pack.insp, dev: `${'p'.repeat(21)}A`, nonce: 'AAAAAAAAAAA', at: Date.UTC(2026, 10, 3, 2), pin: 'A'.repeat(43), text: 'A'.repeat(43), chains: [],
  gist: {
    outcome: 'completed', from: Date.UTC(2026, 10, 3, 1), to: Date.UTC(2026, 10, 3, 2), answered: 7, open: 2, fails: 22, conflicts: 1, photos: 4, audio: 0,
    findings: [{ checklist: 'CL-T-1', item: 'T-1', sheet: 0, text: '一层：堆放杂物' }],
  },
}
const offered: Offered = { offer, name: '陆验', compared: false }
let stage: Stage | undefined
afterEach(() => {
  stage?.screen.unmount()
  stage = undefined
})

function withPhone(answers: Partial<Mutual>): FakeVisit {
  const visit = new FakeVisit(pack)
  visit.mutual = async () => answers as Mutual
  return visit
}
async function held(visit: FakeVisit, kind: 'offer' | 'answer', message: Bytes): Promise<void> {
  for (const code of await codesOf(sha256, kind, message)) visit.show(code)
  await vi.waitFor(() => expect(document.querySelector('[data-test="scanner"]')).toBeNull())
  await settle()
}
const message = new Uint8Array(300).fill(5)

describe('the second inspector’s phone', () => {
  it('shows everything that will be signed before it offers to sign', async () => {
    const signed = vi.fn(async () => ({ ok: true as const, codes: ['SJ:AAA'] }))
    const visit = withPhone({ judge: async () => ({ ok: true, ...offered }), sign: signed })
    stage = await mountStep(AnswerSide, pack, { visit, begun: false })
    expect(stage.has('mutual-sign')).toBe(false)
    await stage.tap('scan-offer')
    await held(visit, 'offer', message)
    const gist = stage.text('gist')
    for (const words of ['测试商贸有限公司', '陆验', '2026年11月3日09时00分', '已答 7 项，不符合 22 项', '还有 2 项没有填写', '1 项有不同答案', '照片 4 张', '安全出口畅通', '一层：堆放杂物', '另有 21 条']) expect(gist).toContain(words)
    expect(stage.text('gist-source')).toContain('本机没有对方的记录')
    expect(signed).not.toHaveBeenCalled()
    await stage.tap('mutual-sign')
    expect(signed).toHaveBeenCalledWith(offer)
    expect(stage.text('mutual-signed')).toContain('签名已存手机')
    expect(stage.has('code')).toBe(true)
  })

  it('says a refusal in its words and signs nothing', async () => {
    const visit = withPhone({ judge: async () => ({ ok: false, reason: 'differs', text: '两部手机的记录不一致' }) })
    stage = await mountStep(AnswerSide, pack, { visit, begun: false })
    await stage.tap('scan-offer')
    await held(visit, 'offer', message)
    expect(stage.text('mutual-refused')).toContain('两部手机的记录不一致')
    expect(stage.has('mutual-sign')).toBe(false)
  })

  it('counts the parts of a series, and tells an answer from an offer', async () => {
    const visit = withPhone({})
    stage = await mountStep(AnswerSide, pack, { visit, begun: false })
    await stage.tap('scan-offer')
    visit.show((await codesOf(sha256, 'offer', message))[1] ?? '')
    await vi.waitFor(() => expect(stage?.text('scan-hint')).toContain('已读 1 / 2'))
    for (const code of await codesOf(sha256, 'answer', message.slice(0, 50))) visit.show(code)
    await vi.waitFor(() => expect(stage?.text('scan-hint')).toContain('这是回码'))
    visit.show('https://example.org')
    await vi.waitFor(() => expect(stage?.text('scan-hint')).toContain('不是随检的核验码'))
  })

  it('without a camera takes a full code as a confirmation only after the person says what was read', async () => {
    const confirm = vi.fn(async () => ({ ok: true as const }))
    const visit = withPhone({ typed: async () => ({ ok: false, reason: 'no_record', text: '没有对方的记录' }), confirm })
    stage = await mountStep(AnswerSide, pack, { visit, begun: false })
    await stage.tap('typed')
    await stage.type('typed-text', 'ABC')
    await stage.tap('typed-check')
    expect(stage.text('typed-trouble')).toContain('位数不对')
    await stage.type('typed-text', '0123456789')
    await stage.tap('typed-check')
    expect(stage.text('typed-trouble')).toContain('没有对方的记录')
    const { fullCode } = await import('@/core/headCode')
    await stage.type('typed-text', fullCode(new Uint8Array(32).fill(9)).join(' '))
    await stage.tap('typed-check')
    expect(stage.has('typed-confirm')).toBe(true)
    await stage.tap('typed-confirm')
    expect(confirm).not.toHaveBeenCalled()
    await stage.tap('typed-agree')
    await stage.tap('typed-confirm')
    expect(confirm).toHaveBeenCalledOnce()
    expect(stage.text('typed-done')).toContain('同机确认')
  })
})

describe('the recording phone', () => {
  it('asks for the own attestation first, and shows no code before', async () => {
    stage = await mountStep(OfferSide, pack, { visit: withPhone({}) })
    expect(stage.has('code')).toBe(false)
    expect(stage.has('attest-mine')).toBe(true)
  })
})

describe('同机确认 to be confirmed', () => {
  it('is signed by the person it was asked of, naming digest and attestation', async () => {
    const visit = new FakeVisit(pack)
    await visit.write(ME, 'insp.open', { pack: visit.packSha256, pin: 'A'.repeat(43), mode: 'on_site', assignments: ['as-1'], checklists: [] })
    const { fold } = await import('@/core/fold')
    const folded = await fold(sha256, visit.events(), pack)
    const d = 'B'.repeat(42) + 'A'
    const act = await visit.write(ME, 'attest', { d, text: 'A'.repeat(43), pin: folded.pin, chains: folded.chains.map((chain) => ({ ...chain })), level: 'A1' })
    Object.assign(visit.card, { confirm: { d, attest: act.h, due: Date.UTC(2026, 10, 5) } })
    stage = await mountStep(ConfirmStep, pack, { visit })
    expect(stage.screen.text()).toContain('2026年11月5日08时00分')
    await stage.tap('confirm')
    expect(visit.written().at(-1)).toEqual({ type: 'attest.late', body: { d, attest: act.h, read: 'record' } })
    expect(stage.has('confirmed')).toBe(true)
  })

  it('waits until the record is on this phone: nobody confirms what cannot be read', async () => {
    const visit = new FakeVisit(pack)
    Object.assign(visit.card, { confirm: { d: 'B'.repeat(42) + 'A', attest: 'C'.repeat(42) + 'A', due: 0 } })
    stage = await mountStep(ConfirmStep, pack, { visit, begun: false })
    expect(stage.has('confirm')).toBe(false)
    expect(stage.text('confirm-wait')).toContain('联网同步')
  })
})
