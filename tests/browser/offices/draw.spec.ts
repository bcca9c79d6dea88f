/**
 * 文昌湖 draws next month's units: two officials in two browsers, the superior's witness in a third. A's number never leaves
 * A's browser before the dice; a reload draws nothing again; a lost browser ends in a void that the superior grants.
 */
import { expect, test } from '@playwright/test'
import { Desk } from '../desk'
import { look } from '../look'
import { Office } from '../office'

const DICE = '24720 19860 39547 60271'
let office: Office

test.beforeAll(async () => {
  office = await Office.open()
})
test.afterAll(async () => {
  await office.close()
})

async function to(desk: Desk, place: string): Promise<void> {
  await desk.page.goto(`${office.url}/desk.html#/${place}`)
}

/** The proposal of the plan officer, with the leader as B; answers the draw's place. */
async function proposed(a: Desk, title: string, item: string, witness = ''): Promise<string> {
  await to(a, 'draws/new')
  await a.on('wish-title').fill(title)
  await a.on(`item-${item}`).check()
  await a.on('wish-n').fill('4')
  await a.on('wish-b').selectOption({ label: '甄队长' })
  await a.on('wish-witness').fill(witness || '甄见证')
  if (witness) await a.on('wish-witness-user').selectOption({ label: witness })
  return a.page.url()
}

test('the ceremony of 文昌湖, from the proposal to the list', async ({ browser }) => {
  test.slow()
  const a = await Desk.signIn(browser, office.url, 'wenchanghu.plan')
  const b = await Desk.signIn(browser, office.url, 'wenchanghu.leader')
  const witness = await Desk.signIn(browser, office.url, 'wenchanghu.superior')
  const witnessName = (await witness.page.locator('.name strong').innerText()).trim()
  await proposed(a, '2026年12月月度抽查', 'WC-DUTY', witnessName)
  await look(a.page, 'draw-proposal')
  await a.on('wish-save').click()
  await a.on('freeze').waitFor()
  const place = a.page.url().split('#/')[1] ?? ''
  await a.on('feasibility').locator('tbody tr').first().waitFor()
  await look(a.page, 'draw-feasibility')

  await a.on('freeze').click()
  await a.on('commit').click()
  await a.on('intent').waitFor()
  await a.page.reload()
  await a.on('intent').click()
  for (const desk of [b, witness]) await to(desk, place)
  await expect(b.on('dice')).toBeHidden()
  await witness.on('witness-here').click()
  await b.on('dice').waitFor()
  await b.on('dice').fill(DICE.slice(0, 11))
  await expect(b.on('dice-go')).toBeDisabled()
  await b.on('dice').fill(DICE)
  await look(b.page, 'draw-dice')
  await b.on('dice-go').click()
  // A's page stands open and does the rest by itself.
  await a.on('result').waitFor()
  await b.on('result').waitFor()
  await witness.on('witness-agrees').click()

  await a.on('result-open').click()
  const drawn = a.page.locator('[data-test="fate-drawn"]')
  await drawn.first().waitFor()
  const before = await drawn.allInnerTexts()
  await look(a.page, 'draw-result')
  await a.page.reload()
  await a.on('result-open').click()
  await expect(drawn).toHaveCount(before.length)
  expect(await drawn.allInnerTexts()).toEqual(before)
  await to(a, 'draws')
  await expect(a.page.locator('tbody tr')).toHaveCount(1)
  await look(a.page, 'draws')
})

test('a browser that lost its number can only ask for a void, which the superior grants and the next draw names', async ({ browser }) => {
  test.slow()
  const a = await Desk.signIn(browser, office.url, 'wenchanghu.plan')
  const b = await Desk.signIn(browser, office.url, 'wenchanghu.leader')
  const superior = await Desk.signIn(browser, office.url, 'wenchanghu.superior')
  await proposed(a, '2026年12月高层建筑月度抽查', 'WC-SPEC-HIGHRISE')
  await a.on('wish-save').click()
  for (const step of ['freeze', 'commit', 'intent']) await a.on(step).click()
  const place = a.page.url().split('#/')[1] ?? ''
  await to(b, place)
  await b.on('dice').waitFor()
  // Another computer: the same person, but not the browser that committed.
  await a.page.close()
  const elsewhere = await Desk.signIn(browser, office.url, 'wenchanghu.plan')
  await b.on('dice').fill(DICE)
  await b.on('dice-go').click()
  await to(elsewhere, place)
  await elsewhere.on('number-lost').waitFor()
  await look(elsewhere.page, 'draw-lost')
  await elsewhere.on('draw-void').click()
  await elsewhere.on('void-reason').fill('承诺用的电脑硬盘损坏')
  await elsewhere.on('void-go').click()

  await to(superior, 'draws')
  await superior.page.locator('[data-test^="decide-"]').click()
  await look(superior.page, 'draw-void-decision')
  await superior.on('void-grant').click()
  await superior.page.locator('tbody tr', { hasText: '已作废' }).waitFor()
  await elsewhere.on('draw-again').waitFor()
  await elsewhere.on('draw-again').click()
  await elsewhere.on('wish-save').click()
  await elsewhere.on('freeze').waitFor()
})
