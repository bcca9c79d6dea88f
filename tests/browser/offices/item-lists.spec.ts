/** 事项清单: one table to look at and to print, a scheme made from it, and a deviation only with its written reason. */
import { expect, test } from '@playwright/test'
import { Desk } from '../desk'
import { look } from '../look'
import { Office } from '../office'

let office: Office

test.beforeAll(async () => {
  office = await Office.open()
})
test.afterAll(async () => {
  await office.close()
})

test('a plan officer reads the list as one table and makes a scheme of it', async ({ browser }) => {
  const desk = await Desk.signIn(browser, office.url, 'wenchanghu.plan')
  const { page } = desk
  await desk.on('nav-item-lists').click()
  const table = desk.on('item-table')
  await expect(table.locator('tbody tr')).toHaveCount(6)
  await expect(table.locator('thead')).toContainText('抽查频次')
  await look(page, 'item-list')

  // On paper: the table alone, black on white.
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  await table.waitFor()
  await expect(desk.on('nav-item-lists')).toBeHidden()
  expect(await table.evaluate((sheet) => getComputedStyle(sheet.querySelector('td')!).color)).toBe('rgb(0, 0, 0)')
  const paper = await page.pdf({ preferCSSPageSize: true, ...(process.env['SUIJIAN_SHOTS'] ? { path: `${process.env['SUIJIAN_SHOTS']}/item-list.pdf` } : {}) })
  const pages = paper.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []
  expect(pages.length, 'six items fit on two sheets').toBeLessThanOrEqual(2)
  expect(pages.length).toBeGreaterThan(0)
  await page.emulateMedia({ media: 'screen', colorScheme: 'light' })

  await desk.on('to-scheme').click()
  await desk.on('item-WC-DUTY').check()
  await desk.on('make').click()
  await expect(desk.on('scheme')).toContainText('按清单生成')
  await look(page, 'item-scheme')
  await desk.on('deviate').click()
  await desk.on('list-CL-WC-SPEC-MIXED').check()
  await desk.on('again').click()
  await expect(desk.on('scheme-trouble')).toContainText('须写明特殊要求')
  await desk.on('why').fill('群众举报该处多业态混合经营')
  await desk.on('again').click()
  await expect(desk.on('scheme')).toContainText('特殊要求：群众举报该处多业态混合经营')
  await expect(desk.on('scheme-trouble')).toHaveCount(0)
})
