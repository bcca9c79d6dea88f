// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest'
import { watch } from 'vue'
import { aChecklist, anItem, aPack, FakeVisit, MATE, ME } from '../testing/fakeVisit'
import { mountStep, settle, type Stage } from '../testing/mountStep'
import ChecklistStep from './ChecklistStep.vue'
import ItemRow from './ItemRow.vue'

const CHOICES = [
  { code: 'clear', text: '畅通', verdict: 'pass' as const },
  { code: 'blocked', text: '堵塞', verdict: 'fail' as const },
]
const P_FAIL = { photo: 'on_fail' as const, document: false, mark: false }
const ITEMS = [
  anItem('T-A', '消防安全制度上墙', { evidence: P_FAIL, basis: [{ text: '消防法第十六条', status: 'M' }], guidance: '看墙。' }),
  anItem('T-B', '疏散通道畅通', { answer: { type: 'choice', choices: CHOICES } }),
  anItem('T-C', '当班在岗人数', { answer: { type: 'number', unit: '人', label: '在岗' } }),
  anItem('T-D', '防火卷帘完好', { applies_when: ['curtain'], evidence: { photo: 'never', document: false, mark: true } }),
]
const PLACE = { checklist: 'CL-T-1', sheet: 0 }
const pack = aPack([aChecklist(ITEMS)])
let stage: Stage | undefined
async function begin(rest: Parameters<typeof mountStep>[2] = {}): Promise<Stage> {
  stage = await mountStep(ChecklistStep, rest.visit?.pack ?? pack, { props: { checklist: 'CL-T-1' }, ...rest })
  return stage
}
afterEach(() => {
  stage?.screen.unmount()
  stage = undefined
})

describe('answers become events', () => {
  it('a tap on 符合 is a check.answer, shown as progress', async () => {
    const on = await begin()
    await on.tap('item-T-A-pass')
    expect(on.visit.written()).toEqual([{ type: 'check.answer', body: { ...PLACE, item: 'T-A', val: 'pass' } }])
    expect(on.text('progress')).toContain('已填 1/4')
    expect(on.phone.resume.point?.route).toContain('?item=T-A&sheet=0')
  })
  it('only the row that was answered is drawn anew', async () => {
    const on = await begin()
    const drawn = new Map<string, number>()
    for (const row of on.screen.findAllComponents(ItemRow)) {
      const { key } = row.props('row')
      watch(() => row.props('row'), () => drawn.set(key, (drawn.get(key) ?? 0) + 1), { flush: 'sync' })
    }
    await on.tap('item-T-A-pass')
    expect([...drawn.keys()]).toEqual(['CL-T-1/0/T-A'])
  })
  it('不符合 asks where and what; each field left is a change over the head before it', async () => {
    const on = await begin()
    await on.tap('item-T-A-fail')
    expect(on.text('item-T-A')).toContain('缺少部位')
    expect(on.text('item-T-A')).toContain('缺少现场照片')
    await on.type('item-T-A-part', '二层东侧')
    await on.leave('item-T-A-part')
    await on.tap('item-T-A-phrases')
    ;(document.querySelector('.phrases button') as HTMLElement).click()
    await settle()
    await on.tap('item-T-A-fixed-no')
    const [first, second, third, fourth] = on.visit.written()
    expect(first).toEqual({ type: 'check.answer', body: { ...PLACE, item: 'T-A', val: 'fail' } })
    expect(second).toMatchObject({ type: 'check.change', body: { val: 'fail', part: '二层东侧', over: [on.visit.events()[1]!.h] } })
    expect(third).toMatchObject({ body: { note: '疏散通道堆放杂物，影响通行。', over: [on.visit.events()[2]!.h] } })
    expect(fourth).toMatchObject({ body: { fixed: false, over: [on.visit.events()[3]!.h] } })
    expect(on.open.state.value.answers['CL-T-1/0/T-A']?.heads).toHaveLength(1)
  })
  it('a choice carries its verdict', async () => {
    const on = await begin()
    await on.tap('item-T-B-choice-blocked')
    expect(on.visit.written()).toEqual([{ type: 'check.answer', body: { ...PLACE, item: 'T-B', val: 'fail', choice: ['blocked'] } }])
    expect(on.has('item-T-B-part')).toBe(true)
  })
  it('不适用 of a choice waits for its reason', async () => {
    const on = await begin()
    await on.tap('item-T-B-na')
    expect(on.visit.written()).toEqual([])
    await on.type('item-T-B-na-reason', '没有疏散通道')
    await on.tap('item-T-B-ok')
    expect(on.visit.written()).toEqual([{ type: 'item.na', body: { ...PLACE, item: 'T-B', reason: '没有疏散通道' } }])
  })
  it('a number is kept when its field is left, not before, and never when it is no number', async () => {
    const on = await begin()
    await on.type('item-T-C-field-value', '两')
    await on.leave('item-T-C-field-value')
    expect(on.text('item-T-C')).toContain('请填数字')
    await on.type('item-T-C-field-value', '２')
    expect(on.visit.written()).toEqual([])
    await on.leave('item-T-C-field-value')
    expect(on.visit.written()).toEqual([{ type: 'check.answer', body: { ...PLACE, item: 'T-C', val: 'neutral', nums: { value: '2' } } }])
    await on.tap('item-T-C-fail')
    expect(on.visit.written()[1]).toMatchObject({ type: 'check.change', body: { val: 'fail', nums: { value: '2' } } })
  })
  it('the time mark names the item', async () => {
    const on = await begin()
    await on.tap('item-T-D-mark')
    expect(on.visit.written()).toEqual([{ type: 'rec.mark', body: { mark: 'item_checked', ref: 'T-D' } }])
    expect(on.text('item-T-D-mark')).toMatch(/\d\d:\d\d 已核查/)
  })
})

