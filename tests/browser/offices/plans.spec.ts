/**
 * One agency after the other, from the clerk's workbook to a plan that is ready to be published: what only that agency's
 * rules ask for is seen on its screens, the steps that all of them share go over the interface. The office lives at ten in
 * the morning of 20 November 2026, before the monthly cutoffs.
 */
import { type Browser, expect, test } from '@playwright/test'
import { Bench, DICE, type Line, MONTH, type Row, workbook } from '../bench'
import { Desk } from '../desk'
import { look } from '../look'
import { Office } from '../office'
import { Staff } from '../staff'

const SHIFT = Math.round((Date.parse('2026-11-20T10:00:00+08:00') - Date.now()) / 1000)
let office: Office

test.beforeAll(async () => {
  office = await Office.open({ shift: SHIFT })
})
test.afterAll(async () => {
  await office.close()
})

async function at(browser: Browser, login: string, place: string): Promise<Desk> {
  const desk = await Desk.signIn(browser, office.url, login, SHIFT)
  await to(desk, place)
  return desk
}

async function to(desk: Desk, place: string): Promise<void> {
  await desk.page.goto(`${office.url}/desk.html#/${place}`)
}

/** A unit of a fire brigade's registry, in a district that the demo does not have. */
function fireUnit(number: number, name: string, more: Row = {}): Row {
  return {
    单位名称: name, 地址: `示例新路${number}号`, 统一社会信用代码: `#${number}`, 消防安全责任人: '甄责任', 责任人电话: '0379-0000-0001', 单位类型: '一般单位', 行业: '宾馆饭店', 风险等级: 'B',
    场所类别: '餐饮', 所属区域: '示例新区', 黑名单: '否', 消防安全重点单位: '否', 人员密集场所: '否', ...more,
  }
}

/** Its own table of another line. */
function otherUnit(number: number, name: string, more: Row): Row {
  return { 单位名称: name, 地址: `示例新路${number}号`, 统一社会信用代码: `#${number}`, 主要负责人: '甄负责', 主要负责人电话: '0379-0000-0001', 单位类型: '有限责任公司', 所属区域: '示例新区', 风险等级: 'B', 信用等级: 'B', 黑名单: '否', ...more }
}

const IN_NEW_DISTRICT = { mode: 'directed', filter: { districts: ['示例新区'] } }

async function expectRefused(doing: Promise<unknown>, status: number, words = ''): Promise<void> {
  const said = await doing.then(() => 'not refused', String)
  expect(said).toContain(`: ${status} `)
  expect(said).toContain(words)
}

