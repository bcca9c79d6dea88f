// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest'
import { aChecklist, anItem, aPack, FakeVisit } from '../testing/fakeVisit'
import { mountStep, type Stage } from '../testing/mountStep'
import ArriveStep from './ArriveStep.vue'

const pack = aPack([aChecklist([anItem('T-A', '试验项目')])])
let stage: Stage | undefined
afterEach(() => {
  stage?.screen.unmount()
  stage = undefined
})

describe('到场 without a position', () => {
  it.each([
    [true, '没有定位权限'],
    [false, '正在等待定位'],
  ])('says why (refused: %s) and lets the visit go on', async (refused, words) => {
    const visit = new FakeVisit(pack)
    visit.positionAllowed = true
    visit.positionDenied = () => refused
    stage = await mountStep(ArriveStep, pack, { visit })
    await stage.tap('arrive')
    expect(stage.text('position')).toContain(words)
    await stage.tap('next')
    expect(visit.events().map(({ header }) => header.t)).toEqual(['rec.mark', 'outcome'])
  })
})
