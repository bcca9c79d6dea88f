import { describe, expect, it } from 'vitest'
import { anItem } from '../testing/fakeVisit'
import { contentOf, decimal, emptyForm, eventFor, faults, hasSpareWords, sameAnswer } from './answerForm'

const place = { checklist: 'CL', item: 'I1', sheet: 0 }
const choices = [
  { code: 'ok', text: '完好', verdict: 'pass' as const },
  { code: 'bad', text: '损坏', verdict: 'fail' as const },
  { code: 'none', text: '不涉及', verdict: 'na' as const },
]

describe('numbers as a Chinese keyboard types them', () => {
  it.each([['１２．５', '12.5'], [' 3。5 ', '3.5'], ['12.', '12'], ['.35', '0.35'], ['-2', '-2'], ['1,5', ''], ['十二', ''], ['', '']])('%s becomes %s', (typed, kept) => {
    expect(decimal(typed)).toBe(kept)
  })
})

describe('the content of an answer', () => {
  it('takes the verdict of a choice from its codes, the worst one first', () => {
    const item = anItem('I1', '防火门', { answer: { type: 'multi', choices } })
    expect(contentOf(item, place, { ...emptyForm(), choice: ['ok', 'bad'], val: 'pass' })).toMatchObject({ val: 'fail', choice: ['ok', 'bad'] })
    expect(contentOf(item, place, emptyForm())).toBeUndefined()
  })
  it('records a number without a verdict until the person decides one', () => {
    const item = anItem('I1', '面积', { answer: { type: 'number', unit: '㎡' }, extra: [{ key: 'floors', type: 'number', label: '层数', unit: '层' }] })
    const form = { ...emptyForm(), nums: { value: '１２０', floors: '3' } }
    expect(contentOf(item, place, form)).toEqual({ ...place, val: 'neutral', nums: { value: '120', floors: '3' } })
    expect(contentOf(item, place, { ...form, val: 'fail' })).toMatchObject({ val: 'fail' })
    expect(contentOf(item, place, { ...form, nums: { value: '12a' } })).toBeUndefined()
  })
  it('refuses more correct answers than questions', () => {
    const item = anItem('I1', '提问', { answer: { type: 'quiz' } })
    const form = { ...emptyForm(), asked: '3', correct: '4' }
    expect(faults(item, form)).toEqual({ correct: 'order' })
    expect(contentOf(item, place, form)).toBeUndefined()
    expect(contentOf(item, place, { ...form, correct: '2' })).toEqual({ ...place, val: 'fail', asked: 3, correct: 2 })
  })
  it('keeps the words of a problem out of a 符合', () => {
    const form = { ...emptyForm(), val: 'pass' as const, part: '二层', note: '堆放杂物', fixed: 'no' as const, measure: '改正' }
    const content = contentOf(anItem('I1', '通道'), place, form)
    expect(content).toEqual({ ...place, val: 'pass' })
    expect(hasSpareWords(form, content!)).toBe(true)
  })
})

describe('the event of an answer', () => {
  it('is item.na for a first 不适用 with a reason, and a change over all heads later', () => {
    const content = contentOf(anItem('I1', '通道'), place, { ...emptyForm(), val: 'na', naReason: '没有此设施' })!
    expect(eventFor(content, [])).toEqual({ type: 'item.na', body: { ...place, reason: '没有此设施' } })
    expect(eventFor(content, [{ h: 'x' }, { h: 'y' }])).toEqual({ type: 'check.change', body: { ...place, val: 'na', over: ['x', 'y'], reason: '没有此设施' } })
  })
  it('says the same whatever the order of choices, and something else when a word changes', () => {
    const one = { ...place, val: 'fail' as const, choice: ['a', 'b'], note: '甲' }
    expect(sameAnswer(one, { ...one, choice: ['b', 'a'] })).toBe(true)
    expect(sameAnswer(one, { ...one, note: '乙' })).toBe(false)
  })
})
