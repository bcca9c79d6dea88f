// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest'
import { aChecklist, anItem, aPack, FakeVisit, ME } from '../testing/fakeVisit'
import { mountStep, settle, type Stage } from '../testing/mountStep'
import { barbs, copySize, draw, INKS, isSlip, type Mark } from './drawing'
import EvidenceStep from './EvidenceStep.vue'
import { stampLines, stampTime } from './stamp'

const pack = aPack([aChecklist([anItem('T-A', '消防安全制度上墙')])], { profile: { 'onsite.min_photos': 2, 'assistants.allowed': true } })
let stage: Stage | undefined
async function begin(rest: Parameters<typeof mountStep>[2] = {}): Promise<Stage> {
  stage = await mountStep(EvidenceStep, rest.visit?.pack ?? pack, rest)
  return stage
}
afterEach(() => {
  stage?.screen.unmount()
  stage = undefined
})

/** The overlay is loaded when it is first opened. */
async function openCamera(on: Stage): Promise<void> {
  await on.tap('photo-take')
  await vi.waitFor(() => expect(on.has('camera')).toBe(true))
  await settle()
}

describe('the in-app camera', () => {
  it('takes several shots in a row and counts what is kept', async () => {
    const on = await begin()
    expect(on.text('min-photos')).toContain('至少 2 张，现有 0 张')
    await openCamera(on)
    expect(on.text('stamp')).toContain('测试商贸有限公司')
    await on.tap('shutter')
    await on.tap('shutter')
    expect(on.text('camera-count')).toContain('已存手机 2 张')
    await on.tap('camera-close')
    expect(on.has('camera')).toBe(false)
    expect(on.visit.written().map(({ type, body }) => [type, body['purpose'], body['src']])).toEqual([['photo.add', 'general', 'inapp'], ['photo.add', 'general', 'inapp']])
    expect(on.text('min-photos')).toContain('现场照片 2 张')
  })
  it('says so when the phone is full, and counts nothing', async () => {
    const on = await begin()
    await openCamera(on)
    on.visit.failNext = 'storage_full'
    await on.tap('shutter')
    expect(on.text('camera')).toContain('这一张没有保存')
    expect(on.text('camera')).toContain('已填写的内容不受影响')
    expect(on.text('camera-count')).not.toContain('已存手机')
    expect(on.visit.written()).toEqual([])
  })
  it('offers the system camera when it is refused', async () => {
    const visit = new FakeVisit(pack)
    visit.cameraRefused = true
    await visit.write(ME, 'insp.open', { pack: visit.packSha256, pin: 'A'.repeat(43), mode: 'on_site', assignments: ['as-1'], checklists: [] })
    const on = await begin({ visit })
    await openCamera(on)
    expect(on.text('camera')).toContain('没有相机权限')
    await on.tap('camera-system')
    expect(on.has('camera')).toBe(false)
    expect(on.visit.pendingPhoto).toMatchObject({ purpose: 'general' })
  })
})

it('a photo is withdrawn with a reason, never deleted', async () => {
  const on = await begin()
  await on.visit.addPhoto({ purpose: 'general' }, 'import')
  await on.open.refresh()
  await settle()
  await on.tap('photo-thumb')
  await vi.waitFor(() => expect(on.has('photo-viewer')).toBe(true))
  await on.tap('photo-void')
  await on.type('photo-void-reason', '拍糊了')
  await on.tap('photo-void-save')
  expect(on.visit.written().at(-1)).toMatchObject({ type: 'photo.void', body: { reason: '拍糊了' } })
  expect(on.text('photo-count')).toBe('0 张')
  expect(on.text('photo-thumb')).toContain('已作废')
})

it('object URLs are given back when the screen closes', async () => {
  const revoke = vi.spyOn(URL, 'revokeObjectURL').mockImplementation(() => undefined)
  const visit = new FakeVisit(pack)
  visit.url = (sha) => Promise.resolve(`blob:${sha}`)
  await visit.write(ME, 'insp.open', { pack: visit.packSha256, pin: 'A'.repeat(43), mode: 'on_site', assignments: ['as-1'], checklists: [] })
  const kept = await visit.addPhoto({ purpose: 'general' }, 'import')
  const on = await begin({ visit })
  on.screen.unmount()
  stage = undefined
  expect(revoke.mock.calls).toEqual([[`blob:${kept.ok ? kept.sha256 : ''}`]])
})

describe('a capture the phone interrupted', () => {
  async function interrupted(): Promise<Stage> {
    const visit = new FakeVisit(pack)
    await visit.write(ME, 'insp.open', { pack: visit.packSha256, pin: 'A'.repeat(43), mode: 'on_site', assignments: ['as-1'], checklists: [] })
    await visit.beginSystemCapture({ purpose: 'item', checklist: 'CL-T-1', item: 'T-A', sheet: 0 })
    return begin({ visit, query: '?pending=1' })
  }
  it('takes the file for the item it was meant for', async () => {
    const on = await interrupted()
    expect(on.text('pending')).toContain('消防安全制度上墙')
    const input = document.querySelector('[data-test="pending-input"]') as HTMLInputElement
    Object.defineProperty(input, 'files', { value: [new File(['x'], 'a.jpg', { type: 'image/jpeg' })] })
    input.dispatchEvent(new Event('change'))
    await settle()
    expect(on.visit.written()).toMatchObject([{ type: 'photo.add', body: { purpose: 'item', checklist: 'CL-T-1', item: 'T-A', sheet: 0, src: 'system' } }])
    expect(on.has('pending-back')).toBe(true)
  })
  it('is dismissed by the person', async () => {
    const on = await interrupted()
    await on.tap('pending-drop')
    expect(on.has('pending')).toBe(false)
    expect(on.visit.pendingPhoto).toBeUndefined()
  })
})

