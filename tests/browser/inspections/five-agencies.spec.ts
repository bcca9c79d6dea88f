/**
 * Each agency's main job on one phone, with nobody answering at the other end until the visit is over. 舞钢 stands in
 * `returned.spec.ts`, 乌审旗 in `holiday.spec.ts`.
 */
import { expect, test } from '@playwright/test'
import { carry, commonWords } from '../carry'
import { Office } from '../office'
import { discardPhones } from '../phone'

// Each in its own process: three visits after one another would be the longest of all.
test.describe.configure({ mode: 'parallel' })

let office: Office
test.beforeAll(async () => {
  office = await Office.open()
})
test.afterEach(async ({}, info) => {
  await discardPhones(info)
})
test.afterAll(async () => {
  await office.close()
})

test('文昌湖: the recorder is demanded, its number printed, two lists at one hotel', async ({ browser }) => {
  const unit = '文昌湖示例度假酒店'
  const { papers, visit, facts } = await carry(office, browser, {
    slug: 'wenchanghu', unit, logins: ['insp1', 'insp2'],
    plan: { finding: { part: '三层东侧楼梯间', note: '疏散通道堆放布草车一辆' }, receiver: '甄前台', party: '贾店长', recorder: 'ZFJLY-0417', photos: 2 },
  }, async (before) => {
    await before.walkTo('recorder')
    await before.phone.page.getByText('本机关要求全程使用执法记录仪').waitFor()
    await expect(before.phone.on('next')).toBeDisabled()
  })
  commonWords(papers, visit, { agency: '文昌湖省级旅游度假区消防救援大队', unit })
  expect(papers.record).toContain(`ZFJLY-0417（${visit.plan.team[0].name}佩戴`)
  expect(papers.notice).toContain('消防安全专项检查（人员密集场所）')
  expect(papers.notice).toContain('山东省消防条例')
  expect(facts.types).toEqual(expect.arrayContaining(['rec.start', 'rec.stop']))
  expect(facts.types).toContain('gps.fix')
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
    await before.walkTo('checklist')
    // Some fifty rows, of which only those near the screen are ever laid out.
    await before.comesToAnyItem()
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
