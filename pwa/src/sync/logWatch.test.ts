/** Attacks 21 to 23 of the record log, as the phone sees them: it proves every head of the server's log and says so when it cannot. */
import { beforeEach, describe, expect, it } from 'vitest'
import { encode, encodeStandard } from '../core/b64url'
import { concat, utf8 } from '../core/bytes'
import { keyId } from '../core/checkpoint'
import { sha256 } from '../device/bytes'
import { ed25519Sign, logKeys } from '../device/testing/memory'
import { reportLogFault } from './automatic'
import { keys, type AlarmFact, type DeviceFact, type LogFaultFact } from './facts'
import { headOf, LOOK_EVERY_MS } from './logWatch'
import { LOG_NAME, reply } from './testing/fakeServer'
import { note, stage, type Stage } from './testing/stage'

let on: Stage
beforeEach(async () => {
  on = await stage()
})

async function says(text: string) {
  await on.log.append([note(text)])
  return on.engine.round()
}
const alarms = async () => (await on.vault.list<AlarmFact>('alarm/')).map(({ value }) => value.code)
const fault = () => on.vault.get<LogFaultFact>(keys.logFault)
const asked = () => on.asked.filter(({ path }) => path.includes('log/consistency')).map(({ path }) => path.split('?')[1])

describe('an honest server', () => {
  it('is believed with its first head and asked for a proof of every later one', async () => {
    await says('一')
    await says('二')
    await says('三')
    expect(asked()).toEqual(['from=1&to=2', 'from=2&to=3'])
    expect(await headOf(on.vault, 1)).toMatchObject({ epoch: 1, size: 3 })
    expect(await alarms()).toEqual([])
  })

  it('is asked nothing when there is nothing new', async () => {
    await says('一')
    const before = on.asked.length
    await on.engine.round()
    expect(on.asked.slice(before).map(({ path }) => path)).toEqual(['/api/v1/sync/changes?cursor=c'])
  })

  it('is asked again later when it was busy, without an alarm', async () => {
    await says('一')
    on.server.other = ({ path }) => (path.includes('log/') ? reply(429, { code: 'E_TOO_MANY', detail: '稍后' }) : undefined)
    expect(await says('二')).toBe('trouble')
    expect(await headOf(on.vault, 1)).toMatchObject({ size: 1 })
    on.server.other = () => undefined
    await on.engine.round()
    expect(await headOf(on.vault, 1)).toMatchObject({ size: 2 })
    expect(await alarms()).toEqual([])
  })
})

describe('a changed log', () => {
  it('attack 21: a leaf is deleted or edited, and no proof leads from what the phone remembers', async () => {
    await says('一')
    await says('二')
    on.server.state.leaves[0] = await sha256(utf8('another leaf'))
    on.server.restart()
    await says('三')
    expect(await alarms()).toEqual(['F_LOG_EQUIVOCATION'])
    expect(await fault()).toMatchObject({ code: 'F_LOG_EQUIVOCATION', told: false, remembered: [2, expect.any(String)] })
    // The head it remembers is not replaced by what could not be proved.
    expect(await headOf(on.vault, 1)).toMatchObject({ size: 2 })
  })

  it('attack 21: the server says that it cannot give the proof', async () => {
    await says('一')
    on.server.other = ({ path }) => (path.includes('log/consistency') ? reply(409, { code: 'E_LOG_BROKEN', detail: '日志缺少第 0 条' }) : undefined)
    await says('二')
    expect(await alarms()).toEqual(['F_LOG_EQUIVOCATION'])
  })

  it('attack 22: an older log is shown to this phone', async () => {
    await says('一')
    await says('二')
    on.server.state.leaves.length = 0
    await says('三')
    expect(await alarms()).toContain('E_LOG_ROLLBACK')
    expect(await fault()).toMatchObject({ code: 'E_LOG_ROLLBACK', remembered: [2, expect.any(String)], shown: [1, expect.any(String)] })
  })

  it('leaves both signed heads of one size on the phone, as the proof', async () => {
    await says('一')
    await says('二')
    on.server.state.leaves.length = 0
    await says('三')
    await says('四')
    const kept = await on.vault.list<{ text: string; root: string }>(keys.receipt(1))
    expect(new Set(kept.map(({ value }) => value.root)).size).toBe(2)
    expect(kept.every(({ value }) => value.text.includes(LOG_NAME))).toBe(true)
    // The same receipt told again takes no second place.
    await on.engine.round()
    expect(await on.vault.list(keys.receipt(1))).toHaveLength(2)
  })

  it('attack 22: another log of the same size is shown', async () => {
    await says('一')
    await says('二')
    on.server.state.leaves.length = 0
    on.server.state.leaves.push(await sha256(utf8('x')))
    on.server.restart()
    await says('三')
    expect(await alarms()).toContain('F_LOG_EQUIVOCATION')
  })

  it('attack 23: a receipt by another key, or about another head, confirms nothing', async () => {
    const other = await stage()
    await says('一')
    await other.log.append([note('别人')])
    await other.engine.round()
    const foreign = other.server.state.receipts.get(other.dev) ?? ''
    on.server.state.receipts.clear()
    on.server.other = (request) => {
      if (!request.path.endsWith('sync/events')) return undefined
      return reply(200, { epoch: 1, now: 1, results: [], receipt: foreign, next: {}, lacks: [] })
    }
    await on.log.append([note('二')])
    expect(await on.engine.round()).toBe('away')
    expect(await alarms()).toEqual(['E_RECEIPT'])
    expect(await on.vault.keys(keys.acks(1))).toHaveLength(1)
  })

  it('goes into the chain as one signed word, and work goes on', async () => {
    await says('一')
    on.server.state.leaves[0] = await sha256(utf8('another leaf'))
    await says('二')
    const parts = { vault: on.vault, log: on.log, clock: on.clock, selfTest: async () => ({}) as never }
    expect(await reportLogFault(parts)).toBe(true)
    expect(await reportLogFault(parts)).toBe(false)
    await on.engine.round()
    const chain = on.server.state.chains.get(on.dev) ?? []
    const last = JSON.parse(chain.at(-1)?.wire.b ?? '{}') as { self_test: { log: { code: string } } }
    expect(last.self_test.log.code).toBe('F_LOG_EQUIVOCATION')
    expect(chain).toHaveLength(3)
  })

  it('is forgiven only by a proof from the head that was remembered', async () => {
    await says('一')
    const [leaf] = on.server.state.leaves
    on.server.state.leaves[0] = await sha256(utf8('another leaf'))
    await says('二')
    on.server.restart()
    await says('三')
    expect(await fault()).toBeDefined()
    if (leaf !== undefined) on.server.state.leaves[0] = leaf
    on.server.restart()
    await says('四')
    expect(await fault()).toBeUndefined()
    expect(await alarms()).toEqual([])
  })

  it('is looked for without anything to send when the last proof is old', async () => {
    await says('一')
    on.clock.now += LOOK_EVERY_MS + 1
    const id = await keyId(sha256, { name: LOG_NAME, publicKey: on.server.rawKey })
    const text = `${LOG_NAME}\n5\n${encodeStandard(new Uint8Array(32))}\n`
    const signed = `${text}\n— ${LOG_NAME} ${encodeStandard(concat(id, await ed25519Sign(on.server.logPair, utf8(text))))}\n`
    on.server.other = ({ path }) => (path.endsWith('log/checkpoint') ? reply(200, utf8(signed)) : undefined)
    await on.engine.round()
    expect(asked()).toEqual(['from=1&to=5'])
    expect(await alarms()).toEqual(['F_LOG_EQUIVOCATION'])
  })
})

