/**
 * Taking what is new (sync.md 4): a page of changes and its cursor go into one transaction; then packs and
 * files of the visits are fetched and kept only when their SHA-256 is their name. Nothing of this ever
 * touches an own event: those lie under other keys.
 */
import { hex, type Bytes, type Sha256 } from '../core/bytes'
import { keepChanges, type FileFact, type FileKind } from '../device/files'
import { EVENT, MATE, type KeptEvent } from '../device/logKeys'
import type { BusMessage, Clock, WireEvent } from '../device/ports'
import type { Vault, VaultChange } from '../device/vault'
import { eventHash, headerOf } from './hashing'
import { noteAnswer, noteForbidden } from './contact'
import { keys, type CursorFact, type VisitFact } from './facts'
import { epochOf } from './outbox'
import type { Outcome } from './push'
import type { Wire } from './wire'

interface ChangeRow {
  readonly kind: string
  readonly id: string
  readonly op: 'put' | 'del'
  readonly data?: Record<string, unknown> | null
}
interface ChangesAnswer {
  readonly epoch?: unknown
  readonly now?: unknown
  readonly cursor?: unknown
  readonly more?: unknown
  readonly changes?: readonly ChangeRow[]
}
export interface PullParts {
  readonly vault: Vault
  readonly wire: Wire
  readonly clock: Clock
  readonly sha256: Sha256
  readonly tell: (message: Omit<BusMessage, 'dev'>) => void
}

export async function pullChanges(parts: PullParts): Promise<Outcome> {
  let restarted = false
  for (;;) {
    const { vault, clock } = parts
    const epoch = await epochOf(vault)
    const held = await vault.get<CursorFact>(keys.cursor)
    const cursor = held !== undefined && held.epoch === epoch ? held.cursor : ''
    const asked = { wall: clock.wall(), mono: clock.mono() }
    const answer = await parts.wire.get<ChangesAnswer>(`sync/changes?cursor=${encodeURIComponent(cursor)}`)
    if (answer.kind === 'away' || answer.kind === 'login') return answer.kind
    if (answer.kind === 'problem') {
      await noteForbidden(vault, answer.problem, clock.wall())
      // A cursor the server does not know (restore, long absence): from the beginning, once. A server that is
      // out of order or wants another app says nothing about the cursor.
      const unknown = [400, 404, 409, 410, 422].includes(answer.problem.status)
      if (restarted || cursor === '' || !unknown) return 'trouble'
      restarted = true
      await vault.write([{ del: keys.cursor }])
      continue
    }
    const { data } = answer
    if (typeof data.cursor !== 'string' || !Array.isArray(data.changes)) return 'away'
    const noted = await noteAnswer(vault, clock, asked, data)
    if (noted === undefined) return 'away'
    if (noted.raised) continue
    if (noted.epoch < epoch) return 'away'
    await takePage(parts, data.changes, { cursor: data.cursor, epoch: noted.epoch }, data.cursor !== cursor)
    if (data.more !== true || data.cursor === cursor) return 'done'
  }
}

async function takePage(parts: PullParts, rows: readonly ChangeRow[], cursor: CursorFact, moved: boolean): Promise<void> {
  const changes: VaultChange[] = []
  const visits = new Set<string>()
  for (const row of rows) {
    if (row.kind === 'visit') changes.push(...(await visitChange(parts.vault, row)))
    else if (row.kind === 'events') changes.push(...(await mateEvents(parts, row)))
    else if (row.kind === 'return') changes.push(...returnChange(row))
    const insp = row.kind === 'visit' ? row.id : row.data?.insp
    if (typeof insp === 'string') visits.add(insp)
  }
  if (!moved && changes.length === 0) return
  await parts.vault.write([...changes, { put: keys.cursor, value: cursor }])
  if (rows.length === 0) return
  parts.tell({ topic: 'visits' })
  for (const insp of visits) parts.tell({ topic: 'visit', insp })
}

