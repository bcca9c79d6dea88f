// @vitest-environment node
import { beforeEach, describe, expect, it } from 'vitest'
import { b64url, deviceId, sha256, sha256Hex, utf8 } from '../device/bytes'
import { EventLog } from '../device/log'
import { keepLoose } from '../device/photos'
import type { NetRequest, NetResponse } from '../device/ports'
import { makeKeys, signerOf } from '../device/signer'
import {
  Dice, ed25519Verify, logKeys, MemoryDisk, noCompression, Platter, TestClock, testBus, TestLifecycle, testLocks, TestTimers, vaultKey,
} from '../device/testing/memory'
import { Vault } from '../device/vault'
import { Drafts } from './drafts'
import { backoff, LONGEST_WAIT_MS, SyncEngine, type EngineParts } from './engine'
import { keys, type CursorFact, type TokensFact, type VisitFact } from './facts'
import { inventory, nextBatch, unsentEvents, unsentFiles } from './outbox'
import { BadReceipt, readReceipt } from './receipt'
import { FakeServer, reply } from './testing/fakeServer'

const INSP = '0195f0a0-0000-7000-8000-000000000001'
const note = (text: string) => ({ type: 'note.add', body: { text }, insp: INSP })

async function stage(log?: Awaited<ReturnType<typeof logKeys>>) {
  const dice = new Dice(17)
  const server = new FakeServer(log ?? (await logKeys()))
  const made = await makeKeys()
  const dev = await deviceId(made.spki)
  const vault = new Vault(new MemoryDisk(new Platter()), dev, await vaultKey(dice.bytes(32)), dice)
  const clock = new TestClock()
  const timers = new TestTimers()
  const lifecycle = new TestLifecycle()
  const signer = signerOf(made.keys)
  const tokens: TokensFact = { access: 'a', refresh: 'r', until: Number.MAX_SAFE_INTEGER, dead: false }
  await vault.write([
    { put: keys.tokens, value: tokens }, { put: keys.epoch, value: { epoch: 1 } },
    { put: keys.device, value: { dev, log: server.logKey } },
  ])
  const asked: NetRequest[] = []
  const parts: EngineParts = {
    vault, signer, clock, random: dice, timers, lifecycle, locks: testLocks(), bus: testBus(), compression: noCompression,
    sha256, verifyEd25519: ed25519Verify, piece: 100,
    net: {
      request: async (request) => {
        asked.push(request)
        return server.handle(request)
      },
    },
  }
  const eventLog = new EventLog({ vault, signer, clock, random: dice, user: 'u' })
  const photo = async (size = 250) => {
    const kept = await keepLoose({ vault, clock }, INSP, dice.bytes(size), 'image/png')
    if (!kept.ok) throw new Error(kept.text)
    const body = { sha256: kept.sha256, size, mime: 'image/png', width: 1, height: 1, src: 'inapp', purpose: 'general' }
    await eventLog.append([{ type: 'photo.add', body, insp: INSP }])
    return kept.sha256
  }
  return { server, vault, clock, timers, lifecycle, parts, log: eventLog, asked, photo, dice, dev, engine: new SyncEngine(parts) }
}
type Stage = Awaited<ReturnType<typeof stage>>
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

