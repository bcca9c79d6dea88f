/** Each agency's main job on one phone, with nobody answering at the other end until the visit is over. */
import { expect, test } from '@playwright/test'
import { carry, type Papers } from './carry'
import { KINDS } from './desk'
import { Office } from './office'
import { discardPhones } from './phone'
import type { Visit } from './visit'

let office: Office
test.beforeAll(async () => {
  office = await Office.open()
})
test.beforeEach(async () => {
  await office.start()
})
test.afterEach(async ({}, info) => {
  await discardPhones(info)
})
test.afterAll(async () => {
  await office.close()
})

/** What every agency's papers say: who, where, when, what was found, in each paper that has to say it. */
function commonWords(papers: Papers, visit: Visit, { agency, unit }: { agency: string; unit: string }): void {
  const [first, second] = visit.plan.team
  for (const kind of KINDS) {
    expect(papers[kind], kind).toContain(unit)
    expect(papers[kind], kind).toContain(agency)
  }
  for (const kind of ['notice', 'record', 'report'] as const) {
    expect(papers[kind], kind).toContain(first.name)
    expect(papers[kind], kind).toContain(second.name)
  }
  expect(visit.findings).toHaveLength(1)
  for (const kind of ['record', 'report'] as const) {
    for (const { part, note, text } of visit.findings) {
      expect(papers[kind], kind).toContain(part)
      expect(papers[kind], kind).toContain(note)
      expect(papers[kind], kind).toContain(text)
    }
    expect(papers[kind], kind).toMatch(/\d{4}年\d{1,2}月\d{1,2}日\d{1,2}时\d{1,2}分/)
  }
  expect(papers.receipt).toContain(visit.plan.receiver)
  expect(papers.record).toContain(visit.plan.party)
  expect(papers.record).toContain('无异议')
  expect(papers.record).toContain(visit.recordCode)
  expect(papers.report).toContain('责令限期改正')
}

test('文昌湖: the recorder is demanded, its number printed, two lists at one hotel', async ({ browser }) => {
  const unit = '文昌湖示例度假酒店'
  const { papers, visit, facts } = await carry(office, browser, {
    slug: 'wenchanghu', unit, logins: ['insp1', 'insp2'],
    plan: { finding: { part: '三层东侧楼梯间', note: '疏散通道堆放布草车一辆' }, receiver: '甄前台', party: '贾店长', recorder: 'ZFJLY-0417', photos: 2 },
  }, async (before) => {
    await before.walkTo('recorder')
    await expect(before.phone.page.getByText('本机关要求全程使用执法记录仪')).toBeVisible()
    await expect(before.phone.on('next')).toBeDisabled()
  })
  commonWords(papers, visit, { agency: '文昌湖省级旅游度假区消防救援大队', unit })
  expect(papers.record).toContain(`ZFJLY-0417（${visit.plan.team[0].name}佩戴`)
  expect(papers.notice).toContain('消防安全专项检查（人员密集场所）')
  expect(papers.notice).toContain('山东省消防条例')
  expect(facts.types).toEqual(expect.arrayContaining(['rec.start', 'rec.stop']))
  expect(facts.types).toContain('gps.fix')
})

test('舞钢: no position is ever asked for, a photo is demanded, the notice has its receipt', async ({ browser }) => {
  const unit = '样本花园物业服务有限公司'
  const { papers, visit, phone, facts } = await carry(office, browser, {
    slug: 'wugang', unit, logins: ['insp3', 'insp4'],
    plan: { finding: { part: '地下一层防护单元一', note: '排水沟积水约三平方米' }, receiver: '甄物业', party: '贾经理', photos: 3, door: false },
  }, async (before) => {
    await before.walkTo('arrive')
    await expect(before.phone.page.getByText('本机关不记录位置')).toBeVisible()
    await before.overview()
    await before.phone.tap('step-record')
    await expect(before.phone.page.locator('[data-need="M_MIN_PHOTOS"]')).toContainText('现场照片至少 1 张，现有 0 张')
    await expect(before.phone.on('read-through')).toBeDisabled()
    await before.overview()
    await before.phone.tap('step-attest')
    await expect(before.phone.on('attest-mine')).toBeDisabled()
    await before.overview()
    await before.phone.tap('step-arrive')
  })
  commonWords(papers, visit, { agency: '舞钢', unit })
  expect(phone.geolocationCalls).toEqual([])
  expect(papers.receipt).toContain('送达回执')
  expect(papers.record).toContain('草案')
  expect(facts.types).not.toContain('gps.fix')
  expect(facts.words).not.toMatch(/"(lat|lon|acc)":/)
  for (const kind of KINDS) expect(papers[kind]).not.toMatch(/34\.72|112\.78|经度|纬度/)
})

test('金东: drawn by the provincial system, seven areas', async ({ browser }) => {
  const unit = '金东示例写字楼'
  const foreign = '示例-浙双随机-202611-0731'
  const { papers, visit } = await carry(office, browser, {
    slug: 'jindong', unit, logins: ['insp1', 'insp2'],
    plan: { finding: { part: '一层消防控制室', note: '值班人员一人无操作证' }, receiver: '甄总台', party: '贾物业', photos: 2 },
  }, async (before) => {
    await before.overview()
    await expect(before.phone.page.locator('main')).toContainText(`来源批次 ${foreign}`)
    await before.phone.tap('next-step')
  })
  commonWords(papers, visit, { agency: '金华市金东区消防救援大队', unit })
  expect(papers.report).toContain(foreign)
  for (const area of ['一、基本信息核查', '二、消防许可及备案', '三、消防安全管理制度和信息', '四、建筑防火', '五、安全疏散和应急照明', '六、消防控制室、报警、喷淋、给水', '七、防火门、灭火器等'])
    expect(papers.record).toContain(area)
})

test('偃师: the sampling sheet, twice', async ({ browser }) => {
  const unit = '偃师示例宾馆'
  const { papers, visit, facts } = await carry(office, browser, {
    slug: 'yanshi', unit, logins: ['insp1', 'insp2'],
    plan: {
      finding: { part: '二层西侧安全出口', note: '出口被货架遮挡' }, receiver: '甄前厅', party: '贾掌柜', photos: 2,
      extra: async (checklist, now) => {
        if (checklist !== 'CL-YS-2') return
        await now.sample('灭火器', 'YS-封-0001')
        await now.phone.tap('sheet-add')
        await now.answerAll()
        await now.sample('消防水带', 'YS-封-0002')
      },
    },
  }, async () => undefined)
  commonWords(papers, visit, { agency: '偃师', unit })
  for (const word of ['灭火器', 'YS-封-0001', '消防水带', 'YS-封-0002']) expect(papers.record).toContain(word)
  expect(facts.types.filter((type) => type === 'sample.add')).toHaveLength(2)
  expect(facts.sheets).toEqual(expect.arrayContaining(['CL-YS-1/0', 'CL-YS-2/0', 'CL-YS-2/1']))
})