describe('after a restore', () => {
  it('a new branch is accepted, the old head is kept as proof, and the phone says so', async () => {
    await says('一')
    const backup = on.server.backup()
    await says('二')
    await says('三')
    on.server.restore(backup)
    await on.engine.round()
    await on.engine.round()
    expect(await alarms()).toEqual(['F_LOG_RESTORED'])
    expect(await fault()).toBeUndefined()
    expect(await headOf(on.vault, 1)).toMatchObject({ size: 3 })
    expect(await headOf(on.vault, 2)).toMatchObject({ epoch: 2 })
  })

  it('what lies before the branch must still be consistent: a raised epoch excuses nothing else', async () => {
    await says('一')
    await says('二')
    const backup = on.server.backup()
    backup.leaves[0] = await sha256(utf8('another leaf'))
    on.server.restore(backup)
    await says('三')
    await on.engine.round()
    expect(await alarms()).toEqual(['F_LOG_EQUIVOCATION'])
  })

  it('a raised epoch without a word of where the log went on is no excuse', async () => {
    await says('一')
    await says('二')
    const backup = on.server.backup()
    backup.leaves.length = 1
    on.server.restore(backup)
    on.server.state.branches.length = 0
    await says('三')
    await on.engine.round()
    expect(await alarms()).toContain('F_LOG_EQUIVOCATION')
  })
})

it('learns the log’s new key from the statement of the one it has pinned', async () => {
  await says('一')
  const fresh = await logKeys()
  const name = (key: Uint8Array<ArrayBuffer>) => ({ name: LOG_NAME, publicKey: key })
  const vkey = async (key: Uint8Array<ArrayBuffer>) => {
    const id = [...(await keyId(sha256, name(key)))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    return `${LOG_NAME}+${id}+${encodeStandard(concat(Uint8Array.of(1), key))}`
  }
  const text = `suijian/log-key/v1\nold ${await vkey(on.server.rawKey)}\nnew ${await vkey(fresh.raw)}\nat 1795000000000\n`
  const line = async (pair: CryptoKeyPair, key: Uint8Array<ArrayBuffer>, message: string) =>
    `— ${LOG_NAME} ${encodeStandard(concat(await keyId(sha256, name(key)), await ed25519Sign(pair, utf8(message))))}\n`
  const statement = `${text}\n${await line(on.server.logPair, on.server.rawKey, text)}`
  const forged = `${text}\n${await line(fresh.keys, fresh.raw, text)}`
  let told = forged
  on.server.alsoSignedBy(fresh)
  on.server.other = ({ path }) => (path.endsWith('log/keys') ? reply(200, { older: [{ statement: told }] }) : undefined)
  await says('二')
  const pinned = async () => (await on.vault.get<DeviceFact>(keys.device))?.log.key
  expect(await pinned()).toBe(encode(on.server.rawKey))
  told = statement
  await says('三')
  expect(await pinned()).toBe(encode(fresh.raw))
  await says('四')
  expect(on.asked.filter(({ path }) => path.endsWith('log/keys'))).toHaveLength(2)
  expect(await alarms()).toEqual([])
})
