// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest'
import { officeWith, show, type Stage } from '../testing/fakeOffice'
import DepartmentList from './DepartmentList.vue'
import LentCard from './LentCard.vue'
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
  it('takes objects, ratio and content of a campaign from its signed scheme', async () => {
    const office = await officeWith('plan_officer')
    const item = (code: string, section: string) => ({ code, item: code, section })
    const setup = {
      items: [item('WS-HC', '危险化学品股'), item('WS-MN', '非煤矿山股')], sections: ['非煤矿山股', '危险化学品股'], officials: [{ id: 'me', name: '甄我', roles: ['plan_officer'], superior: false }, { id: 'b', name: '贾乙', roles: ['reviewer'], superior: false }],
      purposes: ['monthly', 'campaign'], fixed: [], modes: ['undirected', 'directed'], outs: [], forces: [], causes: [], team: 2, general_min_permille: 0, skip: 'none', max_visits: 2, workload: { heads: 4, floor: 77, number: 26, permille: 325 }, source: 'internal', formula: '', registers: [], districts: [], publish_with_plan: true,
    }
    const campaign = { id: 's1', number: '计字1号', title: '示例方案', period_from: '2026-11-01', period_to: '2026-12-31', items: ['WS-HC'], filter: { grades: ['D'] }, words: '风险等级：D', objects: '', ratio_permille: 300, check_content: '安全出口', rides_along: false, units: 7, n: 3 }
    office.on('GET draws/setup', setup).on('GET draws', { draws: [], voids: [] }).on('GET plans/campaigns', { campaigns: [campaign] }).on('POST draws', { id: 'd1' })
    on = await show(ProposalScreen)
    expect(on.text('wish-workload')).toBe('按工作量建议每月 26 家（名录的 32.5%）：4 名检查人员，每人每年不少于 77 家')
    const choose = async (name: string, value: string): Promise<void> => {
      const select = on.element(name) as HTMLSelectElement
      select.value = value
      select.dispatchEvent(new Event('change'))
      await new Promise((done) => setTimeout(done))
      await on.screen.vm.$nextTick()
    }
    await choose('wish-purpose', 'campaign')
    await choose('campaign', 's1')
    expect(on.text('campaign-words')).toMatch(/风险等级：D[\s\S]*30%，符合条件的 7 家中抽 3 家[\s\S]*安全出口/)
    await choose('wish-b', 'b')
    await on.type('wish-witness', '甄见证')
    await on.tap('wish-save')
    expect(office.sent('POST', 'draws')[0]?.body).toMatchObject({ purpose: 'campaign', source_doc: '计字1号', section: '危险化学品股', items: ['WS-HC'], mode: 'directed', filter: { grades: ['D'] }, n: 3 })
  })
  it('asks for objects with reasons where the profile draws people only', async () => {
    const office = await officeWith('plan_officer')
    const setup = {
      items: [{ code: 'WS-HC', item: '危险化学品', section: '' }], sections: [], officials: [], purposes: ['monthly', 'key_supervision'], fixed: ['key_supervision'], modes: ['undirected'], outs: [], forces: [], causes: [],
      team: 2, general_min_permille: 0, skip: 'none', max_visits: 2, workload: null, source: 'internal', formula: '', registers: [], districts: [], publish_with_plan: true,
    }
    office.on('GET draws/setup', setup).on('GET draws', { draws: [], voids: [] })
    on = await show(ProposalScreen)
    expect(on.screen.text()).not.toContain('检查对象和理由')
    expect(on.has('wish-workload'), 'no numbers set, nothing proposed').toBe(false)
    const kind = on.element('wish-purpose') as HTMLSelectElement
    kind.value = 'key_supervision'
    kind.dispatchEvent(new Event('change'))
    await on.screen.vm.$nextTick()
    expect(on.screen.text()).toContain('重点监管（对象确定，抽人员）')
    expect(on.has('wish-doc')).toBe(true)
    expect(on.screen.text()).toContain('检查对象')
  })
  it('offers the registers of agencies below that agree, with the own one chosen to begin with', async () => {
    const office = await officeWith('plan_officer')
    const setup = {
      items: [{ code: 'X', item: '事项', section: '' }], sections: [], officials: [{ id: 'me', name: '甄我', roles: ['plan_officer'], superior: false }, { id: 'b', name: '贾乙', roles: ['reviewer'], superior: false }], purposes: ['monthly'], fixed: [], modes: ['undirected'], outs: [], forces: [],
      causes: [], team: 2, general_min_permille: 0, skip: 'none', max_visits: 2, workload: null, source: 'internal', formula: '', registers: [{ id: 'below', name: '下级办公室' }], districts: [{ id: 'below', name: '下级办公室' }], publish_with_plan: true,
    }
    office.on('GET draws/setup', setup).on('GET draws', { draws: [], voids: [] }).on('POST draws', { id: 'd1' })
    on = await show(ProposalScreen)
    const own = on.screen.findAll<HTMLInputElement>('[data-test^="register-"]')
    expect(own.map(({ element }) => element.checked)).toEqual([true, false])
    expect(on.text('wish-registers')).toContain('下级办公室')
    await on.screen.find('[data-test="district-below"]').setValue(true)
    for (const box of own) await box.setValue(box.element.value === 'below')
    await on.screen.find('[data-test="item-X"]').setValue(true)
    await on.screen.find('[data-test="wish-b"]').setValue('b')
    await on.type('wish-witness', '甄见证')
    await on.tap('wish-save')
    expect(office.sent('POST', 'draws')[0]?.body).toMatchObject({ registers: ['below'], districts: ['below'] })
  })
})

describe('inspectors drawn by a superior', () => {
  const draw = { draw_id: 'd1', number: '2026-0001', title: '市级抽查', agency_name: '市办公室', intent_at: '2026-11-20T02:00:00Z', drawn_at: '2026-11-20T03:00:00Z', published_at: null, pool: 5, people: [], register: 0, units: [] as string[] }
  it('says how many of ours are in the urn, and who only once the list is public', async () => {
    await officeWith('plan_officer')
    on = await show(LentCard, { draws: [{ ...draw, state: 'drawn' }, { ...draw, draw_id: 'd2', state: 'published', people: [{ name: '甄防一', units: 2 }], register: 12, units: ['示例商场'] }] })
    expect(on.text('lent-d1')).toMatch(/市级抽查[\s\S]*市办公室[\s\S]*名单公开后显示[\s\S]*5 人参加/)
    expect(on.text('lent-d2')).toMatch(/甄防一（2 家）[\s\S]*示例商场[\s\S]*12 家单位参加/)
  })
})

describe('a joint draw', () => {
  it('says which departments have joined and when, and who is missing', async () => {
    await officeWith('plan_officer')
    on = await show(DepartmentList, { departments: [{ agency_id: 'a', name: '甲机关', official: '甄甲', joined_at: '2026-11-20T02:00:00Z' }, { agency_id: 'b', name: '乙机关', official: '贾乙', joined_at: null }] })
    expect(on.text('department-a')).toMatch(/甲机关[\s\S]*经办 甄甲[\s\S]*已提交名录/)
    expect(on.text('department-b')).toMatch(/乙机关[\s\S]*尚未提交名录/)
  })
})