/** A visit taken away stays when this phone did something in it: evidence is not a guest of the plan. */
async function visitChange(vault: Vault, row: ChangeRow): Promise<VaultChange[]> {
  const key = keys.visit(row.id)
  if (row.op === 'put' && row.data) return [{ put: key, value: { ...row.data, insp: row.id, withdrawn: false } }]
  const old = await vault.get<VisitFact>(key)
  if (old === undefined) return []
  const started = (await vault.keys(`${EVENT}${row.id}/`)).length > 0
  return started ? [{ put: key, value: { ...old, withdrawn: true } }] : [{ del: key }]
}

/** Team mates' events: H is computed here, never believed. Own ones come back and are left alone. */
async function mateEvents(parts: PullParts, row: ChangeRow): Promise<VaultChange[]> {
  const insp = row.data?.insp
  const wires = row.data?.events
  if (row.op !== 'put' || typeof insp !== 'string' || !Array.isArray(wires)) return []
  const changes: VaultChange[] = []
  for (const wire of wires as WireEvent[]) {
    if (typeof wire?.h !== 'string' || typeof wire.s !== 'string') continue
    const header = headerOf(wire.h)
    if (header === undefined || header.dev === parts.vault.dev || header.insp !== insp) continue
    const h = await eventHash(parts.sha256, wire.h)
    const kept: KeptEvent = { h, w: { h: wire.h, s: wire.s, ...(typeof wire.b === 'string' ? { b: wire.b } : {}) } }
    changes.push({ put: `${MATE}${insp}/${h}`, value: kept })
  }
  return changes
}

function returnChange(row: ChangeRow): VaultChange[] {
  const insp = row.data?.insp
  if (typeof insp !== 'string') return []
  const key = keys.returned(insp, row.id)
  return row.op === 'put' ? [{ put: key, value: { ...row.data, id: row.id } }] : [{ del: key }]
}

interface Wanted {
  readonly sha256: string
  readonly mime: string
  readonly kind: FileKind
  readonly insp: string
  readonly path: string
}

/** Packs first, then papers; what is here already is not asked for again. */
export async function fetchFiles(parts: PullParts): Promise<Outcome> {
  const here = new Set((await parts.vault.keys('file/')).map((key) => key.slice(5)))
  const visits = await parts.vault.list<VisitFact>('visit/')
  const wanted: Wanted[] = []
  for (const { value } of visits) {
    if (value.withdrawn === true) continue
    if (value.pack) wanted.push({ sha256: value.pack, mime: 'application/json', kind: 'pack', insp: value.insp, path: `sync/packs/${value.pack}` })
  }
  for (const { value } of visits) {
    if (value.withdrawn === true) continue
    for (const { sha256, mime } of value.files ?? []) {
      wanted.push({ sha256, mime, kind: 'document', insp: value.insp, path: `sync/blobs/${sha256}` })
    }
  }
  let outcome: Outcome = 'done'
  for (const file of wanted) {
    if (here.has(file.sha256)) continue
    here.add(file.sha256)
    const answer = await parts.wire.bytes(file.path)
    if (answer.kind === 'away' || answer.kind === 'login') return answer.kind
    if (answer.kind === 'problem' || !(await keepFetched(parts, file, answer.data))) outcome = 'trouble'
  }
  return outcome
}

async function keepFetched(parts: PullParts, file: Wanted, bytes: Bytes): Promise<boolean> {
  if (hex(await parts.sha256(bytes)) !== file.sha256) return false
  const fact: FileFact = {
    sha256: file.sha256, size: bytes.length, mime: file.mime, kind: file.kind, origin: 'server', insp: file.insp,
    at: parts.clock.wall(),
  }
  const kept = (await parts.vault.write(keepChanges(fact, bytes))) === 'done'
  if (kept) {
    parts.tell({ topic: 'visits' })
    parts.tell({ topic: 'visit', insp: file.insp })
  }
  return kept
}
