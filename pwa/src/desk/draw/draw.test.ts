import { afterEach, describe, expect, it, vi } from 'vitest'
import { officeWith, show, type Stage } from '../testing/fakeOffice'
import OpeningDialog from './OpeningDialog.vue'
import ProposalScreen from './ProposalScreen.vue'

let on: Stage
afterEach(() => {
  on.screen.unmount()
  vi.unstubAllGlobals()
})

describe('what a unit gets to check a draw', () => {
  it('shows id, salt and unit id with the addresses, and copies them in one go', async () => {
    const office = await officeWith('plan_officer')
    office.on('GET draws/d1/openings/u1', { draw: 'd1', number: '2026-0001', uid: 'UID1', salt: 'SALT1', id: 'u1', name: '示例宾馆', leaf: {}, page: '/open/draws/d1', verifier: '/draw-verifier.html' })
    const copied = vi.fn(() => Promise.resolve())
    vi.stubGlobal('navigator', { clipboard: { writeText: copied } })
    on = await show(OpeningDialog, { draw: 'd1', unit: 'u1' })
    for (const part of ['UID1', 'SALT1', 'u1', `${location.origin}/open/draws/d1`, `${location.origin}/draw-verifier.html`]) expect(on.text('opening')).toContain(part)
    await on.tap('opening-copy')
    expect(copied).toHaveBeenCalledWith(expect.stringMatching(/示例宾馆[\s\S]*SALT1[\s\S]*u1/))
  })
})

describe('the proposal', () => {
  it('asks for objects with reasons where the profile draws people only', async () => {
    const office = await officeWith('plan_officer')
    const setup = {
      items: [{ code: 'WS-HC', item: '危险化学品', section: '' }], sections: [], officials: [], purposes: ['monthly', 'key_supervision'], fixed: ['key_supervision'], modes: ['undirected'], outs: [], forces: [], causes: [],
      team: 2, general_min_permille: 0, skip: 'none', max_visits: 2, source: 'internal', formula: '', publish_with_plan: true,
    }
    office.on('GET draws/setup', setup).on('GET draws', { draws: [], voids: [] })
    on = await show(ProposalScreen)
    expect(on.screen.text()).not.toContain('检查对象和理由')
    const kind = on.element('wish-purpose') as HTMLSelectElement
    kind.value = 'key_supervision'
    kind.dispatchEvent(new Event('change'))
    await on.screen.vm.$nextTick()
    expect(on.screen.text()).toContain('重点监管（对象确定，抽人员）')
    expect(on.has('wish-doc')).toBe(true)
    expect(on.screen.text()).toContain('检查对象')
  })
})