describe('other evidence', () => {
  it('a document needs its source', async () => {
    const on = await begin()
    await on.tap('add-doc')
    await on.type('doc-title', '消防设施检测报告')
    expect((document.querySelector('[data-test="doc-save"]') as HTMLButtonElement).disabled).toBe(true)
    await on.type('doc-source', '单位档案室提供的原件')
    await on.tap('doc-kind-electronic')
    await on.tap('doc-attested')
    await on.tap('doc-save')
    expect(on.visit.written()).toEqual([{ type: 'doc.add', body: { kind: 'electronic', title: '消防设施检测报告', source: '单位档案室提供的原件', attested: true, photos: [] } }])
    expect(on.text('evidence-list')).toContain('消防设施检测报告')
  })
  it('an interview keeps its pairs and its draft', async () => {
    const on = await begin()
    await on.tap('add-interview')
    await on.type('interview-name', '张试')
    await on.type('interview-q-0', '最近一次演练是什么时候？')
    await on.tap('interview-add')
    const again = (stage = await on.reopen())
    await again.tap('add-interview')
    await again.type('interview-a-0', '今年五月。')
    await again.tap('interview-save')
    expect(again.visit.written()).toEqual([{ type: 'interview.add', body: { name: '张试', qa: [{ q: '最近一次演练是什么时候？', a: '今年五月。' }] } }])
    expect(again.visit.drafts.size).toBe(0)
  })
  it('a note, a voice note and an assistant where the rules allow one', async () => {
    const on = await begin()
    await on.tap('add-note')
    await on.type('note-text', '现场正在装修')
    await on.tap('note-save')
    await on.tap('voice-start')
    await on.tap('voice-stop')
    await on.tap('add-assistant')
    await on.type('assistant-name', '周试')
    await on.type('assistant-org', '测试检测公司')
    await on.type('assistant-scope', '末端试水')
    await on.tap('assistant-save')
    expect(on.visit.written().map(({ type }) => type)).toEqual(['note.add', 'audio.add', 'assist.add'])
    const strict = aPack([aChecklist([anItem('T-A', '甲')])])
    on.screen.unmount()
    const bare = (stage = await mountStep(EvidenceStep, strict))
    expect(bare.has('add-assistant')).toBe(false)
  })
})

describe('the stamp', () => {
  it('names unit, moment, number, people and item, and no position where positions are off', () => {
    const visit = new FakeVisit(pack)
    const lines = stampLines(Object.assign(visit, { position: () => ({ lat: 347_000_000, lon: 1_128_000_000, acc: 900, at: 1 }) }), { purpose: 'item', checklist: 'CL-T-1', item: 'T-A', sheet: 0 }, Date.UTC(2026, 10, 3, 1, 5, 9))
    expect(lines).toEqual(['测试商贸有限公司', '2026-11-03 09:05:09　2026-11-0042', '检查人员：秦试、陆验', '消防安全制度上墙'])
    visit.positionAllowed = true
    expect(stampLines(visit, { purpose: 'general' }, 0).at(-1)).toBe('34.70000, 112.80000（约 9 米）')
    expect(stampTime(0)).toBe('1970-01-01 08:00:00')
  })
})

describe('marks on a copy', () => {
  const mark: Mark = { tool: 'arrow', ink: INKS[0]!, x1: 0, y1: 0, x2: 100, y2: 0, text: '' }
  it('fit a cheap phone and ignore a slip of the finger', () => {
    expect(copySize(4000, 3000)).toEqual({ width: 1600, height: 1200 })
    expect(copySize(800, 600)).toEqual({ width: 800, height: 600 })
    expect(isSlip({ ...mark, x2: 3 }, 8)).toBe(true)
    expect(isSlip(mark, 8)).toBe(false)
  })
  it('an arrow points at its end, rim first and line over it', () => {
    for (const [x] of barbs(mark, 20)) expect(x).toBeLessThan(100)
    const styles: unknown[] = []
    const context = { beginPath() {}, moveTo() {}, lineTo() {}, ellipse() {}, fillText() {}, strokeText() {}, stroke() { styles.push(this.strokeStyle) }, lineWidth: 0, strokeStyle: '', fillStyle: '', lineCap: 'butt' as const, lineJoin: 'miter' as const, font: '', textBaseline: 'top' as const }
    draw(context, mark, 4)
    expect(styles).toEqual(['#000000', '#ffd400'])
  })
})
