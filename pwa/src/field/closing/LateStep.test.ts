// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest'
import { decode } from '@/core/b64url'
import { aChecklist, anItem, aPack, MATE, ME } from '../testing/fakeVisit'
import { mountStep, type Stage } from '../testing/mountStep'
import LateStep from './LateStep.vue'

const pack = aPack([aChecklist([anItem('FB-A01', '疏散通道是否畅通')])])
const SEAL = { d: 'A'.repeat(43), text: 'A'.repeat(43), count: 2, root: 'A'.repeat(43), chains: [], outcome: 'completed', party: true, ended: 1 }
let on: Stage
async function sealed(by = ME): Promise<void> {
  on = await mountStep(LateStep, pack)
  await on.visit.write(ME, 'note.add', { text: '三层东侧' })
  await on.visit.write(ME, 'seal', { ...SEAL, chains: [{ dev: `${'m'.repeat(21)}A`, n: 2, root: 'A'.repeat(43) }] })
  if (by !== ME) {
    const target = on.visit.events().find(({ header }) => header.t === 'note.add')?.h ?? ''
    await on.visit.write(by, 'correct', { target, path: 'text', old: 'A'.repeat(43), new: '四层东侧', reason: '看错楼层' })
  }
  on = await on.reopen()
}
afterEach(() => on.screen.unmount())
const last = () => on.visit.events().at(-1)

describe('after the seal', () => {
  it('keeps a late note beside the record', async () => {
    await sealed()
    await on.type('late-note', '次日补交维保合同')
    await on.tap('late-save')
    expect(last()).toMatchObject({ header: { t: 'late.note' }, body: { text: '次日补交维保合同' } })
  })
  it('corrects a text with the hash of what stood there and a reason', async () => {
    await sealed()
    const note = on.visit.events().find(({ header }) => header.t === 'note.add')
    await on.screen.find('[data-test="correct-what"]').setValue(`${note?.h} text`)
    await on.type('correct-new', '三层西侧')
    expect(on.screen.find('[data-test="correct-go"]').attributes('disabled')).toBeDefined()
    await on.type('correct-why', '方位写反')
    await on.tap('correct-go')
    expect(last()).toMatchObject({ header: { t: 'correct' }, body: { target: note?.h, path: 'text', new: '三层西侧', reason: '方位写反' } })
    expect(decode(String(last()?.body?.['old']))).toHaveLength(32)
  })
  it('lets the other inspector confirm, never the one who corrected', async () => {
    await sealed(MATE)
    const made = on.visit.events().find(({ header }) => header.t === 'correct')
    await on.tap(`approve-${made?.h}`)
    expect(last()).toMatchObject({ header: { t: 'correct.approve' }, body: { correct: made?.h } })
  })
})