test('文昌湖: the whole ceremony, the chain of approvals, a replacement, publication, and a change the superior permits', async ({ browser }) => {
  test.slow()
  const hotel = '文昌湖试验度假酒店'
  const key = fireUnit(101, hotel, { 单位类型: '重点单位', 消防安全重点单位: '是', 人员密集场所: '是' })
  const good = [key, fireUnit(102, '文昌湖试验小吃店'), fireUnit(103, '文昌湖试验木器厂')]
  const a = await at(browser, 'wenchanghu.plan', 'units')

  // The clerk's workbook has one line without an address: it is named, left out, corrected and sent again.
  await a.on('import-open').click()
  await a.on('import-file').setInputFiles(workbook([...good.slice(0, 2), { ...good[2], 地址: '' }]))
  await expect(a.on('import-looked')).toContainText('有错误 1')
  await expect(a.on('import-errors')).toContainText('缺少地址')
  await a.on('import-file').setInputFiles(workbook(good))
  await expect(a.on('import-looked')).toContainText('新增 3')
  await a.on('import-go').click()
  await expect(a.on('import-done')).toContainText('新增 3 家')

  // Two officials and the superior's witness, each at an own computer.
  const [b, witness] = [await at(browser, 'wenchanghu.leader', 'plans'), await at(browser, 'wenchanghu.superior', 'draws')]
  await expect(b.on(`month-${MONTH}`)).toContainText('2026-11-25')
  const witnessName = (await witness.page.locator('.name strong').innerText()).trim()
  await to(a, 'draws/new')
  await a.on('wish-title').fill('2026年12月月度抽查')
  await a.on('wish-period').fill(MONTH)
  await a.on('item-WC-DUTY').check()
  await a.on('wish-n').fill('4')
  await a.on('wish-b').selectOption({ label: '甄队长' })
  await a.on('wish-witness').fill(witnessName)
  await a.on('wish-witness-user').selectOption({ label: witnessName })
  await a.on('wish-save').click()
  await expect(a.on('feasibility')).toContainText('人员密集的重点单位（未查）')
  for (const step of ['freeze', 'commit', 'intent']) await a.on(step).click()
  const place = a.page.url().split('#/')[1] ?? ''
  const draw = place.split('/')[1] ?? ''
  await expect(a.on('intent')).toBeHidden()
  for (const desk of [b, witness]) await to(desk, place)
  await expect(b.on('dice')).toBeHidden()
  await witness.on('witness-here').click()
  await a.page.reload()
  await b.on('dice').fill(DICE)
  await b.on('dice-go').click()
  await a.on('result').waitFor()
  await witness.on('witness-agrees').click()

  // Reloads and repeated requests find the list that stands.
  const bench = await Bench.open(office, 'wenchanghu')
  const before = await bench.plan.get<{ seed: string; fates: { name: string; fate: string; st: string }[] }>(`draws/${draw}/result?limit=500`)
  await a.page.reload()
  await bench.leader.post(`draws/${draw}/dice`, { digits: DICE })
  await expectRefused(bench.leader.post(`draws/${draw}/dice`, { digits: `${DICE.slice(0, -1)}9` }), 409)
  expect(await bench.plan.get(`draws/${draw}/result?limit=500`)).toMatchObject({ seed: before.seed, fates: before.fates })
  expect(before.fates.find((one) => one.name === hotel), 'the last month owes every key and crowded unit its yearly visit').toMatchObject({ fate: 'drawn', st: 'key_crowded' })
  await a.on('result-open').click()
  await a.page.locator('[data-test="fate-drawn"]', { hasText: hotel }).waitFor()

  // The head approves and sends it to the phones.
  const [plan] = await bench.plans()
  await to(b, `plans/${plan!.id}`)
  await expect(b.on('plan-secret')).toContainText('名单公开前保密')
  await b.on('plan-approve').click()
  await b.on('step-go').click()
  await b.on('plan-release').click()
  await b.on('step-go').click()
  await expect(b.page.locator('h1')).toContainText('已下达')
  const visit = (lines: readonly Line[]): Line => lines.find((one) => one.unit_name === hotel)!
  const line = visit(await bench.lines(plan!.id))
  await bench.reaches(line)

  // Somebody cannot go: the head approves, the filing goes upward, the substitute is drawn.
  const [out] = line.team
  const asked = await bench.leaves(line, out!.id)
  expect(asked.state).toBe('asked')
  await expectRefused(bench.plan.post(`plans/replacements/${asked.id}/draw`, { ...bench.officials(), witness_name: '甄见证' }), 409)
  await to(b, 'changes')
  await b.on(`grant-${asked.id}`).click()
  await expect(b.on(`replacement-${asked.id}`)).toContainText('备案')
  await to(witness, 'inbox')
  await expect(witness.page.locator('article', { hasText: '备案' })).toContainText('休假')
  await to(a, 'changes')
  await a.on(`draw-${asked.id}`).click()
  await a.on('official-a').selectOption({ label: '贾计划' })
  await a.on('official-b').selectOption({ label: '甄队长' })
  await a.on('official-witness').fill('甄见证')
  await a.on('ceremony-go').click()
  for (const step of ['commit', 'intent']) await a.on(step).click()
  await to(b, a.page.url().split('#/')[1] ?? '')
  await b.on('dice').fill(DICE)
  await b.on('dice-go').click()
  await a.on('result').waitFor()
  await to(b, 'changes')
  await expect(b.on(`replacement-${asked.id}`)).toContainText('已替换')
  await look(b.page, 'replacement-done')
  const replaced = visit(await bench.lines(plan!.id))
  await expect.poll(() => bench.visitsOf(out!.id)).not.toContain(line.visit_group)
  const { replacements } = await bench.plan.get<{ replacements: { in_name: string }[] }>('plans/replacements')
  const came = bench.people.find((one) => one.name === replacements[0]!.in_name)!
  expect(line.team.map((one) => one.id)).not.toContain(came.id)
  await expect.poll(() => bench.visitsOf(came.id)).toContain(line.visit_group)

  // Published: from now on only the superior permits a change.
  const transcript = `${office.url}/open/draws/${draw}/transcript.json`
  expect((await fetch(transcript)).status).toBe(404)
  await to(b, `plans/${plan!.id}`)
  await b.on('plan-publish').click()
  await b.on('step-go').click()
  await expect(b.page.locator('body')).toContainText('第 1 版')
  await expect(b.page.locator('body')).toContainText('公开时不显示检查人员')
  expect((await fetch(transcript)).status, 'everybody may draw again').toBe(200)
  await expectRefused(bench.leader.patch(`plans/monthly/${plan!.id}`, { limits: [{ line: line.id, inspect_by: '2026-12-18' }] }), 409, 'E_PLAN_PUBLISHED')
  await to(a, `plans/${plan!.id}`)
  await a.on('plan-amend').click()
  await a.on(`amend-day-${line.id}`).fill('2027-01-15')
  await a.on('amend-reason').fill('单位停产检修至年底')
  await a.on('amend-send').click()
  await expect(a.page.locator('.amendment')).toContainText('等待审批')
  const { amendments } = await bench.plan.get<{ amendments: { id: string }[] }>(`plans/monthly/${plan!.id}`)
  await expectRefused(bench.leader.post(`plans/amendments/${amendments[0]!.id}/decide`, { granted: true, decision: '' }), 409)
  await witness.page.reload()
  const request = witness.page.locator('article', { hasText: '请示' })
  await expect(request).toContainText('检查时限改为 2027-01-15')
  await request.locator('[data-test^="answer-"]').click()
  await look(witness.page, 'inbox-permission')
  await witness.on('answer-number').fill('淄消批〔2026〕7号')
  await witness.on('answer-granted').click()
  await a.page.reload()
  await expect(a.page.locator('body')).toContainText('第 2 版')
  await expect(a.page.locator('.amendment')).toContainText('已生效')
  await look(a.page, 'plan-published')
  expect(visit(await bench.lines(plan!.id)).inspect_by).toBe('2027-01-15')
  expect(replaced.visit_group).toBe(line.visit_group)
})

