import { beforeEach, describe, expect, it } from 'vitest'
import { keepLoose } from '../device/photos'
import { backoff, LONGEST_WAIT_MS, SyncEngine } from './engine'
import { keys } from './facts'
import { inventory, nextBatch, unsentEvents, unsentFiles } from './outbox'
import { reply } from './testing/fakeServer'
import { note, stage, type Stage } from './testing/stage'

let on: Stage
beforeEach(async () => {
  on = await stage()
})

describe('a round', () => {
  it('with nothing new is one request for changes', async () => {
    await on.engine.round()
    expect(on.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /api/v1/sync/changes?cursor='])
    await on.engine.round()
    expect(on.asked).toHaveLength(2)
  })

  it('sends a file in pieces, goes on inside it after a break, and asks for no byte twice', async () => {
    const sha = await on.photo(250)
    let broken = true
    const { other } = on.server
    on.server.other = (request) => {
      if (broken && request.method === 'PATCH') throw new TypeError('Failed to fetch')
      return other(request)
    }
    expect(await on.engine.round()).toBe('away')
    expect(on.server.state.blobs.has(sha)).toBe(false)
    broken = false
    on.asked.length = 0
    expect(await on.engine.round()).toBe('done')
    expect(on.asked.filter(({ path }) => path.includes('uploads')).map(({ method, body }) => [method, body?.length ?? 0])).toEqual([
      ['HEAD', 0], ['PATCH', 100], ['PATCH', 50],
    ])
    expect(on.server.state.blobs.has(sha)).toBe(true)
    on.asked.length = 0
    await on.engine.round()
    expect(on.asked).toHaveLength(1)
  })

  it('sends the newest visit first', async () => {
    const older = await on.photo()
    const kept = await keepLoose({ vault: on.vault, clock: on.clock }, 'x', on.dice.bytes(50), 'image/png')
    if (!kept.ok) throw new Error(kept.text)
    const body = { sha256: kept.sha256, size: 50, mime: 'image/png', width: 1, height: 1, src: 'inapp', purpose: 'general' }
    await on.log.append([{ type: 'photo.add', body, insp: '0195f0a0-0000-7000-8000-000000000009' }])
    await on.engine.round()
    const order = on.asked.filter(({ method }) => method === 'POST' ).flatMap(({ headers }) => {
      const meta = headers?.['Upload-Metadata']
      return meta === undefined ? [] : [atob(/sha256 ([^,]+)/.exec(meta)?.[1] ?? '')]
    })
    expect(order).toEqual([kept.sha256, older])
  })

  it('calls no file delivered because its upload ended: the server must say it lacks nothing', async () => {
    const sha = await on.photo()
    const { other } = on.server
    on.server.other = (request) => {
      if (request.path.includes('uploads')) {
        return reply(201, undefined, { location: '/api/v1/evidence/uploads/9', 'upload-offset': '250', 'tus-resumable': '1.0.0' })
      }
      return other(request)
    }
    expect(await on.engine.round()).toBe('trouble')
    expect(unsentFiles(await inventory(on.vault, 1)).map(({ sha256: s }) => s)).toEqual([sha])
  })

  it('sets a refused file aside with the sentence and sends the others', async () => {
    const bad = await on.photo(30)
    const good = await on.photo(40)
    const { other } = on.server
    on.server.other = (request) => {
      const meta = request.headers?.['Upload-Metadata'] ?? ''
      return meta.includes(btoa(bad)) ? reply(415, { code: 'E_MEDIA_TYPE', detail: '不是照片' }) : other(request)
    }
    expect(await on.engine.round()).toBe('trouble')
    expect(await on.vault.get(keys.fileRefused(1, bad))).toMatchObject({ code: 'E_MEDIA_TYPE', text: '不是照片' })
    expect(on.server.state.blobs.has(good)).toBe(true)
  })

  it('shows a damaged file and neither sends nor drops it', async () => {
    const sha = await on.photo(30)
    const [key] = await on.vault.disk.keys('bytes', `${on.dev}/${sha}`)
    await on.vault.disk.commit([{ store: 'bytes', del: key ?? '' }])
    await on.engine.round()
    expect(await on.vault.get(keys.fileRefused(1, sha))).toMatchObject({ code: 'E_FILE_DAMAGED' })
    expect(await on.vault.get(`file/${sha}`)).toBeDefined()
  })

  it('keeps photos back on a metered line when the person wants Wi-Fi, and sends the events', async () => {
    await on.vault.write([{ put: keys.settings, value: { wifiOnly: true } }])
    on.lifecycle.line = 'metered'
    const sha = await on.photo()
    await on.engine.round()
    expect(on.server.state.chains.get(on.dev)).toHaveLength(1)
    expect(on.server.state.blobs.has(sha)).toBe(false)
    on.lifecycle.line = 'wifi'
    await on.engine.round()
    expect(on.server.state.blobs.has(sha)).toBe(true)
  })

  it('splits a batch the server calls too large', async () => {
    await on.log.append([note('一'), note('二'), note('三')])
    const sizes: number[] = []
    on.server.other = (request) => {
      if (!request.path.endsWith('sync/events')) return undefined
      const count = (JSON.parse(new TextDecoder().decode(request.body)) as { events: unknown[] }).events.length
      sizes.push(count)
      return count > 1 ? reply(413, { code: 'E_TOO_LARGE', detail: '太大' }) : undefined
    }
    expect(await on.engine.round()).toBe('done')
    expect(on.server.state.chains.get(on.dev)).toHaveLength(3)
    expect(sizes[0]).toBe(3)
  })

  it('goes back to where the server stands after a gap', async () => {
    await on.log.append([note('一'), note('二')])
    await on.engine.round()
    // The server lost the second event without telling: no epoch, only `next`.
    on.server.state.chains.get(on.dev)?.pop()
    await on.log.append([note('三')])
    await on.engine.round()
    await on.engine.round()
    expect(on.server.state.chains.get(on.dev)).toHaveLength(3)
  })

  it('raises an alarm when the log is shorter than remembered, and believes nothing of it', async () => {
    await on.log.append([note('一')])
    await on.engine.round()
    await on.log.append([note('二')])
    await on.engine.round()
    on.server.state.leaves = []
    await on.log.append([note('三')])
    expect(await on.engine.round()).toBe('away')
    expect((await on.vault.get<{ code: string }>(keys.alarm('E_LOG_ROLLBACK')))?.code).toBe('E_LOG_ROLLBACK')
    expect(unsentEvents(await inventory(on.vault, 1))).toHaveLength(1)
  })

  it('runs once over two tabs', async () => {
    await on.log.append([note('一')])
    const other = new SyncEngine(on.parts)
    await Promise.all([on.engine.round(), other.round()])
    expect(on.asked.filter(({ path }) => path.endsWith('sync/events'))).toHaveLength(1)
  })

  it('starts when the network is back, when the page shows, and after the wait', async () => {
    on.engine.start()
    for (const trigger of [() => on.timers.ring(), () => on.lifecycle.networkBack(), () => on.lifecycle.comeBack()]) {
      const before = on.asked.length
      trigger()
      on.timers.ring()
      await on.engine.round()
      expect(on.asked.length).toBeGreaterThan(before)
    }
    on.engine.stop()
    expect(on.timers.count).toBe(0)
  })
})

describe('waiting after failures', () => {
  it('doubles up to five minutes and is never the same for all phones', () => {
    const waits = Array.from({ length: 14 }, (_, i) => backoff(i + 1, { bytes: () => new Uint8Array([255]) }))
    expect(waits.slice(0, 3)).toEqual([2_000, 4_000, 8_000])
    expect(Math.max(...waits)).toBe(LONGEST_WAIT_MS)
    expect(backoff(3, { bytes: () => new Uint8Array([0]) })).toBe(4_000)
  })
})

describe('batches', () => {
  it('hold one chain, at most so many events and so many bytes', async () => {
    for (let i = 0; i < 5; i++) await on.log.append([note('长'.repeat(400))])
    const all = unsentEvents(await inventory(on.vault, 1))
    expect((await nextBatch(on.vault, all, 3))?.events.map(({ n }) => n)).toEqual([0, 1, 2])
    expect((await nextBatch(on.vault, all, 500, 9_000))?.events.length).toBeLessThan(5)
    expect((await nextBatch(on.vault, all, 500, 1))?.events).toHaveLength(1)
  })
})