describe('nothing typed is lost', () => {
  it('typed words are a draft at once and are there after a kill', async () => {
    const on = await begin()
    await on.tap('item-T-A-fail')
    await on.type('item-T-A-note', '制度没有上墙')
    const again = (stage = await on.reopen())
    await again.tap('item-T-A-more')
    expect((document.querySelector('[data-test="item-T-A-note"]') as HTMLTextAreaElement).value).toBe('制度没有上墙')
    expect(again.has('item-T-A-unsaved')).toBe(true)
    await again.leave('item-T-A-note')
    expect(again.visit.written().at(-1)).toMatchObject({ type: 'check.change', body: { note: '制度没有上墙' } })
    expect(again.visit.drafts.has('check/CL-T-1/T-A/0')).toBe(false)
  })
  it('a refused save leaves the item unanswered and the draft in place', async () => {
    const on = await begin()
    on.visit.failNext = 'storage_full'
    await on.tap('item-T-A-pass')
    expect(on.open.trouble.value).not.toBe('')
    expect(on.has('item-T-A-unsaved')).toBe(true)
    expect(on.visit.drafts.has('check/CL-T-1/T-A/0')).toBe(true)
    await on.tap('item-T-A-ok')
    expect(on.visit.written()).toEqual([{ type: 'check.answer', body: { ...PLACE, item: 'T-A', val: 'pass' } }])
    expect(on.has('item-T-A-unsaved')).toBe(false)
  })
})

it('two different answers are shown with names, and choosing one names both heads', async () => {
  const visit = new FakeVisit(pack)
  await visit.write(ME, 'insp.open', { pack: visit.packSha256, pin: 'A'.repeat(43), mode: 'on_site', assignments: ['as-1'], checklists: [] })
  const mine = await visit.write(ME, 'check.answer', { ...PLACE, item: 'T-A', val: 'pass' })
  const theirs = await visit.write(MATE, 'check.answer', { ...PLACE, item: 'T-A', val: 'fail', part: '一层', note: '没有上墙' })
  const on = await begin({ visit })
  expect(on.text('item-T-A-conflict')).toContain('秦试')
  expect(on.text('item-T-A-conflict')).toContain('陆验')
  const index = on.open.state.value.answers['CL-T-1/0/T-A']!.heads.findIndex((head) => head.h === theirs.h)
  await on.tap(`item-T-A-take-${index}`)
  const last = on.visit.written().at(-1)
  expect(last).toMatchObject({ type: 'check.change', body: { val: 'fail', part: '一层', note: '没有上墙' } })
  expect([...(last?.body['over'] as string[])].sort()).toEqual([mine.h, theirs.h].sort())
  expect(on.has('item-T-A-conflict')).toBe(false)
})

