import { beforeEach, describe, expect, it } from 'vitest'
import { decode } from '../core/canonical'
import { b64url, bodyHash, eventHash, fromB64url, GENESIS_PREV, pae, utf8 } from './bytes'
import { EventLog, rollback, type KeptEvent } from './log'
import { refuse } from './refusals'
import { makeKeys, signerOf, verifies } from './signer'
import { Dice, MemoryDisk, Platter, TestClock, vaultKey, type DiskFaults } from './testing/memory'
import { Vault } from './vault'

const INSP = '0195f0a0-0000-7000-8000-000000000001'
const note = (text: string, insp = INSP) => ({ type: 'note.add', body: { text }, insp })
const dice = new Dice(11)
let platter: Platter
let keys: CryptoKeyPair
let raw: Uint8Array<ArrayBuffer>
let clock: TestClock

beforeEach(async () => {
  platter = new Platter()
  keys = (await makeKeys()).keys
  raw = dice.bytes(32)
  clock = new TestClock()
})

async function phone(faults: DiskFaults = {}, dev = 'devA') {
  const vault = new Vault(new MemoryDisk(platter, faults), dev, await vaultKey(raw), dice)
  return { vault, log: new EventLog({ vault, signer: signerOf(keys), clock, random: dice, user: 'u-cheng' }) }
}

async function wires(vault: Vault): Promise<KeptEvent[]> {
  const found = (await vault.list<KeptEvent>('ev/')).map(({ value }) => value)
  return found.sort((a, b) => (JSON.parse(a.w.h) as { n: number }).n - (JSON.parse(b.w.h) as { n: number }).n)
}