describe('receipts', () => {
  async function receiptText(from: Stage): Promise<string> {
    await from.log.append([note('一')])
    await from.engine.round()
    const [row] = await from.vault.list<{ text: string }>('rcpt/')
    return row?.value.text ?? ''
  }
  const parts = { sha256, verifyEd25519: ed25519Verify }

  it('are believed only under the key of enrolment', async () => {
    const text = await receiptText(on)
    expect(await readReceipt(parts, text, on.server.logKey)).toMatchObject({ dev: on.dev, n: 0, size: 1, signed: true })
    const foreign = { ...on.server.logKey, key: b64url((await logKeys()).raw) }
    await expect(readReceipt(parts, text, foreign)).rejects.toBeInstanceOf(BadReceipt)
  })

  it('fall with one changed character anywhere', async () => {
    await on.log.append([note('零')])
    await on.engine.round()
    const text = await receiptText(on)
    for (let at = 0; at < text.length; at += 7) {
      const other = text[at] === 'A' ? 'B' : 'A'
      const bent = text.slice(0, at) + other + text.slice(at + 1)
      await expect(readReceipt(parts, bent, on.server.logKey), `character ${at}`).rejects.toBeInstanceOf(BadReceipt)
    }
  })

  it('without Ed25519 are checked by their path, and the confirmation says so', async () => {
    const text = await receiptText(on)
    const unable = { sha256, verifyEd25519: undefined }
    expect(await readReceipt(unable, text, on.server.logKey)).toMatchObject({ signed: false })
    const bent = text.replace(/^extra (.)/m, (_all, c: string) => `extra ${c === 'A' ? 'B' : 'A'}`)
    await expect(readReceipt(unable, bent, on.server.logKey)).rejects.toBeInstanceOf(BadReceipt)
  })
})

describe('pulling', () => {
  const visit = { insp: INSP, number: '1', unit_name: '甲', address: '', inspect_by: '2026-11-30', state: 'prepared', lead: 'u', team: [], pack: null, files: [] }
  function feed(pages: Record<string, { cursor: string; more?: boolean; changes: unknown[] }>) {
    on.server.other = (request) => {
      const match = /sync\/changes\?cursor=(.*)$/.exec(request.path)
      const page = match === null ? undefined : pages[match[1] ?? '']
      return page === undefined ? undefined : reply(200, { epoch: on.server.state.epoch, now: 1, more: false, ...page })
    }
  }

  it('walks page by page, keeps the cursor with the page, and does not come back', async () => {
    feed({
      '': { cursor: 'p1', more: true, changes: [{ kind: 'visit', id: INSP, op: 'put', data: visit }] },
      p1: { cursor: 'p2', changes: [{ kind: 'return', id: 'r1', op: 'put', data: { insp: INSP, round: 1, reasons: [] } }] },
      p2: { cursor: 'p2', changes: [] },
    })
    await on.engine.round()
    expect(await on.vault.get<CursorFact>(keys.cursor)).toEqual({ cursor: 'p2', epoch: 1 })
    expect(await on.vault.get(keys.visit(INSP))).toMatchObject({ unit_name: '甲' })
    expect(await on.vault.keys('return/')).toEqual([`return/${INSP}/r1`])
  })

  it('takes a withdrawn visit away, but never one in which something was done', async () => {
    feed({ '': { cursor: 'p1', changes: [{ kind: 'visit', id: INSP, op: 'put', data: visit }] }, p1: { cursor: 'p2', changes: [{ kind: 'visit', id: INSP, op: 'del' }] } })
    await on.engine.round()
    await on.log.append([note('已开始')])
    await on.engine.round()
    expect(await on.vault.get<VisitFact>(keys.visit(INSP))).toMatchObject({ withdrawn: true })
    const idle = await stage()
    on = idle
    feed({ '': { cursor: 'p1', changes: [{ kind: 'visit', id: INSP, op: 'put', data: visit }] }, p1: { cursor: 'p2', changes: [{ kind: 'visit', id: INSP, op: 'del' }] } })
    await on.engine.round()
    await on.engine.round()
    expect(await on.vault.get(keys.visit(INSP))).toBeUndefined()
  })

  it("files a mate's event under the hash it has, and leaves own ones alone", async () => {
    const mate = await stage()
    await mate.log.append([note('乙记的')])
    await on.log.append([note('甲记的')])
    const wire = async (from: Stage) => (await from.vault.list<{ h: string; w: unknown }>('ev/')).map(({ value }) => value)
    const [theirs] = await wire(mate)
    const [mine] = await wire(on)
    feed({ '': { cursor: 'p1', changes: [{ kind: 'events', id: 'b', op: 'put', data: { insp: INSP, events: [theirs?.w, mine?.w, { h: 'junk', s: '' }] } }] } })
    await on.engine.round()
    const seen = await on.log.events(INSP)
    expect(seen.map(({ h }) => h).sort()).toEqual([theirs?.h, mine?.h].sort())
    expect(await on.vault.keys('mate/')).toEqual([`mate/${INSP}/${theirs?.h}`])
  })

  it('keeps a pack only under the hash it has', async () => {
    const pack = utf8('{"v":1}')
    const sha = await sha256Hex(pack)
    let honest = false
    on.server.other = (request): NetResponse | undefined => {
      if (request.path.endsWith('cursor=')) return reply(200, { epoch: 1, now: 1, cursor: 'p', more: false, changes: [{ kind: 'visit', id: INSP, op: 'put', data: { ...visit, pack: sha } }] })
      if (request.path.includes('sync/packs/')) return reply(200, honest ? pack : utf8('{"v":2}'))
      return undefined
    }
    expect(await on.engine.round()).toBe('trouble')
    expect(await on.vault.get(`file/${sha}`)).toBeUndefined()
    honest = true
    expect(await on.engine.round()).toBe('done')
    expect(await on.vault.get(`file/${sha}`)).toMatchObject({ kind: 'pack', origin: 'server' })
  })
})