it('a sheet is added, answered by itself and sampled', async () => {
  const sheets = aPack([aChecklist([anItem('T-S', '产品外观')], { repeatable: true, record_kind: 'sampling_sheet' })])
  const on = await begin({ visit: await opened(new FakeVisit(sheets)) })
  await on.tap('item-T-S-pass')
  await on.tap('sheet-add')
  expect(on.text('progress')).toContain('已填 0/1')
  await on.tap('item-T-S-fail')
  expect(on.visit.written().at(-1)?.body).toMatchObject({ item: 'T-S', sheet: 1, val: 'fail' })
  for (const [field, words] of [['product', '灭火器'], ['quantity', '2 具'], ['seal-no', '封-01'], ['party-name', '王试']] as const) await on.type(`sample-${field}`, words)
  await on.tap('sample-save')
  expect(on.visit.written().at(-1)).toEqual({ type: 'sample.add', body: { checklist: 'CL-T-1', sheet: 1, product: '灭火器', quantity: '2 具', seal_no: '封-01', party_name: '王试' } })
  await on.tap('sheet-0')
  expect(on.text('progress')).toContain('已填 1/1')
})

it('门口补填 marks the answers and asks for no photo', async () => {
  const on = await begin()
  await on.tap('gate')
  await on.tap('item-T-A-fail')
  expect(on.visit.written()[0]?.body).toMatchObject({ val: 'fail', gate: true })
  expect(on.text('item-T-A')).not.toContain('缺少现场照片')
  const again = (stage = await on.reopen())
  await again.tap('item-T-B-choice-clear')
  expect(again.visit.written().at(-1)?.body).toMatchObject({ item: 'T-B', gate: true })
})

it('an item hidden by a fact comes back with its answer when the fact changes', async () => {
  const on = await begin()
  await on.tap('item-T-D-pass')
  await on.open.add('unit.fact', { fact: 'curtain', value: 'no' })
  const hidden = (stage = await on.reopen())
  expect(hidden.has('item-T-D')).toBe(false)
  expect(hidden.text('hidden-items')).toContain('1 项')
  await hidden.open.add('unit.fact', { fact: 'curtain', value: 'yes' })
  const back = (stage = await hidden.reopen())
  expect((document.querySelector('[data-test="item-T-D-pass"] input') as HTMLInputElement).checked).toBe(true)
  expect(back.text('progress')).toContain('已填 1/4')
})

it('an item answered in another checklist is shown there and not asked twice', async () => {
  const twice = aPack([aChecklist([ITEMS[0]!], { id: 'CL-T-0', title: '专项检查' }), aChecklist(ITEMS)])
  const visit = await opened(new FakeVisit(twice))
  await visit.write(ME, 'check.answer', { checklist: 'CL-T-0', sheet: 0, item: 'T-A', val: 'pass' })
  const on = await begin({ visit })
  expect(on.text('item-T-A-elsewhere')).toContain('已在《专项检查》中填写：符合')
  expect(on.has('item-T-A-pass')).toBe(false)
  expect(on.text('progress')).toContain('/3')
})

it('filters, the next open item, and the basis with 待核', async () => {
  const on = await begin()
  await on.tap('item-T-A-pass')
  expect(on.text('next-open')).toContain('（3）')
  await on.tap('next-open')
  expect(document.activeElement?.getAttribute('data-test')).toBe('item-T-B')
  await on.tap('filter-fail')
  expect(on.has('item-T-A')).toBe(false)
  await on.tap('filter-open')
  expect(on.has('item-T-A')).toBe(false)
  await on.tap('item-T-B-choice-clear')
  expect(on.has('item-T-B')).toBe(true)
  await on.tap('filter-all')
  await on.tap('item-T-A-help')
  expect(on.text('item-T-A-basis')).toContain('消防法第十六条（待核）')
})

it('a visit that has not begun is only read', async () => {
  const on = await begin({ begun: false })
  expect(on.text('read-only')).toContain('检查还没有开始')
  expect((document.querySelector('[data-test="item-T-A-pass"] input') as HTMLInputElement).closest('fieldset')?.disabled).toBe(true)
})

async function opened(visit: FakeVisit): Promise<FakeVisit> {
  await visit.write(ME, 'insp.open', { pack: visit.packSha256, pin: 'A'.repeat(43), mode: 'on_site', assignments: ['as-1'], checklists: [] })
  return visit
}
