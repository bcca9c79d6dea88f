/** kill -9 of the browser at twenty random moments of one visit: nothing that was shown as saved is missing afterwards. */
import { expect, test } from '@playwright/test'
import { delivered, preparedPhone } from '../carry'
import { Office } from '../office'
import { discardPhones } from '../phone'
import { factsOf } from '../record'
import { type Ledger, Untiring } from '../untiring'

const KILLS = 20
const SEED = Number(process.env['SUIJIAN_SEED'] ?? Date.now() % 1_000_000)

/** mulberry32: the same seed, the same moments. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

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

test('twenty power cuts in one visit', async () => {
  console.log(`seed ${SEED}`)
  test.setTimeout(400_000)
  const roll = dice(SEED)
  const unit = '虚构停车场运营有限公司'
  const plan = { finding: { part: '负一层东侧出入口', note: '防护密闭门前堆放杂物' }, receiver: '甄门岗', party: '贾场长', photos: 2 }
  const { phone, team } = await preparedPhone(office, { slug: 'wugang', unit, logins: ['insp4', 'insp3'], plan })
  await office.stop()
  const inspector = new Untiring(phone, { ...plan, team })
  await inspector.begin(unit)
  // The first cut may come before anything is tapped.
  inspector.ledger.place = inspector.ledger.heading = await inspector.stands()
  expect(inspector.ledger.place).toBe('recusal')
  const insp = inspector.insp()

  for (let kill = 1; kill <= KILLS; kill += 1) {
    // By taps first and milliseconds then: on a fast machine as on a slow one the cuts fall over the whole visit.
    for (let taps = Math.floor(roll() * 4); taps > 0 && (await inspector.once()); taps -= 1) expect(inspector.ledger.place).not.toBe('')
    const moment = Math.floor(roll() * 400)
    let dead = false
    const cut = new Promise((tick) => setTimeout(tick, moment)).then(() => {
      dead = true
      return phone.losePower()
    })
    try {
      while (await inspector.once()) expect(inspector.ledger.saved).not.toContain('seal')
    } catch (error) {
      // Whoever is in the middle of a tap when the power goes cannot finish it.
      if (!dead) throw error
    }
    await cut
    const expected: Ledger = structuredClone(inspector.ledger)
    console.log(`cut ${kill} after ${moment} ms at ${expected.place}: ${expected.saved.at(-1) ?? 'nothing yet'}`)

    await phone.switchOn()
    await phone.unlock(team[0])
    await phone.tap('resume')
    await expect.poll(() => inspector.insp()).toBe(insp)
    await expect.poll(() => inspector.step()).not.toBe('')
    // Between two steps either is right; else it is exactly the one that stood on the screen.
    if (expected.heading !== '*') expect(inspector.step()).toBe(expected.place)
    if (inspector.step().startsWith('checklist')) await verdictsStand(inspector, expected)
  }

  while (await inspector.once()) await expect(phone.on('sealed')).toHaveCount(0)
  await phone.on('sealed').waitFor()
  const { saved, verdicts } = inspector.ledger
  await phone.tap('home')
  await office.start()
  await delivered(phone)
  const facts = await factsOf(office, insp)
  const counted = (type: string): number => facts.types.filter((one) => one === type).length
  for (const [name, verdict] of Object.entries(verdicts)) expect(facts.answers[`CL-WG-US/0/${name.replace('item-', '')}`], name).toBe(verdict)
  // Every photo that was shown as kept arrived with the hash its event names; one taken in the last moment may be more.
  expect(Object.values(facts.files)).not.toContain(false)
  expect(counted('photo.add')).toBeGreaterThanOrEqual(saved.filter((what) => what.includes('photo')).length)
  const noted = (what: string): number => saved.filter((one) => one.startsWith(what)).length
  // What was lost and done again would stand in the ledger twice, and `does` would have said so; here is the other side.
  expect(counted('told.tick')).toBeGreaterThanOrEqual(noted('told'))
  expect(counted('recusal.declare')).toBeGreaterThanOrEqual(noted('recusal'))
  expect(facts.types.filter((one) => one === 'seal')).toHaveLength(1)
})

/** Each verdict the screen had shown before the cut is on the screen again. */
async function verdictsStand(inspector: Untiring, { verdicts }: Ledger): Promise<void> {
  const rows = inspector.phone.page.locator('article.row')
  const names = Object.keys(verdicts)
  await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(names.length)
  for (const name of names) await inspector.phone.on(name).locator(`label.on.${verdicts[name]}`).first().waitFor()
}
