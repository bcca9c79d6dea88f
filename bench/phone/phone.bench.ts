/**
 * How the app feels on a cheap phone, beside floors of the same run. Prints a table; no clock is asserted, because the
 * machine is shared and the next one is another. Budgets: design/stack.md; reading of the figures: docs/performance.md.
 *
 * SUIJIAN_PWA names the built app, SUIJIAN_BENCH_RUNS how often (5), SUIJIAN_BENCH_RATE the CPU throttle (6).
 */
import { expect, test } from '@playwright/test'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Office } from '../../tests/browser/office'
import { teamOf } from '../../tests/browser/staff'
import { appeared, Handset, pressed, strictPuts, tapped } from './handset'

const RUNS = Number(process.env['SUIJIAN_BENCH_RUNS'] ?? 5)
const RATE = Number(process.env['SUIJIAN_BENCH_RATE'] ?? 6)
const VISITS = 500
const CHECKLIST = 'CL-JD-DUTY'
const ITEMS = 57
/** An answer that needs nothing more: 符合 on a row that has none yet. */
const ANSWER = 'article.row[data-state="open"]:not(:has(.sj-input, .sj-textarea, .sj-select)) :is(label.pass, [data-test$="-pass"]) input:not(:checked)'

interface Line {
  readonly what: string
  readonly times: number[]
  readonly floor?: { readonly what: string; readonly times: readonly number[] }
  readonly budget?: number
}
const middle = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
const range = (times: readonly number[]): string => `${Math.min(...times).toFixed(0)}–${Math.max(...times).toFixed(0)}`

function print(lines: readonly Line[]): void {
  console.log(`\n${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${loadavg()[0]?.toFixed(1)}, CPU throttle ${RATE}×, ${RUNS} runs, medians (range), ms`)
  for (const { what, times, floor, budget } of lines) {
    const beside = floor === undefined ? '' : `  = ${(middle(times) / middle(floor.times)).toFixed(1)} × ${floor.what} ${middle(floor.times).toFixed(0)} (${range(floor.times)})`
    console.log(`${what}: ${middle(times).toFixed(0)} (${range(times)})${beside}${budget === undefined ? '' : `  [budget ${budget}]`}`)
  }
}