test('金东: the number is set before the 25th, the province draws, and the brigade draws besides', async ({ browser }) => {
  const bench = await Bench.open(office, 'jindong')
  await bench.registry([fireUnit(201, '金东试验宾馆'), fireUnit(202, '金东试验影城'), fireUnit(203, '金东试验超市')])

  const a = await at(browser, 'jindong.plan', 'plans')
  const month = a.on(`month-${MONTH}`)
  await expect(month).toContainText('设定数量 · 最后一天 2026-11-24')
  await a.on(`quota-${MONTH}`).click()
  await a.on('quota-number').fill('3')
  await a.on('quota-save').click()
  await expect(month).toContainText('按时完成')
  await expect(month).toContainText('抽查数 3')

  // November's number is past its day: only the head sets it, and says why.
  await expectRefused(bench.plan.post('plans/months/quota', { month: '2026-11', quota: 3, note: '补设' }), 409)
  const head = await at(browser, 'jindong.leader', 'plans')
  await expect(head.on('month-2026-11')).toContainText('已过截止日，还没有办')
  await head.on('quota-2026-11').click()
  await head.on('quota-number').fill('3')
  await head.on('quota-note').fill('支队临时部署')
  await head.on('quota-save').click()
  await expect(head.on('month-2026-11')).toContainText('逾期说明：支队临时部署')

  // What the provincial system drew comes in as a workbook, once.
  const drawnThere = { 批次号: 'JD-2026-12', 来源系统批次号: '示例-浙双随机-202612-0808', 抽查事项: 'JD-DUTY', 检查人员1证号: 'JD-示例-0001', 检查人员2证号: 'JD-示例-0002', 检查时限: '2026-12-18' }
  const table = workbook(['金东试验宾馆', '金东试验影城'].map((unit) => ({ ...drawnThere, 被检查单位: unit })))
  await a.on('plan-import').click()
  await a.on('import-file').setInputFiles(table)
  await a.on('import-go').click()
  await expect(a.on('import-done')).toContainText('2 家单位')
  await a.on('import-finish').click()
  await expectRefused(bench.plan.send('plans/monthly/import', table, { month: MONTH, dry_run: '0' }), 422, '不会重复')

  // And the brigade's own draw of the same month, a plan of its own.
  await to(a, 'draws/new')
  await expect(a.page.locator('form')).toContainText('本机关由外部系统抽取；这里也可以自行抽取。')
  const draw = await bench.drawn({ title: '金东新区自行抽取', items: ['JD-DUTY'], n: 1, ...IN_NEW_DISTRICT })
  await to(a, 'plans')
  const plans = await bench.plans()
  expect(plans.map((one) => [one.source, one.lines, one.late])).toEqual([['external_import', 2, false], ['internal', 1, false]])
  await expect(a.page.locator('tbody')).toContainText('外部系统抽取')
  for (const plan of plans) {
    await bench.release(plan.id)
    for (const line of await bench.lines(plan.id)) await bench.reaches(line)
    await expectRefused(bench.leader.post(`plans/monthly/${plan.id}/publish`), 409, '本机关的公开内容不含抽查计划')
  }
  expect((await bench.lines(plans[0]!.id)).map((one) => one.team.map(({ name }) => name))).toEqual([['甄金一', '贾东二'], ['甄金一', '贾东二']])
  expect(draw.state).toBe('drawn')
})

