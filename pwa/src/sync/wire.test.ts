import { beforeEach, describe, expect, it } from 'vitest'
import { b64url, sha256, sha256Hex, utf8 } from '../device/bytes'
import type { NetResponse } from '../device/ports'
import { ed25519Verify, logKeys } from '../device/testing/memory'
import { Drafts } from './drafts'
import { keys, type CursorFact, type TokensFact, type VisitFact } from './facts'
import { BadReceipt, readReceipt } from './receipt'
import { reply } from './testing/fakeServer'
import { INSP, note, stage, type Stage } from './testing/stage'

let on: Stage
beforeEach(async () => {
  on = await stage()
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