describe('tokens', () => {
  it('are renewed once for two askers, signed by the device key', async () => {
    const bodies: { refresh: string; sig: string }[] = []
    on.server.other = (request) => {
      if (request.path.endsWith('accounts/refresh')) {
        bodies.push(JSON.parse(new TextDecoder().decode(request.body)) as { refresh: string; sig: string })
        return reply(200, { access: 'b', refresh: 'r2', expires_in: 600 })
      }
      return request.headers?.Authorization === 'Bearer a' ? reply(401, { code: 'E_TOKEN', detail: '过期' }) : undefined
    }
    const answers = await Promise.all([on.engine.wire.get('sync/changes?cursor='), on.engine.wire.get('sync/changes?cursor=')])
    expect(answers.map(({ kind }) => kind)).toEqual(['ok', 'ok'])
    expect(bodies).toHaveLength(1)
    expect(bodies[0]).toMatchObject({ refresh: 'r' })
    expect(bodies[0]?.sig).toHaveLength(86)
  })

  it('are not given up because a proxy says 401', async () => {
    await on.vault.write([{ put: keys.tokens, value: { access: 'a', refresh: 'r', until: 0, dead: false } }])
    on.server.other = (request) => (request.path.endsWith('refresh') ? reply(401, utf8('<html>'), { 'content-type': 'text/html' }) : undefined)
    expect(await on.engine.round()).toBe('away')
    expect(await on.vault.get<TokensFact>(keys.tokens)).toMatchObject({ dead: false })
  })
})

describe('drafts', () => {
  it('write once for many letters, and again for what came while writing', async () => {
    const drafts = new Drafts(on.vault, on.timers, on.lifecycle)
    const draft = drafts.of<{ t: string }>(INSP, 'f')
    draft.save({ t: '一' })
    draft.save({ t: '二' })
    expect(on.timers.count).toBe(1)
    on.timers.ring()
    expect(await draft.load()).toEqual({ t: '二' })
    await draft.flush()
    draft.save({ t: '三' })
    await draft.flush()
    expect(await on.vault.get(keys.draft(INSP, 'f'))).toEqual({ t: '三' })
    expect((await on.vault.kept(keys.draft(INSP, 'f')))?.rev).toBe(2)
  })

  it('do not follow an object the screen goes on changing', async () => {
    const drafts = new Drafts(on.vault, on.timers, on.lifecycle)
    const value = { t: '一' }
    drafts.of<{ t: string }>(INSP, 'f').save(value)
    value.t = '别的'
    await drafts.flush()
    expect(await on.vault.get(keys.draft(INSP, 'f'))).toEqual({ t: '一' })
  })
})