test('舞钢: two a year per market entity, a pool for every item, and a list that nobody carries out', async ({ browser }) => {
  const bench = await Bench.open(office, 'wugang')
  const both = { 市场主体名称: '舞钢试验人防集团', 统一社会信用代码: '#301', 业务类型: '防护设备生产安装' }
  await bench.registry([
    otherUnit(301, '舞钢试验人防集团一厂', { ...both, 适用抽查事项: 'WG-DS' }),
    otherUnit(302, '舞钢试验人防集团二厂', { ...both, 适用抽查事项: 'WG-SV；WG-EQ' }),
    otherUnit(303, '舞钢试验门业公司', { 业务类型: '防护设备生产安装', 适用抽查事项: 'WG-EQ' }),
  ])

  // Two draws of two items find the two premises of one market entity: its year is full.
  const first = await bench.propose({ title: '设计检查', purpose: 'campaign', source_doc: '舞防〔2026〕1号', items: ['WG-DS'], n: 1, ...IN_NEW_DISTRICT })
  const looked = await bench.feasibility(first)
  expect(looked.absent.map((one) => one.name)).toContain('舞钢试验门业公司')
  await bench.ceremony(first.id)
  await bench.drawn({ title: '监理检查', purpose: 'campaign', source_doc: '舞防〔2026〕2号', items: ['WG-SV'], n: 1, ...IN_NEW_DISTRICT })
  const third = await bench.propose({ title: '防护设备检查', purpose: 'campaign', source_doc: '舞防〔2026〕3号', items: ['WG-EQ'], n: 5, ...IN_NEW_DISTRICT })
  const a = await at(browser, 'wugang.plan', `draws/${third.id}`)
  await expect(a.on('feasibility').locator('tr', { hasText: '舞钢试验人防集团' })).toContainText('已达年度次数上限')
  await bench.ceremony(third.id)
  const fates = await bench.fates(third)
  expect(fates.filter((one) => one.fate === 'drawn').map((one) => one.name)).toEqual(['舞钢试验门业公司'])
  expect(fates.find((one) => one.name.startsWith('舞钢试验人防集团'))).toMatchObject({ fate: 'excluded' })

  // Secret before anything is public: hidden, counted, refused.
  const [plan] = await bench.plans()
  const auditor = await at(browser, 'wugang.audit', `plans/${plan!.id}`)
  await expect(auditor.on('plan-secret')).toContainText('您不在知悉范围内')
  const watching = await Staff.signIn(office, 'wugang.audit')
  await expectRefused(watching.get(`plans/monthly/${plan!.id}/lines`), 403, 'E_EMBARGO')
  await expectRefused(bench.plan.bytes(`plans/monthly/${plan!.id}/list.csv`), 403)
  await expectRefused(bench.plan.get(`draws/${third.id}/transcript`), 403, 'E_EMBARGO')
  await expectRefused((await Staff.signIn(office, 'wugang.insp1')).get(`draws/${third.id}/result`), 403, 'E_EMBARGO')
  const lines = await bench.lines(plan!.id)
  const drawn = lines.find((one) => one.unit_name === '舞钢试验门业公司')!
  for (const one of drawn.team) expect(await bench.visitsOf(one.id)).not.toContain(drawn.visit_group)
  const verbs = (await watching.get<{ facts: { verb: string }[] }>('audit/facts?limit=100')).facts.map((one) => one.verb)
  for (const verb of ['plans.list_read', 'plans.list_refused', 'plans.export_refused', 'draw.export_refused', 'draw.list_read']) expect(verbs).toContain(verb)

  await bench.release(plan!.id)
  await bench.reaches((await bench.lines(plan!.id)).find((one) => one.unit_name === '舞钢试验门业公司')!)
  await expectRefused(bench.leader.post(`plans/monthly/${plan!.id}/publish`), 409, '名单保密到结果公开')
})

