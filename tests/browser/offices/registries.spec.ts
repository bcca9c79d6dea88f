/** The registries from both ends: a table of inspectors comes in and its people get their phones by paper; on the way one of
 * them reports a unit that is in no registry, without a network, and the clerk finds it; the annual plan keeps the registry of its day. */
import { expect, test } from '@playwright/test'
import { writeFileSync } from 'node:fs'
import { Desk, textOf } from '../desk'
import { look } from '../look'
import { Office } from '../office'
import { discardPhones, Phone } from '../phone'
import { Staff } from '../staff'

let office: Office
test.beforeAll(async () => {
  office = await Office.open()
})
test.afterAll(async () => {
  await office.close()
})
test.afterEach(async ({ browserName: _ }, info) => {
  await discardPhones(info)
})

const TABLE = ['姓名,账号,执法证号,证件有效期,岗位', '甄表一,biao.yi,表-0001,2031-01-01,监督', '甄表二,biao.er,表-0002,2031/1/1,监督', '甄表三,biao.san,表-0003,2020-01-01,监督', '甄表四,,表-0004,2031-01-01,监督'].join('\n')

test('a table of inspectors, sheets to hand out, and a unit that nobody knew', async ({ browser }, info) => {
  test.setTimeout(240_000)
  const file = info.outputPath('人员.csv')
  writeFileSync(file, `\uFEFF${TABLE}`)
  const desk = await Desk.signIn(browser, office.url, 'wenchanghu.admin')
  const { page } = desk
  await page.goto(`${office.url}/desk.html#/inspectors`)
  await desk.on('import-open').click()
  await desk.on('import-file').setInputFiles(file)
  await expect(desk.on('import-looked')).toContainText('新增 2，更新 0，没有变化 0，有错误 2')
  await expect(desk.on('import-errors')).toContainText('到期')
  await look(page, 'people-import')
  await page.setViewportSize({ width: 360, height: 740 })
  await look(page, 'people-import-narrow')
  await page.setViewportSize({ width: 1366, height: 768 })
  await desk.on('import-go').click()
  await expect(desk.on('import-done')).toContainText('发放登记码')
  await desk.on('import-finish').click()
  await desk.page.locator('label', { has: desk.on('inspectors-view-imports') }).click()
  await expect(desk.on('import-done')).toContainText('新增 2')
  await look(page, 'people-imports')

  await page.goto(`${office.url}/desk.html#/people`)
  await desk.on('pick-biao.yi').check()
  await desk.on('pick-biao.er').check()
  await desk.on('pick-wenchanghu.insp1').check()
  await desk.on('codes-batch').click()
  await desk.on('code-print').waitFor()
  await look(page, 'codes')
  const paper = await page.pdf({ preferCSSPageSize: true, ...(process.env['SUIJIAN_SHOTS'] ? { path: `${process.env['SUIJIAN_SHOTS']}/enrolment.pdf` } : {}) })
  const words = textOf(paper)
  for (const said of ['手机登记单', '甄表一', 'biao.yi', '甄表二', office.url.replace('http://', ''), '沿虚线裁开', '把这张登记单撕掉']) expect(words).toContain(said)
  expect(words).not.toContain('人员与登记码')
  expect((paper.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []).length, 'three halves are two sheets').toBe(2)
  const code = ((await page.locator('li', { hasText: '甄表一' }).locator('[data-test="code"]').textContent()) ?? '').replace(/\s/g, '')

  const phone = await Phone.unpack(office.url)
  const holder = { id: 'biao', name: '甄表一', login: 'biao.yi', pin: '135790' }
  await phone.enrol(holder, code)
  await phone.readyForOffline()
  await office.stop()
  await phone.page.goto(`${office.url}/#/me`)
  await phone.tap('open-report')
  await phone.page.locator('[data-test="report-name"]').fill('漏登小旅馆')
  await phone.page.locator('[data-test="report-address"]').fill('湖滨路99号')
  await phone.page.locator('[data-test="report-note"]').fill('正在营业，三层，有住宿')
  await look(phone.page, 'report-unit')
  await phone.tap('report-save')
  await expect(phone.page.locator('[data-test="report"]')).toContainText('等待网络')
  await look(phone.page, 'report-unit-kept')
  await office.start()
  await phone.page.goto(`${office.url}/#/`)
  await phone.sync()
  await phone.page.goto(`${office.url}/#/report-unit`)
  await expect(phone.page.locator('[data-test="report"]')).toContainText('已送达')
  await look(phone.page, 'report-unit-sent')

  const clerk = await Desk.signIn(browser, office.url, 'wenchanghu.plan')
  await clerk.page.goto(`${office.url}/desk.html#/units`)
  await clerk.page.locator('label', { has: clerk.on('units-view-proposals') }).click()
  await expect(clerk.page.locator('body')).toContainText('漏登小旅馆')
  await clerk.page.locator('label', { has: clerk.on('units-view-coverage') }).click()
  await expect(clerk.on('stale-days')).toHaveValue('365')
  await look(clerk.page, 'coverage')
  await clerk.page.goto(`${office.url}/desk.html#/item-lists`)
  await clerk.on('findings').waitFor()
  await look(clerk.page, 'item-list-findings')
})

test('the annual plan keeps the registry of its day', async ({ browser }) => {
  test.setTimeout(120_000)
  const officer = await Staff.signIn(office, 'wenchanghu.plan')
  const { items } = await officer.get<{ items: Record<string, string> }>('plans/documents')
  const id = crypto.randomUUID()
  const content = {
    title: '2026年度监督抽查计划', period_from: '2026-01-01', period_to: '2026-12-31', source: 'own', source_note: '', item_codes: Object.keys(items).slice(0, 1), target_key: 6, target_general: 12,
    addressees: ['各科室'], sections: [{ title: '工作要求', text: '按计划开展。' }], roster: [],
  }
  await officer.put(`plans/documents/${id}`, { kind: 'annual', year: 2026, base: 0, content })
  await (await Staff.signIn(office, 'wenchanghu.leader')).post(`plans/documents/${id}/approve`)
  const desk = await Desk.signIn(browser, office.url, 'wenchanghu.plan')
  await desk.page.goto(`${office.url}/desk.html#/documents`)
  await desk.on(`registry-${id}`).click()
  await expect(desk.on('since-then')).toContainText('签发时在册')
  await look(desk.page, 'registry-since')
})
