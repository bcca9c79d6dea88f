// @vitest-environment happy-dom
/** D-15 on the screens: photos and notes on the second phone of a visit that was begun on the other one, and how they come together. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { codesOf } from '@/core/codes'
import { sha256 } from '@/device/bytes'
import type { Mutual } from '@/sync/mutual'
import EvidenceStep from '../evidence/EvidenceStep.vue'
import { aChecklist, anItem, aPack, FakeVisit, MATE } from '../testing/fakeVisit'
import { mountStep, settle, type Stage } from '../testing/mountStep'
import VisitHome from '../visit/VisitHome.vue'
import AssistStep from './AssistStep.vue'
import TakeAdditions from './TakeAdditions.vue'

const pack = aPack([aChecklist([anItem('T-1', '安全出口畅通')])])
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

describe('the phone without the record', () => {
  it('offers to add photos and notes to a visit that is begun elsewhere', async () => {
    stage = await mountStep(VisitHome, pack, { begun: false })
    expect(stage.has('to-assist')).toBe(true)
  })

  it('records them in the own chain without beginning the visit, and shows them as codes until something is added', async () => {
    const shown = vi.fn(async () => ({ ok: true as const, codes: ['SJ:AAA'], events: 2 }))
    const visit = withPhone({ showAdditions: shown })
    stage = await mountStep(AssistStep, pack, { visit, begun: false })
    expect(stage.has('show-additions')).toBe(false)
    expect(stage.has('read-only')).toBe(false)
    expect(stage.has('photo-take')).toBe(true)
    await stage.open.after(visit.addPhoto({ purpose: 'general' }, 'inapp'))
    await stage.tap('add-note')
    await stage.type('note-text', '二层东侧堆放纸箱')
    await stage.tap('note-save')
    expect(visit.events().map(({ header }) => header.t)).toEqual(['photo.add', 'note.add'])
    expect(stage.open.state.value.opened).toBeNull()
    expect(stage.text('show-additions')).toContain('2 条')
    await stage.tap('show-additions')
    expect(stage.has('code')).toBe(true)
    await stage.open.after(visit.addPhoto({ purpose: 'general' }, 'inapp'))
    await settle()
    expect(stage.has('code')).toBe(false)
  })

  it('elsewhere in that visit still asks for its beginning', async () => {
    stage = await mountStep(EvidenceStep, pack, { begun: false })
    expect(stage.text('read-only')).toContain('还没有开始')
  })

  it('says what an addition undoes once its person has attested', async () => {
    const visit = withPhone({})
    const d = 'A'.repeat(43)
    await visit.append('attest', { d, text: d, pin: d, chains: [], level: 'A2' })
    stage = await mountStep(AssistStep, pack, { visit, begun: false })
    expect(stage.text('assist-attested')).toContain('原来的核验作废')
  })
})

describe('the recording phone', () => {
  const message = new Uint8Array(300).fill(5)

  async function scans(answers: Partial<Mutual>): Promise<Stage> {
    const visit = withPhone(answers)
    await visit.write('u-qin', 'insp.open', { pack: visit.packSha256, pin: 'A'.repeat(43), mode: 'on_site', assignments: ['as-1'], checklists: [] })
    const made = (stage = await mountStep(TakeAdditions, pack, { visit }))
    await made.tap('scan-additions')
    return made
  }

  it('scans the additions and says what was taken in', async () => {
    const made = await scans({ takeAdditions: async () => ({ ok: true, name: '陆验', photos: 3, notes: 1, others: 0, fresh: 2 }) })
    for (const code of await codesOf(sha256, 'offer', message)) made.visit.show(code)
    await vi.waitFor(() => expect(made.text('scan-hint')).toContain('这是核验用的码'))
    for (const code of await codesOf(sha256, 'additions', message)) made.visit.show(code)
    await vi.waitFor(() => expect(made.text('taken')).toContain('已并入陆验的补充'))
    expect(made.text('taken')).toContain('照片 3 张，备注 1 条')
    expect(made.text('taken')).toContain('新的 2 条')
  })

  it('says a refusal in its words', async () => {
    const made = await scans({ takeAdditions: async () => ({ ok: false, reason: 'bad_addition', text: '有一条的签名核对不上，都没有并入。' }) })
    for (const code of await codesOf(sha256, 'additions', message)) made.visit.show(code)
    await vi.waitFor(() => expect(made.text('take-refused')).toContain('都没有并入'))
  })

  it('does not offer it on a phone that only follows the record of the other', async () => {
    const visit = withPhone({})
    await visit.write(MATE, 'insp.open', { pack: visit.packSha256, pin: 'A'.repeat(43), mode: 'on_site', assignments: ['as-1'], checklists: [] })
    stage = await mountStep(TakeAdditions, pack, { visit })
    expect(stage.has('take-additions')).toBe(false)
    await stage.open.after(visit.addPhoto({ purpose: 'general' }, 'inapp'))
    await settle()
    expect(stage.has('show-additions')).toBe(true)
  })
})