test('乌审旗: two sections draw one enterprise, go there together, and replace an inspector without asking anybody', async ({ browser }) => {
  const bench = await Bench.open(office, 'wushen')
  const unit = '乌审试验化工有限公司'
  await bench.registry([otherUnit(401, unit, { 行业类别: '危险化学品', 适用抽查事项: 'WS-HC；WS-GEN' })])
  const common = { n: 1, ...IN_NEW_DISTRICT }
  await expectRefused(bench.propose({ title: '越界', items: ['WS-HC'], section: '综合监管股', ...common }), 422, '各股室只能抽取本股室的事项')
  await bench.drawn({ title: '综合监管股12月抽查', items: ['WS-GEN'], section: '综合监管股', ...common })
  await bench.drawn({ title: '危险化学品股12月抽查', items: ['WS-HC'], section: '危险化学品股', ...common })

  const [plan] = await bench.plans()
  expect(plan).toMatchObject({ lines: 2 })
  const leader = await at(browser, 'wushen.leader', `plans/${plan!.id}`)
  await expect(leader.on('plan-merge')).toBeChecked()
  await expect(leader.page.locator('tbody tr', { hasText: unit })).toHaveCount(2)
  await look(leader.page, 'plan-two-sections')
  await bench.release(plan!.id)
  const [general, chemical] = await bench.lines(plan!.id)
  expect(general!.visit_group, 'one visit of both sections').toBe(chemical!.visit_group)
  const everybody = [...new Set([...general!.team, ...chemical!.team].map((one) => one.id))]
  for (const one of everybody) expect(await bench.visitsOf(one)).toContain(general!.visit_group)

  const out = chemical!.team[0]!
  const asked = await bench.leaves(chemical!, out.id)
  expect(asked).toMatchObject({ state: 'approved', filing_no: '' })
  const a = await at(browser, 'wushen.plan', 'changes')
  await expect(a.on(`replacement-${asked.id}`)).toContainText('已同意，待重新抽取')
  const { draw_id: small } = await bench.plan.post<{ draw_id: string }>(`plans/replacements/${asked.id}/draw`, { ...bench.officials(), witness_name: '甄见证' })
  await bench.ceremony(small, { frozen: true })
  await a.page.reload()
  await expect(a.on(`replacement-${asked.id}`)).toContainText('已替换')
  await expect.poll(() => bench.visitsOf(out.id)).not.toContain(general!.visit_group)
  expect((await bench.plan.get<{ letters: unknown[] }>('plans/upward')).letters).toEqual([])
  const { replacements } = await bench.plan.get<{ replacements: { in_name: string }[] }>('plans/replacements')
  const came = bench.people.find((one) => one.name === replacements[0]!.in_name)!
  await expect.poll(() => bench.visitsOf(came.id)).toContain(general!.visit_group)
})

