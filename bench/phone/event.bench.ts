/**
 * Signing, encrypting and storing one event (strict transaction), with the main thread slowed down: the budget of the
 * issue is 5 ms in the middle. Reported beside the floor of the same run at the same speed, never asserted. Bytes are asserted in
 * pwa/src/sync/size.test.ts.
 */
import { expect, test } from '@playwright/test'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Handset, strictPuts } from './handset'
import type { EventTimes } from './event_page'

const RATE = Number(process.env['SUIJIAN_BENCH_RATE'] ?? 6)
const EVENTS = 300
const ROOT = resolve(__dirname, '../..')

const at = (times: readonly number[], part: number): string => ([...times].sort((a, b) => a - b)[Math.floor(times.length * part)] ?? Number.NaN).toFixed(2)
const told = (times: readonly number[]): string => `median ${at(times, 0.5)} ms, p95 ${at(times, 0.95)} ms`

test('one event, measured', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'suijian-event-'))
  const script = join(folder, 'event.mjs')
  execFileSync(join(ROOT, 'pwa/node_modules/.bin/rolldown'), [join(__dirname, 'event_page.ts'), '--file', script, '--format', 'esm'], { cwd: join(ROOT, 'pwa') })
  const server = createServer((request, answer) => {
    const isScript = request.url === '/event.mjs'
    answer.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
    answer.end(isScript ? readFileSync(script) : '<!doctype html><title>one event</title><script type="module" src="/event.mjs"></script>')
  })
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
  const phone = new Handset()
  try {
    await phone.on()
    await phone.page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await phone.page.waitForFunction(() => 'measure' in globalThis)
    for (const rate of [1, RATE]) {
      await phone.slow(rate)
      // Slowed like the rest: the page's side of the store is most of what a put costs there.
      const floor = await strictPuts(phone.page, 1_000, 100)
      const { sign, whole } = await phone.page.evaluate((count) => (globalThis as unknown as { measure(count: number): Promise<EventTimes> }).measure(count), EVENTS)
      console.log(`${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${loadavg()[0]?.toFixed(1)}, CPU throttle ${rate}×, ${EVENTS} events`)
      console.log(`  sign alone: ${told(sign)}`)
      console.log(`  sign + encrypt + strict store: ${told(whole)}  [budget 5 at ${RATE}×]; floor, a strict put of 1 kB at this speed: ${told(floor)}`)
      expect(whole).toHaveLength(EVENTS)
    }
  } finally {
    await phone.off().catch((error: unknown) => console.log(String(error)))
    phone.discard()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
