import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { isContent } from '../core/events'
import { b64url, fromB64url } from '../device/bytes'
import { TestLifecycle } from '../device/testing/memory'
import { lowSpace } from './automatic'
import type { Session, Visit } from './session'
import { INSP, PIN, TestPhone } from './testing/testPhone'

let phone: TestPhone
let session: Session
beforeEach(async () => {
  phone = await TestPhone.make()
  phone.devName = (spki) =>
    b64url(createHash('sha256').update('suijian/dev/v1\0').update(fromB64url(spki)).digest().subarray(0, 16))
  const done = await (await phone.start()).enrol({ code: 'CODE000001', pin: PIN, label: '3 号手机' })
  if (!done.ok) throw new Error(done.text)
  session = done.session
  await session.syncNow()
})

async function opened(begun = true): Promise<Visit> {
  const visit = await session.openVisit(INSP)
  if (visit === undefined) throw new Error('the visit is here')
  if (begun) await visit.append('note.add', { text: '到场' })
  return visit
}

/** Long enough for what should not be written to be written. */
const quiet = (): Promise<void> => new Promise((done) => setTimeout(done, 60))
const typesOf = (visit: Visit): string[] => visit.events().map(({ header }) => header.t)

async function restart(killed = false): Promise<void> {
  if (!killed) await session.lock()
  const again = await (await phone.start()).unlock(session.me.dev, PIN)
  if (!again.ok) throw new Error(again.text)
  session = again.session
}

describe('putting the phone away during a visit', () => {
  it('is written once per going and coming, in the chain of that visit', async () => {
    const visit = await opened()
    phone.lifecycle.goAway()
    phone.lifecycle.goAway()
    phone.lifecycle.comeBack()
    phone.lifecycle.goAway()
    phone.lifecycle.comeBack()
    const written = ['note.add', 'app.background', 'app.resume', 'app.background', 'app.resume']
    await vi.waitFor(() => expect(typesOf(visit)).toEqual(written))
    expect(visit.events().every(({ header }) => header.insp === INSP)).toBe(true)
    expect(visit.events().filter(({ header }) => isContent(header.t))).toHaveLength(1)
  })

  it('is not written before anything was done, after the seal, or when no visit is open', async () => {
    const visit = await opened(false)
    phone.lifecycle.goAway()
    phone.lifecycle.comeBack()
    await quiet()
    expect(visit.events()).toEqual([])
    const hash = 'A'.repeat(43)
    const seal = { d: hash, text: hash, count: 0, root: hash, chains: [], outcome: 'completed', party: false, ended: 1 }
    expect((await visit.append('seal', seal)).ok).toBe(true)
    phone.lifecycle.goAway()
    phone.lifecycle.comeBack()
    await visit.close()
    phone.lifecycle.goAway()
    await quiet()
    expect(typesOf(visit)).toEqual(['seal'])
  })

  it('ends with the next opening when the process was killed in the background', async () => {
    const killed = await opened()
    phone.lifecycle.goAway()
    await vi.waitFor(() => expect(typesOf(killed)).toHaveLength(2))
    phone.clock.boot = 'BBBBBBBB'
    // A page of its own: nobody of the killed one hears it.
    Object.assign(phone, { lifecycle: new TestLifecycle() })
    await restart(true)
    const visit = await opened(false)
    await vi.waitFor(() => expect(typesOf(visit)).toEqual(['note.add', 'app.background', 'app.resume']))
    expect(visit.events().at(-1)?.header.boot).toBe('BBBBBBBB')
  })
})

describe('space running low', () => {
  it('is said once an hour in the visit, as long as it is so', async () => {
    phone.space = { usage: 900_000_000, quota: 950_000_000 }
    await (await opened()).close()
    const low = (visit: Visit) => visit.events().filter(({ header }) => header.t === 'storage.low').map(({ body }) => body?.free_mb)
    const again = await opened(false)
    await vi.waitFor(() => expect(low(again)).toEqual([50]))
    await again.close()
    await (await opened(false)).close()
    await quiet()
    phone.clock.pass(3_700_000)
    const later = await opened(false)
    await vi.waitFor(() => expect(low(later)).toEqual([50, 50]))
  })

  it.each([
    [{ full: true, usage: 1, quota: 10_000_000_000 }, 0],
    [{ full: false, usage: 0, quota: 10_000_000_000 }, undefined],
    [{ full: false, usage: 9_900_000_000, quota: 10_000_000_000 }, 100],
    [{ full: false }, undefined],
    [{ full: false, usage: 20, quota: 10 }, 0],
  ])('%j leaves %s MB worth a word', (gauge, free) => {
    expect(lowSpace({ kept: 0, persisted: true, ...gauge })).toBe(free)
  })
})

describe('the daily health report', () => {
  const reports = async (): Promise<number> => {
    await session.syncNow()
    const chain = phone.server.state.chains.get(session.me.dev) ?? []
    return chain.filter(({ wire }) => (JSON.parse(wire.h) as { t: string }).t === 'dev.health').length
  }
  /** Starts again and lets the time for the report come. */
  async function startAndWait(): Promise<void> {
    await restart()
    phone.timers.ring()
    await quiet()
  }

  it('is written at most once a day, with the self-test', async () => {
    // The one of the enrolment.
    expect(await reports()).toBe(1)
    await startAndWait()
    expect(await reports()).toBe(1)
    phone.clock.pass(90_000_000)
    phone.space = { usage: 5, quota: 1_000 }
    await startAndWait()
    await vi.waitFor(async () => expect(await reports()).toBe(2))
    await startAndWait()
    expect(await reports()).toBe(2)
    const last = phone.server.state.chains.get(session.me.dev)?.filter(({ wire }) => wire.h.includes('"dev.health"')).at(-1)
    expect(JSON.parse(last?.wire.b ?? '{}')).toMatchObject({ quota: 1_000, self_test: { strict_write: true, user_agent: 'test' } })
  })

  it('waits for the next start while a visit is open', async () => {
    phone.clock.pass(90_000_000)
    await restart()
    await opened()
    phone.timers.ring()
    await quiet()
    expect(await reports()).toBe(1)
  })
})
