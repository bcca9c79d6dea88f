/** What may happen to a phone between two rounds: an old app, a damaged row, a store that does not answer. */
import { beforeEach, describe, expect, it } from 'vitest'
import { StoreLost } from '../device/disk'
import { MemoryDisk, Platter, vaultKey } from '../device/testing/memory'
import { Vault } from '../device/vault'
import { exportUnsent } from './backup'
import { SyncEngine } from './engine'
import { keys, type AlarmFact, type CursorFact } from './facts'
import { epochOf, inventory, unsentEvents } from './outbox'
import { troublesOf } from './states'
import { reply } from './testing/fakeServer'
import { note, stage, type Stage } from './testing/stage'
import { CLIENT_HEADER } from './version'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
const unsent = async (from: Stage) => unsentEvents(await inventory(from.vault, await epochOf(from.vault))).length

describe('an app that is too old', () => {
  const old = reply(426, { code: 'E_CLIENT_OLD', detail: '应用版本过旧，请更新后再同步；数据仍保存在手机中，不会丢失' })

  it('says its version with every request', async () => {
    await on.log.append([note('一')])
    await on.photo()
    await on.engine.round()
    expect(on.asked.length).toBeGreaterThan(3)
    for (const { headers } of on.asked) expect(headers).toMatchObject(CLIENT_HEADER)
  })

  it('is 需要处理 in words, loses nothing, keeps its cursor, and delivers after the update', async () => {
    await on.vault.write([{ put: keys.cursor, value: { cursor: '1.7', epoch: 1 } }])
    await on.log.append([note('一'), note('二')])
    on.server.other = (request) => (request.path.includes('/sync/') ? old : undefined)
    expect(await on.engine.round()).toBe('trouble')
    expect(await on.vault.get<AlarmFact>(keys.alarm('E_CLIENT_OLD'))).toMatchObject({ kind: 'server' })
    const [trouble] = await troublesOf(on.vault, await inventory(on.vault, 1), 1)
    expect(trouble).toMatchObject({ code: 'E_CLIENT_OLD', text: expect.stringContaining('数据仍保存在手机中') as string })
    expect(await unsent(on)).toBe(2)
    expect(await on.vault.keys(keys.refusals(1))).toEqual([])
    expect(await on.vault.get<CursorFact>(keys.cursor)).toMatchObject({ cursor: '1.7' })
    on.server.other = () => undefined
    expect(await on.engine.round()).toBe('done')
    expect(await unsent(on)).toBe(0)
    expect(await on.vault.keys('alarm/')).toEqual([])
  })

  it('one event alone is not called refused by it', async () => {
    await on.log.append([note('一')])
    on.server.other = (request) => (request.path.endsWith('sync/events') ? old : undefined)
    await on.engine.round()
    expect(await unsent(on)).toBe(1)
  })
})

describe('a server out of order', () => {
  it.each([429, 500, 503])('with %i does not make the phone forget where it was', async (status) => {
    await on.vault.write([{ put: keys.cursor, value: { cursor: '1.7', epoch: 1 } }])
    on.server.other = () => reply(status, { code: 'E_INTERNAL', detail: '服务器内部错误' })
    await on.engine.round()
    expect(await on.vault.get<CursorFact>(keys.cursor)).toMatchObject({ cursor: '1.7' })
  })
})

describe('a damaged store', () => {
  async function spoiled(prefix: string): Promise<{ platter: Platter; on: Stage; engine: SyncEngine; vault: Vault }> {
    const platter = new Platter()
    const raw = on.dice.bytes(32)
    const vault = new Vault(new MemoryDisk(platter), on.dev, await vaultKey(raw), on.dice)
    for (const { key, value } of await on.vault.list('')) await vault.write([{ put: key, value }])
    for (const [key, row] of platter.facts) {
      if (!key.startsWith(`${on.dev}/${prefix}`)) continue
      const data = row.data.slice(0)
      new Uint8Array(data)[0] = (new Uint8Array(data)[0] ?? 0) ^ 1
      platter.facts.set(key, { ...row, data })
      break
    }
    return { platter, on, vault, engine: new SyncEngine({ ...on.parts, vault }) }
  }

  it('in one event sends all the others, and the server keeps what stands behind the hole', async () => {
    for (const text of ['一', '二', '三']) await on.log.append([note(text)])
    const phone = await spoiled('ev/')
    await phone.engine.round()
    expect(phone.vault.damaged.size).toBe(1)
    const offered = on.asked.filter(({ path }) => path.endsWith('sync/events'))
    const { events } = JSON.parse(new TextDecoder().decode(offered[0]?.body)) as { events: unknown[] }
    expect(events).toHaveLength(2)
  })

  it('in the tokens asks for the login instead of stopping every round', async () => {
    await on.log.append([note('一')])
    const phone = await spoiled(keys.tokens)
    expect(await phone.engine.round()).toBe('login')
  })

  it('leaves a backup of everything that can be read', async () => {
    for (const text of ['一', '二']) await on.log.append([note(text)])
    const { vault } = await spoiled('ev/')
    const done = await exportUnsent({ vault, random: on.dice, wall: 0, iterations: 1 }, 'long enough')
    expect(done).toMatchObject({ ok: true, events: 1 })
  })
})

describe('a store that does not answer', () => {
  it('ends the round, plans the next one, and that one delivers', async () => {
    await on.log.append([note('一')])
    const real = on.vault.disk.keys.bind(on.vault.disk)
    on.vault.disk.keys = async () => Promise.reject(new StoreLost(new Error('iOS')))
    expect(await on.engine.round()).toBe('away')
    expect(on.timers.count).toBe(1)
    on.vault.disk.keys = real
    expect(await on.engine.round()).toBe('done')
    expect(await unsent(on)).toBe(0)
  })
})
