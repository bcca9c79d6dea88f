/** What the log remembers between two appends, on IndexedDB: always what lies on the disk, never anybody else's. */
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { b64url, eventHash, GENESIS_PREV, utf8 } from './bytes'
import { IdbDisk, StoreLost } from './disk'
import { EventLog } from './log'
import { ROTATED, type KeptEvent } from './logKeys'
import type { CommitOutcome, DiskExpectation, DiskWrite, EventHeader } from './ports'
import { makeKeys, signerOf } from './signer'
import { Dice, TestClock, vaultKey } from './testing/memory'
import { Vault, VaultClosed } from './vault'

const INSP = '0195f0a0-0000-7000-8000-000000000001'
const OTHER = '0195f0a0-0000-7000-8000-000000000002'
const note = (text: string, insp = INSP) => ({ type: 'note.add', body: { text }, insp })
const anchor = (size: number) => ({ put: 'anchor', value: { size, root: b64url(dice.bytes(32)) } })
const dice = new Dice(23)
let name = 0
let raw: Uint8Array<ArrayBuffer>
let keys: CryptoKeyPair
let clock: TestClock

beforeEach(async () => {
  name++
  raw = dice.bytes(32)
  keys = (await makeKeys()).keys
  clock = new TestClock()
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** A store that can run full, die, or do a commit and lose the answer, as iOS does (P17). */
class FaultyDisk extends IdbDisk {
  fate: 'fine' | 'full' | 'dead' | 'answer lost' = 'fine'
  commits = 0

  override async commit(writes: readonly DiskWrite[], wanted: readonly DiskExpectation[] = []): Promise<CommitOutcome> {
    this.commits++
    const { fate } = this
    this.fate = 'fine'
    if (fate === 'full') return 'full'
    if (fate === 'dead') throw new StoreLost(new DOMException('', 'InvalidStateError'))
    const outcome = await super.commit(writes, wanted)
    return fate === 'answer lost' ? super.commit(writes, wanted) : outcome
  }
}

async function tab(dev = 'devA', key = raw) {
  const disk = new FaultyDisk(`log-memory-${name}`)
  const vault = new Vault(disk, dev, await vaultKey(key), dice)
  return { disk, vault, log: new EventLog({ vault, signer: signerOf(keys), clock, random: dice, user: 'u-cheng' }) }
}

async function headers(dev = 'devA', key = raw): Promise<(EventHeader & { h: string })[]> {
  const { vault } = await tab(dev, key)
  const found = (await vault.list<KeptEvent>('ev/')).map(({ value }) => ({ h: value.h, text: value.w.h }))
  for (const { h, text } of found) expect(b64url(await eventHash(utf8(text)))).toBe(h)
  return found.map(({ h, text }) => ({ ...(JSON.parse(text) as EventHeader), h })).sort((a, b) => a.n - b.n)
}

/** One chain without a gap or a double, and the same for the count of each inspection. */
async function expectWhole(dev = 'devA', key = raw): Promise<string[]> {
  const chain = await headers(dev, key)
  const next = new Map<string, number>()
  let prev = GENESIS_PREV
  for (const [n, header] of chain.entries()) {
    expect(header).toMatchObject({ n, prev, i: next.get(header.insp) ?? 0 })
    next.set(header.insp, header.i + 1)
    prev = header.h
  }
  return chain.map(({ h }) => h)
}

const memoryOf = (vault: Vault) => (vault as unknown as { memory: Map<string, Promise<unknown>> }).memory
async function expectMemoryIsDisk(vault: Vault): Promise<void> {
  const fresh = (await tab()).vault
  for (const [key, held] of memoryOf(vault)) expect([key, await held]).toEqual([key, await fresh.recall(key)])
}

describe('the memory of the log', () => {
  it('makes an append one strict transaction that reads nothing before it', async () => {
    const { log, vault } = await tab()
    await log.append([note('一')])
    const transactions = vi.spyOn(IDBDatabase.prototype, 'transaction')
    expect((await log.append([note('二')])).ok).toBe(true)
    expect(transactions.mock.calls).toEqual([[['facts', 'bytes'], 'readwrite', { durability: 'strict' }]])
    await expectMemoryIsDisk(vault)
    expect([...memoryOf(vault).keys()].sort()).toEqual(['anchor', 'chain', `count/${INSP}`, 'offset', 'rotated'])
  })

  it('notices what another tab appended in between, the same inspection or another', async () => {
    const one = await tab()
    const two = await tab()
    for (const [at, insp] of [[one, INSP], [two, INSP], [one, OTHER], [two, OTHER], [two, INSP], [one, INSP]] as const) {
      expect((await at.log.append([note('x', insp)])).ok).toBe(true)
    }
    expect(await expectWhole()).toHaveLength(6)
  })

  it('says nothing more once the key was rotated in another tab', async () => {
    const one = await tab()
    const two = await tab()
    await one.log.append([note('一')])
    const rotation = { type: 'key.rotate', body: { spki: 'AAAA', dev: 'A'.repeat(22) }, insp: '' }
    expect(await two.log.append([rotation], [{ put: ROTATED, value: { dev: 'A'.repeat(22) } }])).toMatchObject({ ok: true })
    for (const { log } of [one, two]) expect(await log.append([note('二')])).toMatchObject({ ok: false, reason: 'changed' })
    expect(await expectWhole()).toHaveLength(2)
  })

  it('carries the newest anchor and offset, whoever stored them', async () => {
    const one = await tab()
    const two = await tab()
    await one.log.append([note('一')])
    await two.vault.write([anchor(7)])
    await one.log.append([note('二')])
    await two.vault.write([{ put: 'offset', value: { off: 250, wall: clock.now, mono: clock.ran, boot: clock.boot } }])
    await one.log.append([note('三')])
    const before = one.disk.commits
    await one.vault.write([anchor(8)])
    await one.log.append([note('四')])
    // What this tab stored itself costs no second attempt.
    expect(one.disk.commits - before).toBe(2)
    expect((await headers()).map(({ seen, off }) => [seen?.[0], off])).toEqual([[undefined, 0], [7, 0], [7, 250], [8, 250]])
  })

  it.each(['full', 'dead', 'answer lost'] as const)('is what lies on the disk after a commit that ended as: %s', async (fate) => {
    const { disk, log, vault } = await tab()
    await log.append([note('一')])
    disk.fate = fate
    const done = await log.append([note('二')])
    expect(done.ok).toBe(fate === 'answer lost')
    await expectMemoryIsDisk(vault)
    expect((await log.append([note('三')])).ok).toBe(true)
    await expectMemoryIsDisk(vault)
    expect(await expectWhole()).toHaveLength(done.ok ? 3 : 2)
  })

  it('survives a handle that was closed under it', async () => {
    const { disk, log } = await tab()
    await log.append([note('一')])
    ;(await (disk as unknown as { opening: Promise<{ close(): void }> }).opening).close()
    expect((await log.append([note('二')])).ok).toBe(true)
    expect(await expectWhole()).toHaveLength(2)
  })

  it('is gone when the phone locks, also in the middle of an append, and goes on after unlocking', async () => {
    const first = await tab()
    await first.log.append([note('一')])
    const late = first.log.append([note('锁屏时')])
    first.vault.close()
    const ended = await late
    expect(ended).toMatchObject({ ok: false, reason: 'locked' })
    expect(memoryOf(first.vault).size).toBe(0)
    expect(await first.log.append([note('锁着')])).toMatchObject({ ok: false, reason: 'locked' })
    await expect(first.vault.recall('nowhere')).rejects.toBeInstanceOf(VaultClosed)
    expect(memoryOf(first.vault).size).toBe(0)
    const again = await tab()
    expect((await again.log.append([note('二')])).ok).toBe(true)
    expect(await expectWhole()).toHaveLength(2)
  })

  it('of one person is nothing to the next one on the same phone', async () => {
    const key = dice.bytes(32)
    const a = await tab()
    await a.vault.write([anchor(5)])
    for (const text of ['一', '二']) await a.log.append([note(text)])
    a.vault.close()
    const b = await tab('devB', key)
    await b.log.append([note('甲')])
    expect(await headers('devB', key)).toMatchObject([{ n: 0, i: 0, prev: GENESIS_PREV, dev: 'devB' }])
    expect((await headers('devB', key))[0]?.seen).toBeUndefined()
    await a.log.append([note('三')])
    expect(await expectWhole()).toHaveLength(2)
  })

  it.each(Array.from({ length: 25 }, (_, seed) => seed))('keeps one chain under any interleaving of three tabs (seed %i)', async (seed) => {
    const roll = new Dice(seed)
    const tabs = [await tab(), await tab(), await tab()]
    const saved: string[] = []
    const pending: Promise<unknown>[] = []
    for (let step = 0; step < 24; step++) {
      const at = roll.below(tabs.length)
      const one = tabs[at]
      if (one === undefined) throw new Error('there are three tabs')
      clock.pass(1_000)
      if (roll.chance(0.15)) one.disk.fate = (['full', 'dead', 'answer lost'] as const)[roll.below(3)] ?? 'full'
      const what = roll.below(12)
      if (what === 0) {
        one.vault.close()
        tabs[at] = await tab()
      } else if (what === 1) {
        pending.push(one.vault.write([anchor(step)]).catch(() => undefined))
      } else {
        const items = Array.from({ length: 1 + roll.below(2) }, () => note(`${step}`, roll.chance(0.5) ? INSP : OTHER))
        pending.push(one.log.append(items).then((done) => done.ok && saved.push(...done.events.map(({ h }) => h))))
      }
      // Some wait for what went before, some run into it.
      if (roll.chance(0.5)) await Promise.all(pending)
    }
    await Promise.all(pending)
    expect([...(await expectWhole())].sort()).toEqual(saved.sort())
  })
})
