/** The phone in other hands: a forgotten PIN, two people on one phone, markup in what people wrote. */
import { expect, test } from '@playwright/test'
import { preparedPhone } from '../carry'
import { Desk } from '../desk'
import { look } from '../look'
import { Office } from '../office'
import { discardPhones, Phone } from '../phone'
import { Staff, teamOf } from '../staff'

const XSS = '<img src=x onerror="globalThis.attacked=1"><script>globalThis.attacked=2</script>'
let office: Office
test.beforeAll(async () => {
  test.setTimeout(400_000)
  office = await Office.open()
})
test.afterEach(async ({}, info) => {
  await discardPhones(info)
})
test.afterAll(async () => {
  await office.close()
})

/** Runs in the page before anything else: every violation of the content policy is remembered. */
function rememberViolations(): void {
  const seen: string[] = []
  Object.assign(globalThis, { seen })
  document.addEventListener('securitypolicyviolation', (event) => seen.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`))
}
const violations = (phone: { page: Phone['page'] }): Promise<string[]> => phone.page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)

test('a forgotten PIN comes back through the administrator, with what was not sent', async () => {
  test.setTimeout(240_000)
  const unit = '虚构停车场运营有限公司'
  const { phone, visit, team } = await preparedPhone(office, {
    slug: 'wugang', unit, logins: ['insp4', 'insp3'], alone: true,
    plan: { finding: { part: '甲', note: '乙' }, receiver: '甄门岗', party: '贾场长', photos: 1 },
  })
  await visit.begin(unit)
  await phone.page.goto(`${office.url}/#/visit/${visit.insp()}/evidence`)
  await phone.tap('add-note')
  await phone.on('note-text').fill('忘记口令之前写下的话')
  await office.stop()
  await phone.tap('note-save')
  await expect(phone.on('note-form')).toHaveCount(0)
  const insp = visit.insp()
  await phone.page.goto(`${office.url}/#/me`)
  await phone.tap('lock')
  await expect(phone.on('pin')).toBeAttached()
  for (let i = 0; i < 10; i += 1) {
    await phone.typePin('909091')
    if (i < 9) await phone.page.getByText(`还可以试 ${9 - i} 次`).waitFor()
  }
  await phone.page.getByText('PIN 码已锁定').waitFor()
  await look(phone.page, 'pin-locked')
  await office.start()

  await phone.tap('forgot')
  await look(phone.page, 'forgot-pin')
  await phone.on('forgot-login').fill(team[0].login)
  await phone.on('forgot-password').fill('Suijian-2026')
  await phone.tap('forgot-ask')
  const check = await phone.on('forgot-check').innerText()
  expect(check).toMatch(/^\d{6}$/)
  await look(phone.page, 'forgot-waiting')
  const admin = await Staff.signIn(office, 'wugang.admin')
  const { requests } = await admin.get<{ requests: { id: string; state: string }[] }>('accounts/recovery')
  const wrong = check === '000000' ? '000001' : '000000'
  await expect(admin.post(`accounts/recovery/${requests[0]?.id}/release`, { check: wrong, reason: '本人到场' })).rejects.toThrow('E_RECOVERY_CHECK')
  await admin.post(`accounts/recovery/${requests[0]?.id}/release`, { check, reason: '本人到场' })
  await phone.on('forgot-pin1').fill('864209')
  await phone.on('forgot-pin2').fill('864209')
  await phone.tap('forgot-go')
  await phone.on('sync-strip').waitFor()
  await phone.page.goto(`${office.url}/#/visit/${insp}/evidence`)
  await expect(phone.page.locator('main')).toContainText('忘记口令之前写下的话')
  await phone.page.goto(`${office.url}/#/me`)
  await phone.tap('lock')
  await phone.typePin('864209')
  await expect(phone.on('pin')).toHaveCount(0)
  expect(phone.complaints).toEqual([])
})