/** A page with one line and no script: what the browser alone needs. */
async function emptyPage(): Promise<{ server: Server; url: string }> {
  const server = createServer((_request, answer) => {
    answer.setHeader('content-type', 'text/html; charset=utf-8')
    answer.end('<!doctype html><title>floor</title><p id="here">here</p>')
  })
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

interface Row { kind: string; id: string; op: string; data?: Record<string, unknown> }

test('the phone, measured', async () => {
  const office = await Office.open()
  const floor = await emptyPage()
  const phone = new Handset()
  const pictures = mkdtempSync(join(tmpdir(), 'suijian-pictures-'))
  const lines: Line[] = []
  try {
    execFileSync(process.env['SUIJIAN_PYTHON']!, [resolve(__dirname, 'pictures.py'), pictures, String(RUNS)])
    const team = await teamOf(office, 'jindong', ['insp1'])
    const [holder] = team.holders
    const unit = await prepare(office, phone, holder!, await team.code(holder!))
    await office.stop()

    const cold: number[] = []
    const list: number[] = []
    const empty: number[] = []
    for (let i = 0; i < RUNS; i++) {
      await phone.on()
      await phone.slow(RATE)
      await phone.page.goto(floor.url)
      empty.push(await appeared(phone.page, '#here'))
      await phone.off()
      await phone.on()
      await phone.context.setOffline(true)
      await phone.slow(RATE)
      await phone.page.goto(office.url)
      cold.push(await appeared(phone.page, '[data-test="pin"]'))
      list.push(await pressed(phone.page, [...holder!.pin], 'button.row'))
      await phone.off()
    }
    const start = cold.map((ms, i) => ms + (list[i] ?? 0))
    const emptyFloor = { what: 'an empty page', times: empty }
    lines.push({ what: 'cold offline start → PIN pad', times: cold, floor: emptyFloor })
    lines.push({ what: `last digit of the PIN → list of ${VISITS} visits (with 600,000 rounds of PBKDF2)`, times: list, floor: emptyFloor })
    lines.push({ what: 'both together', times: start, floor: emptyFloor, budget: 2500 })

    await phone.on()
    await phone.page.goto(floor.url)
    await phone.slow(RATE)
    const small = await strictPuts(phone.page, 1_000, 20)
    const large = await strictPuts(phone.page, 4_000_000, RUNS)
    await phone.page.goto(office.url)
    await appeared(phone.page, '[data-test="pin"]')
    await pressed(phone.page, [...holder!.pin], 'button.row')
    await phone.page.locator('[data-test="search"]').fill(unit)
    await phone.page.locator('button.row', { hasText: unit }).first().click()
    await phone.page.locator('[data-test="begin"]').click()
    await expect(phone.page).toHaveURL(/#\/visit\/[^/]+\/./)
    const insp = /#\/visit\/([^/?]+)/.exec(phone.page.url())?.[1] ?? ''

    const usable: number[] = []
    for (let i = 0; i <= RUNS; i++) {
      await go(phone, `/visit/${insp}`, '[data-test="next-step"]')
      usable.push(await go(phone, `/visit/${insp}/checklist~${CHECKLIST}`, 'article.row input:not([disabled])'))
    }
    lines.push({ what: `checklist of ${ITEMS} items usable, first time`, times: usable.slice(0, 1), budget: 500 })
    lines.push({ what: `checklist of ${ITEMS} items usable, again`, times: usable.slice(1), budget: 300 })

    const append: number[] = []
    for (let i = 0; i < RUNS * 2; i++) {
      await phone.page.locator('[data-test="saved"]').waitFor({ state: 'detached' })
      append.push(await tapped(phone.page, ANSWER, '[data-test="saved"]'))
    }
    lines.push({ what: 'a tap on an answer → 已存手机 (signed, encrypted, on the disk, folded, drawn)', times: append, floor: { what: 'a strict put of 1 kB', times: small } })

    await go(phone, `/visit/${insp}/evidence`, 'input[type="file"]')
    const kept: number[] = []
    for (let i = 0; i < RUNS; i++) kept.push(await importPicture(phone, join(pictures, `${i}.jpg`)))
    lines.push({ what: `a picture of 12 MP (${(statSync(join(pictures, '0.jpg')).size / 1e6).toFixed(1)} MB) chosen → original hashed, encrypted, stored`, times: kept, floor: { what: 'a strict put of 4 MB', times: large }, budget: 400 })

    await phone.page.locator('[data-test="photo-take"]').first().click()
    const shots: number[] = []
    for (let i = 0; i < RUNS; i++) {
      await expect(phone.page.locator('[data-test="shutter"]')).toBeEnabled()
      await phone.page.locator('[data-test="saved"]').waitFor({ state: 'detached' })
      shots.push(await tapped(phone.page, '[data-test="shutter"]', '[data-test="saved"]'))
    }
    lines.push({ what: 'shutter of the in-app camera (fake, 1280 × 960) → original stored', times: shots, floor: { what: 'a strict put of 1 kB', times: small }, budget: 1200 })
    print(lines)
    expect(lines.every(({ times }) => times.length > 0 && times.every(Number.isFinite))).toBe(true)
  } finally {
    await phone.off().catch((error: unknown) => console.log(String(error)))
    phone.discard()
    rmSync(pictures, { recursive: true, force: true })
    floor.server.close()
    await office.close()
  }
})

/** Enrols and takes in the demo's visits, each many times under other ids; answers the unit of the one to carry out. */
async function prepare(office: Office, phone: Handset, holder: { pin: string }, code: string): Promise<string> {
  await phone.on()
  const { page } = phone
  let unit = ''
  await page.route(/\/sync\/changes\?cursor=$/, async (route) => {
    const answer = await route.fetch()
    const body = (await answer.json()) as { changes: Row[] }
    const visits = body.changes.filter(({ kind, data }) => kind === 'visit' && typeof data?.['pack'] === 'string')
    const model = visits[0]
    unit = String(model?.data?.['unit_name'] ?? '')
    for (let i = visits.length; model !== undefined && i < VISITS; i++) {
      const id = randomUUID()
      body.changes.push({ ...model, id, data: { ...model.data, insp: id, number: `2026-12-${String(i).padStart(4, '0')}`, unit_name: `量测单位 ${i}` } })
    }
    await route.fulfill({ response: answer, json: body })
  })
  await page.goto(office.url)
  await page.locator('[data-test="enrol-code"]').fill(code)
  await page.locator('[data-test="enrol-pin"]').fill(holder.pin)
  await page.locator('[data-test="enrol-pin2"]').fill(holder.pin)
  await page.locator('[data-test="enrol-go"]').click()
  await page.locator('button.row', { hasText: unit === '' ? /./ : unit }).first().waitFor()
  await expect(page.locator('button.row', { hasText: '准备好了' }).first()).toBeVisible()
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
  await phone.off()
  return unit
}

/** ms from the change of the address until `selector` is drawn. */
function go(phone: Handset, path: string, selector: string): Promise<number> {
  return phone.page.evaluate(async ([to, wanted]) => {
    const since = performance.now()
    location.hash = `#${to}`
    await new Promise<void>((found) => {
      const look = (): boolean => decodeURIComponent(location.hash) === `#${to}` && document.querySelector(wanted!) !== null
      const watch = new MutationObserver(() => {
        if (!look()) return
        watch.disconnect()
        found()
      })
      watch.observe(document, { childList: true, subtree: true, attributes: true })
    })
    await new Promise<void>((drawn) => requestAnimationFrame(() => setTimeout(drawn)))
    return performance.now() - since
  }, [path, selector] as const)
}

/** ms from the moment the input has its file until 已存手机 is drawn. */
async function importPicture({ page }: Handset, file: string): Promise<number> {
  await page.locator('[data-test="saved"]').waitFor({ state: 'detached' })
  const timed = page.evaluate(async () => {
    const since = await new Promise<number>((begun) => document.addEventListener('change', () => begun(performance.now()), { capture: true, once: true }))
    await new Promise<void>((found) => {
      const watch = new MutationObserver(() => {
        if (document.querySelector('[data-test="saved"]') === null) return
        watch.disconnect()
        found()
      })
      watch.observe(document, { childList: true, subtree: true })
    })
    return performance.now() - since
  })
  await page.locator('input[type="file"]').last().setInputFiles(file)
  return timed
}
