/** Asking where the server stands before sending anything again. */
import { beforeEach, describe, expect, it } from 'vitest'
import { keys } from './facts'
import { epochOf, inventory, unsentEvents } from './outbox'
import { reply } from './testing/fakeServer'
import { note, stage, type Stage } from './testing/stage'

let on: Stage
beforeEach(async () => {
  on = await stage()
})

const batches = (): number[] =>
  on.asked.filter(({ path }) => path.endsWith('sync/events')).map(({ body }) => (JSON.parse(new TextDecoder().decode(body)) as { events: unknown[] }).events.length)
const unsent = async (): Promise<number> => unsentEvents(await inventory(on.vault, await epochOf(on.vault))).length
const atServer = (): number => on.server.state.chains.get(on.dev)?.length ?? 0
async function write(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await on.log.append([note(`第${i}条`)])
}
/** The server takes the next batch in, and its answer never arrives. */
function loseOneAnswer(): void {
  const { net } = on.parts
  const { request } = net
  let lost = false
  net.request = async (asked) => {
    const answer = await request.call(net, asked)
    if (lost || !asked.path.endsWith('sync/events')) return answer
    lost = true
    throw new TypeError('Failed to fetch')
  }
}

describe('after a lost answer', () => {
  it('asks first, and sends nothing again that the server already has', async () => {
    await write(76)
    loseOneAnswer()
    expect(await on.engine.round()).toBe('away')
    expect(atServer()).toBe(76)
    expect(await unsent()).toBe(76)
    on.asked.length = 0
    expect(await on.engine.round()).toBe('done')
    expect(batches()).toEqual([0])
    expect(await unsent()).toBe(0)
    const up = on.asked.reduce((sum, { body }) => sum + (body?.length ?? 0), 0)
    expect(up).toBeLessThan(2_000)
    on.asked.length = 0
    await write(1)
    await on.engine.round()
    expect(batches()).toEqual([1])
  })

  it('sends what is beyond it', async () => {
    await write(3)
    loseOneAnswer()
    await on.engine.round()
    await write(2)
    on.asked.length = 0
    await on.engine.round()
    expect(batches()).toEqual([0, 2])
    expect(atServer()).toBe(5)
  })

  it('sends everything when the request itself was lost', async () => {
    await write(3)
    const { net } = on.parts
    const { request } = net
    net.request = async () => Promise.reject(new TypeError('Failed to fetch'))
    expect(await on.engine.round()).toBe('away')
    net.request = request
    await on.engine.round()
    expect(batches()).toEqual([0, 3])
    expect(await unsent()).toBe(0)
  })

  it('asks again in the next life of the process, and only while it is open', async () => {
    await write(1)
    loseOneAnswer()
    await on.engine.round()
    expect(await on.vault.get(keys.ask)).toBeDefined()
    await on.engine.round()
    expect(await on.vault.get(keys.ask)).toBeUndefined()
  })
})

describe('after a restore', () => {
  it('asks where the server stands now, sends the rest, and confirms all of it under the new epoch', async () => {
    await write(2)
    await on.engine.round()
    const backup = on.server.backup()
    await write(3)
    await on.engine.round()
    on.server.restore(backup)
    await on.engine.round()
    on.asked.length = 0
    expect(await on.engine.round()).toBe('done')
    expect(batches()).toEqual([0, 3])
    expect(atServer()).toBe(5)
    expect(await unsent()).toBe(0)
    expect(await on.vault.keys(keys.acks(2))).toHaveLength(5)
  })

  it('offers everything to a server that remembers nothing', async () => {
    const empty = on.server.backup()
    await write(4)
    await on.engine.round()
    on.server.restore(empty)
    await on.engine.round()
    await on.engine.round()
    expect(batches().slice(-2)).toEqual([0, 4])
    expect(atServer()).toBe(4)
  })
})

describe('what the answer is worth', () => {
  it.each([
    ['no receipt', { receipt: null }],
    ['a receipt nobody signed', { receipt: 'c2lnbmVk' }],
  ])('with %s nothing is confirmed and everything is offered', async (_name, answer) => {
    await write(3)
    await on.vault.write([{ put: keys.ask, value: {} }])
    on.server.other = (request) => {
      if (!request.path.endsWith('sync/events') || !new TextDecoder().decode(request.body).includes('"events":[]')) return undefined
      return reply(200, { epoch: 1, now: 1, results: [], next: { [on.dev]: 99 }, lacks: [], ...answer })
    }
    await on.engine.round()
    expect(batches()).toEqual([0, 3])
    expect(atServer()).toBe(3)
  })

  it('believes a server that says less than its own receipt', async () => {
    await write(4)
    await on.engine.round()
    const newest = on.server.state.receipts.get(on.dev)
    await on.vault.write([
      ...(await on.vault.keys(keys.acks(1))).map((key) => ({ del: key })), { put: keys.ask, value: {} },
    ])
    on.server.state.chains.get(on.dev)?.splice(2)
    on.server.state.receipts.set(on.dev, newest ?? '')
    on.asked.length = 0
    await on.engine.round()
    expect(batches()).toEqual([0, 2])
    expect(atServer()).toBe(4)
  })

  it('takes an old receipt told again for what it is: no alarm, no step back of the anchor', async () => {
    await write(1)
    await on.engine.round()
    const old = on.server.state.receipts.get(on.dev)
    await write(1)
    await on.engine.round()
    const anchor = await on.vault.get<{ size: number }>(keys.anchor)
    expect(anchor?.size).toBe(2)
    await on.vault.write([{ del: keys.ack(1, on.dev, 0) }])
    on.server.state.receipts.set(on.dev, old ?? '')
    expect(await on.engine.round()).toBe('done')
    expect(await unsent()).toBe(0)
    expect(await on.vault.keys('alarm/')).toEqual([])
    expect(await on.vault.get(keys.anchor)).toEqual(anchor)
  })
})