describe('the record log', () => {
  it('makes a chain whose every link, body hash and signature holds', async () => {
    const { vault, log } = await phone()
    for (const text of ['一', '二', '三']) expect((await log.append([note(text)])).ok).toBe(true)
    let prev = GENESIS_PREV
    const kept = await wires(vault)
    expect(kept).toHaveLength(3)
    for (const [n, { h, w }] of kept.entries()) {
      const header = decode(utf8(w.h), 4096) as Record<string, unknown>
      expect(header).toMatchObject({ v: 1, t: 'note.add', dev: 'devA', n, i: n, prev, insp: INSP, by: 'u-cheng', off: 0, offage: -1 })
      expect(h).toBe(b64url(await eventHash(utf8(w.h))))
      expect(header.body).toBe(b64url(await bodyHash(utf8(w.b ?? ''))))
      expect(header.blen).toBe(utf8(w.b ?? '').length)
      expect(await verifies(keys.publicKey, fromB64url(w.s), pae(utf8(w.h)))).toBe(true)
      prev = h
    }
  })

  it('counts each inspection apart and the device as one', async () => {
    const { vault, log } = await phone()
    const other = '0195f0a0-0000-7000-8000-000000000002'
    await log.append([note('a'), note('b', other), note('c')])
    const headers = (await wires(vault)).map(({ w }) => JSON.parse(w.h) as { n: number; i: number })
    expect(headers.map(({ n, i }) => [n, i])).toEqual([[0, 0], [1, 0], [2, 1]])
    expect((await log.events(INSP)).map(({ body }) => body?.text)).toEqual(['a', 'c'])
  })

  it('builds a body from the events of the moment, whatever is appended around it', async () => {
    const one = await phone()
    const other = await phone()
    let asked = 0
    const counting = async (events: readonly unknown[]) => {
      asked++
      // Another tab commits after the events were read: this reading is worth nothing any more.
      if (asked === 1) await other.log.append([note('另一页')])
      return { ok: true as const, body: { text: `共${events.length}条` } }
    }
    await one.log.append([note('一')])
    const [, built] = await Promise.all([
      one.log.append([note('二')]), one.log.appendBuilt(INSP, 'note.add', counting), one.log.append([note('后')]),
    ])
    expect(built.ok && built.events[0]?.body?.text).toBe('共3条')
    expect(asked).toBe(2)
    expect((await one.log.events(INSP)).map(({ body }) => body?.text)).toEqual(['一', '二', '另一页', '共3条', '后'])
  })

  it('writes nothing when the builder declines, and goes on with the next', async () => {
    const { log } = await phone()
    const refused = log.appendBuilt(INSP, 'note.add', async () => refuse('changed'))
    const [first, second] = await Promise.all([refused, log.append([note('照常')])])
    expect(first).toMatchObject({ ok: false, reason: 'changed' })
    expect(second).toMatchObject({ ok: true, n: 0 })
  })

  it('keeps the chain whole when two tabs append at the same moment', async () => {
    const one = await phone()
    const two = await phone()
    const done = await Promise.all([one.log.append([note('甲')]), two.log.append([note('乙')]), one.log.append([note('丙')])])
    expect(done.every(({ ok }) => ok)).toBe(true)
    const headers = (await wires(one.vault)).map(({ h, w }) => ({ h, ...(JSON.parse(w.h) as { n: number; prev: string }) }))
    expect(headers.map(({ n }) => n)).toEqual([0, 1, 2])
    expect(headers.slice(1).map(({ prev }) => prev)).toEqual(headers.slice(0, 2).map(({ h }) => h))
  })

  it('does not write an event twice when the handle died after the commit', async () => {
    let first = true
    const disk = new MemoryDisk(platter)
    const commit = disk.commit.bind(disk)
    // As IndexedDB on iOS: the transaction was done, the answer was lost, the disk tried once more.
    disk.commit = async (writes, expect) => {
      const outcome = await commit(writes, expect)
      if (!first) return outcome
      first = false
      return commit(writes, expect)
    }
    const vault = new Vault(disk, 'devA', await vaultKey(raw), dice)
    const log = new EventLog({ vault, signer: signerOf(keys), clock, random: dice, user: 'u' })
    expect((await log.append([note('一次')])).ok).toBe(true)
    expect(await wires(vault)).toHaveLength(1)
  })

  it('refuses a body the server would refuse, in words, and writes nothing', async () => {
    const { vault, log } = await phone()
    const done = await log.append([{ type: 'told.tick', body: { key: 'basis' }, insp: INSP }])
    expect(done).toMatchObject({ ok: false, reason: 'bad_body' })
    expect(done.ok ? '' : done.text).toContain('缺少必填项')
    expect(await wires(vault)).toHaveLength(0)
  })

  it('says storage_full as a value and goes on with small writes', async () => {
    let full = true
    const { vault, log } = await phone({ onCommit: () => (full ? 'full' : 'fine') })
    expect(await log.append([note('x')])).toMatchObject({ ok: false, reason: 'storage_full' })
    full = false
    expect((await log.append([note('x')])).ok).toBe(true)
    expect(await wires(vault)).toHaveLength(1)
  })

  function spoil(key: string): void {
    const row = platter.facts.get(key)
    if (row === undefined) throw new Error(`${key} is not there`)
    const data = row.data.slice(0)
    new Uint8Array(data)[3] = (new Uint8Array(data)[3] ?? 0) ^ 1
    platter.facts.set(key, { ...row, data })
  }

  it('goes on with the same chain when the row of the chain or of a counter is damaged', async () => {
    const { log } = await phone()
    await log.append([note('一')])
    await log.append([note('二')])
    spoil('devA/chain')
    spoil(`devA/count/${INSP}`)
    const again = await phone()
    expect((await again.log.append([note('三')])).ok).toBe(true)
    const headers = (await wires(again.vault)).map(({ h, w }) => ({ h, ...(JSON.parse(w.h) as { n: number; i: number; prev: string }) }))
    expect(headers.map(({ n, i }) => [n, i])).toEqual([[0, 0], [1, 1], [2, 2]])
    expect(headers[2]?.prev).toBe(headers[1]?.h)
  })

  it('makes no fork by guessing when the last event is damaged as well, and says what to do', async () => {
    await (await phone()).log.append([note('一')])
    spoil('devA/chain')
    spoil(`devA/ev/${INSP}/000000000`)
    const { vault, log } = await phone()
    const done = await log.append([note('二')])
    expect(done).toMatchObject({ ok: false, reason: 'store_lost' })
    expect(done.ok ? '' : done.text).toContain('不要卸载')
    expect(await vault.keys('ev/')).toHaveLength(1)
  })

  it('says locked when the person has locked the phone', async () => {
    const { vault, log } = await phone()
    vault.close()
    expect(await log.append([note('x')])).toMatchObject({ ok: false, reason: 'locked' })
  })

  it('writes clock.jump before the event when the clock went back, once', async () => {
    const { vault, log } = await phone()
    await log.append([note('a')])
    clock.now -= 3_600_000
    clock.ran += 1_000
    await log.append([note('b')])
    clock.pass(1_000)
    await log.append([note('c')])
    const types = (await wires(vault)).map(({ w }) => (JSON.parse(w.h) as { t: string }).t)
    expect(types).toEqual(['note.add', 'clock.jump', 'note.add', 'note.add'])
    const [, jump] = await wires(vault)
    expect(JSON.parse(jump?.w.b ?? '{}')).toMatchObject({ delta: -3_601_000 })
  })

  it('carries the server offset, its age and the last checkpoint seen', async () => {
    const { vault, log } = await phone()
    const root = b64url(dice.bytes(32))
    await vault.write([
      { put: 'offset', value: { off: -1234, wall: clock.now, mono: clock.ran, boot: clock.boot } },
      { put: 'anchor', value: { size: 9, root, epoch: 1 } },
    ])
    clock.pass(5_000)
    const done = await log.append([note('a')])
    expect(done.ok && done.events[0]?.header).toMatchObject({ off: -1234, offage: 5_000, seen: [9, root] })
  })

  it('notes which files of its own an event names, and neither foreign nor fetched ones', async () => {
    const { vault, log } = await phone()
    const mine = 'a'.repeat(64)
    const pack = 'c'.repeat(64)
    await vault.write([
      { put: `file/${mine}`, value: { sha256: mine, size: 1, origin: 'own' } },
      { put: `file/${pack}`, value: { sha256: pack, size: 1, origin: 'server' } },
    ])
    const open = { pack, pin: 'A'.repeat(43), mode: 'on_site', assignments: [], checklists: [] }
    expect((await log.append([{ type: 'insp.open', body: open, insp: INSP }])).ok).toBe(true)
    const body = { sha256: mine, size: 1, mime: 'image/png', width: 1, height: 1, src: 'inapp', purpose: 'general', of: 'b'.repeat(64) }
    expect((await log.append([{ type: 'photo.add', body, insp: INSP }])).ok).toBe(true)
    expect(await vault.keys('named/')).toEqual([`named/${INSP}/${mine}`])
  })

  it('gives another person on this phone a copy in the same transaction', async () => {
    const a = await phone({}, 'devA')
    const b = await phone({}, 'devB')
    const done = await b.log.append([note('乙签名')], [], { vault: a.vault })
    const seen = await a.log.events(INSP)
    expect(seen.map(({ h }) => h)).toEqual([done.ok && done.h])
    expect(seen[0]?.header.dev).toBe('devB')
    expect(await a.vault.keys('ev/')).toEqual([])
  })
})

describe('the clock test', () => {
  const last = { n: 1, prev: '', wall: 100_000, mono: 50_000, boot: 'x' }
  it.each([
    ['a normal second', 101_000, 51_000, 'x', 0],
    ['a night asleep: wall ahead of mono', 30_100_000, 51_000, 'x', 0],
    ['two seconds of drift', 100_500, 52_400, 'x', 0],
    ['an hour back while running', -3_499_000, 51_000, 'x', -3_600_000],
    ['frozen by hand: mono walked, wall did not', 100_000, 60_000, 'x', -10_000],
    ['a restart later', 101_000, 10, 'y', 0],
    ['a restart with an earlier clock', 90_000, 10, 'y', -10_000],
  ])('%s', (_name, wall, mono, boot, expected) => {
    expect(rollback(last, wall, mono, boot)).toBe(expected)
  })
})