test('偃师: directed and undirected, the blacklist stays in the urn, and a large event whose inspectors are drawn', async ({ browser }) => {
  const bench = await Bench.open(office, 'yanshi')
  const [square, black] = ['偃师试验文化广场', '偃师试验黑榜宾馆']
  await bench.registry([fireUnit(501, square), fireUnit(502, black, { 黑名单: '是' }), fireUnit(503, '偃师试验饭馆')])

  // Whoever strikes the blacklisted unit out gets no draw; the page says why.
  const out = { unit_id: await bench.unit(black), reason: 'construction', note: '装修停业' }
  const wish = { title: '示例新区定向抽查', items: ['YS-A1'], n: 3, ...IN_NEW_DISTRICT }
  const struck = await bench.propose({ ...wish, exclusions: [out] })
  const a = await at(browser, 'yanshi.plan', `draws/${struck.id}`)
  await expect(a.page.locator('body')).toContainText(`“${black}”列入黑名单，不得从抽取范围中剔除`)
  await expectRefused(bench.plan.post(`draws/${struck.id}/freeze`), 409, 'E_DRAW_BLACKLIST')
  await a.on('draw-discard').click()

  // Directed: the conditions stand in the announcement, and the blacklisted unit is in the urn.
  await expect(a.page).toHaveURL(/#\/draws$/)
  const directed = await bench.propose(wish)
  expect((await bench.feasibility(directed)).lines.find((one) => one.name === black)).toMatchObject({ out: '' })
  const announced = await bench.ceremony(directed.id)
  expect(JSON.stringify(announced.intent)).toContain('示例新区')
  expect((await bench.fates(directed)).filter((one) => one.fate === 'drawn').map((one) => one.name).sort()).toEqual([square, black, '偃师试验饭馆'].sort())

  // Undirected, of the same month and item: the whole registry, no conditions.
  await expectRefused(bench.propose({ title: '带条件', items: ['YS-A1'], n: 2, mode: 'undirected', filter: IN_NEW_DISTRICT.filter }), 422, '不定向抽查不设定条件')
  await bench.drawn({ title: '12月不定向抽查', items: ['YS-A1'], n: 2, mode: 'undirected' })
  await expectRefused(bench.propose({ title: '再抽一次', items: ['YS-A1'], n: 2, mode: 'undirected' }), 409, 'E_DRAW_SECOND')
  const [plan] = await bench.plans()
  await bench.release(plan!.id)
  const lines = await bench.lines(plan!.id)
  await bench.reaches(lines.find((one) => one.unit_name === black)!)

  // The event: its place is fixed, with the document that says so; who goes comes out of the dice.
  const event = {
    id: crypto.randomUUID(), type: 'large_event', unit_ids: [await bench.unit(square)], item_codes: ['YS-A1'], source_name: '活动方案', source_no: '偃文〔2026〕9号', source_date: '2026-11-18',
    reason: '牡丹灯会主会场', inspect_by: '2026-12-20', ...bench.officials(), witness_name: '甄见证',
  }
  await expectRefused(bench.plan.post('plans/undrawn', { ...event, id: crypto.randomUUID(), inspectors: [bench.who('insp1').id, bench.who('insp2').id] }), 409, '检查人员须随机抽取，不能指定')
  const made = await bench.plan.post<{ id: string; draw_id: string; state: string }>('plans/undrawn', event)
  expect(made.state).toBe('awaiting_draw')
  await bench.ceremony(made.draw_id)
  await to(a, 'changes')
  await a.page.getByText('非随机检查', { exact: true }).first().click()
  const card = a.page.locator('article', { hasText: '大型活动场所检查' })
  await expect(card).toContainText(square)
  await expect(card).toContainText('已派发')
  const drawn = (await bench.plan.get<{ fates: { team: string[] }[] }>(`draws/${made.draw_id}/result`)).fates[0]!.team
  expect(drawn.length).toBe(2)
  const known = lines.map((one) => one.visit_group)
  for (const name of drawn) {
    const person = bench.people.find((one) => one.name === name)!
    expect((await bench.visitsOf(person.id)).some((visit) => !known.includes(visit))).toBe(true)
  }
})
