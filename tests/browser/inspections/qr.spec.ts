/** Level A2: two phones attest one record face to face while no server runs, each seeing the other's screen by camera. */
import { expect, test } from '@playwright/test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { delivered } from '../carry'
import { Desk } from '../desk'
import { touch } from '../finger'
import { look } from '../look'
import { Office } from '../office'
import { discardPhones, type Holder, Phone } from '../phone'
import { teamOf } from '../staff'
import { Visit } from '../visit'

const UNIT = '虚构施工图审查中心有限公司'
/** A loaded machine decodes a frame in seconds: how many looks it takes is what counts, not the clock. */
const LOOKING = { timeout: 90_000 }
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

async function ready(holder: Holder, code: string): Promise<Phone> {
  const phone = await Phone.unpack(office.url)
  await phone.enrol(holder, code)
  await phone.sync()
  await expect(phone.page.locator('button.row', { hasText: UNIT })).toContainText('准备好了')
  return phone
}

/** A picture of every code the screen shows in turn. */
async function pictures(phone: Phone, name: string): Promise<string[]> {
  const code = phone.on('code')
  await code.waitFor()
  await expect(code).toHaveAttribute('width', '1080')
  const parts = Math.max(1, await phone.page.locator('figure.code .dots > span').count())
  const found: string[] = []
  const seen: Buffer[] = []
  // The whole code in sight, as it is held before another phone.
  await phone.page.evaluate(() => scrollTo(0, 0))
  // Nothing may lie over it, the word 已存手机 of a moment ago neither.
  expect(await phone.on('saved').isVisible()).toBe(false)
  // A picture takes longer than a turn on a slow machine: only one that is new shows the next code.
  for (let tries = 0; seen.length < parts && tries < 100; tries += 1) {
    const picture = await code.screenshot()
    if (!seen.some((old) => old.equals(picture))) seen.push(picture)
  }
  expect(seen).toHaveLength(parts)
  for (const [part, picture] of seen.entries()) {
    found.push(test.info().outputPath(`${name}-${part}.png`))
    mkdirSync(dirname(found[part]!), { recursive: true })
    writeFileSync(found[part]!, picture)
  }
  expect(Number(await code.getAttribute('data-version'))).toBeLessThanOrEqual(15)
  return found
}

test('two phones without a network sign one record by camera, and the server counts two', async ({ browser }) => {
  test.setTimeout(480_000)
  const people = await teamOf(office, 'wugang', ['insp1', 'insp2'])
  const [first, second] = people.holders as [Holder, Holder]
  // One after the other: whoever enrols last is told to the first by the next sync.
  const phoneOfB = await ready(second, await people.code(second))
  const phoneOfA = await ready(first, await people.code(first))
  await phoneOfB.sync()
  await office.stop()

  const visit = new Visit(phoneOfA, {
    finding: { part: '审查合格书', note: '缺少防护设计专篇' }, receiver: '甄档案', party: '贾主任', photos: 3, second: 'elsewhere', team: [first, second],
  })
  await visit.begin(UNIT)
  await visit.walkTo('attest')

  // D-15: the second phone has not begun the visit; what it records enters the record by code, before anybody attests.
  await touch(phoneOfB.page.locator('button.row', { hasText: UNIT }))
  await phoneOfB.tap('to-assist')
  await phoneOfB.tap('photo-take')
  await expect(phoneOfB.on('camera-count')).toContainText('对准')
  await phoneOfB.tap('shutter')
  await expect(phoneOfB.on('camera-count')).toContainText('已存手机 1 张')
  await phoneOfB.tap('camera-close')
  await phoneOfB.tap('add-note')
  await phoneOfB.on('note-text').fill('第二部手机所记')
  await phoneOfB.tap('note-save')
  await phoneOfB.tap('show-additions')
  await look(phoneOfB.page, 'additions')
  phoneOfA.behold(await pictures(phoneOfB, 'additions'))
  const attesting = phoneOfA.page.url()
  await phoneOfA.page.goto(attesting.replace(/attest$/, 'evidence'))
  await phoneOfA.tap('scan-additions')
  await expect(phoneOfA.on('taken')).toContainText('照片 1 张，备注 1 条', LOOKING)
  await phoneOfA.page.goto(attesting)

  await phoneOfA.tap('attest-mine')
  await phoneOfA.tap('to-mutual')
  await phoneOfA.on('head-code').waitFor()
  await look(phoneOfA.page, 'mutual-offer')

  await phoneOfB.tap('to-mutual')
  phoneOfB.behold(await pictures(phoneOfA, 'offer'))
  await phoneOfB.tap('scan-offer')
  // Nobody signs blind: what is signed stands on the screen first.
  await phoneOfB.on('gist').waitFor(LOOKING)
  await expect(phoneOfB.on('gist')).toContainText(UNIT)
  await expect(phoneOfB.on('gist-counts')).toContainText('不符合 1 项')
  await expect(phoneOfB.on('gist-open')).toHaveText('没有漏填的检查项')
  await expect(phoneOfB.on('gist-findings')).toContainText('审查合格书：缺少防护设计专篇')
  await expect(phoneOfB.on('gist-source')).toContainText('本机没有对方的记录')
  await look(phoneOfB.page, 'mutual-gist')
  await phoneOfB.tap('mutual-sign')
  await phoneOfB.on('mutual-signed').waitFor()
  const answer = await pictures(phoneOfB, 'answer')

  // The answer to one showing does not do for another.
  phoneOfA.behold(answer)
  await phoneOfA.tap('show-again')
  await phoneOfA.tap('scan-answer')
  await expect(phoneOfA.on('mutual-refused')).toContainText('不是对刚才所出示的码的回复', LOOKING)
  phoneOfB.behold(await pictures(phoneOfA, 'again'))
  await phoneOfB.tap('scan-offer')
  await phoneOfB.on('mutual-sign').waitFor(LOOKING)
  await phoneOfB.tap('mutual-sign')
  await phoneOfB.on('mutual-signed').waitFor()
  phoneOfA.behold(await pictures(phoneOfB, 'answer-again'))
  await phoneOfA.tap('scan-answer')
  await expect(phoneOfA.on('mutual-done')).toContainText(second.name, LOOKING)
  await phoneOfA.tap('next')
  await expect(phoneOfA.on(`level-${second.id}`)).toHaveText('双机互签')
  await expect(phoneOfA.on(`level-${first.id}`)).toHaveText('双机互签')
  await phoneOfA.tap('next')
  await expect.poll(() => visit.step()).not.toBe('attest')
  await visit.walkTo('leave')
  await visit.seal()
  await phoneOfA.tap('to-opinion')
  await visit.opinion()
  await phoneOfA.tap('home')

  await office.start()
  await delivered(phoneOfA)
  const desk = await Desk.signIn(browser, office.url, 'wugang.leader')
  await desk.open(UNIT)
  const levels = desk.page.locator('section', { hasText: '双人核验' }).last()
  await expect(levels).toContainText('双机互签')
  await expect(levels).not.toContainText('同机确认')
  // The second phone's own upload changes nothing: it is the same attestation.
  await phoneOfB.page.goto(`${office.url}/#/`)
  await delivered(phoneOfB)
  await desk.open(UNIT)
  await expect(desk.on('record-text')).toContainText('第二部手机所记')
  await expect(levels.getByText(second.name)).toHaveCount(1)
  await desk.approve()
  await desk.close()
  expect([...phoneOfA.complaints, ...phoneOfB.complaints]).toEqual([])
})