test('the second person on a phone sees and sends nothing of the first', async () => {
  test.setTimeout(240_000)
  const people = await teamOf(office, 'wugang', ['insp1', 'insp4'])
  const [first, second] = people.holders as [(typeof people.holders)[0], (typeof people.holders)[0]]
  const phone = await Phone.unpack(office.url)
  await phone.enrol(first!, await people.code(first!))
  await phone.sync()
  const rows = phone.page.locator('button.row strong')
  const units = await rows.allInnerTexts()
  expect(units.length).toBeGreaterThan(0)
  await phone.lock()
  await phone.tap('go-enrol')
  const tokens: string[] = []
  phone.page.on('request', (request) => {
    const token = /^Bearer (.+)$/.exec(request.headers()['authorization'] ?? '')?.[1]
    if (token !== undefined) tokens.push((JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string }).sub)
  })
  await phone.enrol(second!, await people.code(second!))
  await phone.sync()
  await rows.first().waitFor()
  const mine = await rows.allInnerTexts()
  const others = units.filter((unit) => !mine.includes(unit))
  expect(others.length).toBeGreaterThan(0)
  const shown = await phone.page.evaluate(() => document.documentElement.outerHTML)
  for (const unit of others) expect(shown).not.toContain(unit)
  await expect(phone.page.locator('[data-test="watermark"]')).toHaveAttribute('data-words', new RegExp(`^${second!.name} `))
  expect(tokens.length).toBeGreaterThan(0)
  expect(new Set(tokens)).toEqual(new Set([second!.id]))
})

test('markup stays text, on the phone and at the desk, and the content policy has nothing to report', async ({ browser }) => {
  test.setTimeout(240_000)
  const admin = await Staff.signIn(office, 'wugang.admin')
  await admin.post('accounts/people', { login: 'xss.person', name: XSS.slice(0, 56), roles: ['inspector'], password: 'long enough 77' })
  const desk = await Desk.signIn(browser, office.url, 'wugang.admin')
  await desk.page.addInitScript(rememberViolations)
  await desk.page.goto(`${office.url}/desk.html#/people`)
  await desk.page.reload()
  await expect(desk.page.locator('main')).toContainText(XSS.slice(0, 56))
  await desk.page.goto(`${office.url}/desk.html#/audit`)
  expect(await violations(desk)).toEqual([])
  expect(await desk.page.evaluate(() => 'attacked' in globalThis)).toBe(false)
  await desk.close()

  const unit = '虚构施工图审查中心有限公司'
  const { phone, visit } = await preparedPhone(office, {
    slug: 'wugang', unit, logins: ['insp1', 'insp2'], alone: true,
    plan: { finding: { part: '甲', note: '乙' }, receiver: '甄', party: '贾', photos: 1 },
  })
  await phone.page.addInitScript(rememberViolations)
  await visit.begin(unit)
  const place = `${office.url}/#/visit/${visit.insp()}/evidence`
  await phone.page.goto(place)
  await phone.tap('add-note')
  await phone.on('note-text').fill(XSS)
  await phone.tap('note-save')
  await expect(phone.on('note-form')).toHaveCount(0)
  await phone.page.reload()
  await phone.typePin('135790')
  await expect(phone.page.locator('main')).toContainText(XSS)
  await look(phone.page, 'markup')
  expect(await phone.page.evaluate(() => 'attacked' in globalThis)).toBe(false)
  expect(await violations(phone)).toEqual([])
  // The listener is worth something: what the policy forbids is remembered, and does not run.
  await expect(phone.page.evaluate(() => document.createElement('img').setAttribute('onerror', 'globalThis.attacked = 3'))).rejects.toThrow(/TrustedScript/)
  await phone.page.evaluate(() => {
    const image = document.createElement('img')
    image.src = 'https://attacker.invalid/x.png'
    document.body.append(image)
  })
  await expect.poll(() => violations(phone)).not.toEqual([])
  expect(await phone.page.evaluate(() => 'attacked' in globalThis)).toBe(false)
})
