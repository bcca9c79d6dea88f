/** The words of sync.md 12, from an inventory of the store: per visit, per file, and for the whole phone. */
import { fileFact, type FileFact, type FileKind } from '../device/files'
import type { Vault } from '../device/vault'
import { minuteZh } from '../core/wording'
import { keys, type AlarmFact, type DeviceFact, type RefusedFact, type VisitFact } from './facts'
import { markOf, unsentEvents, unsentFiles, type Inventory } from './outbox'
import type { FileState, SyncState, Trouble } from './session'

export interface Counted {
  readonly done: number
  readonly total: number
  readonly troubled: boolean
}

/** Events and files of one visit together; `insp` undefined counts all of the phone. */
export function count(all: Inventory, insp?: string): Counted {
  let done = 0
  let total = 0
  let troubled = false
  for (const event of all.events) {
    if (event.carried || (insp !== undefined && event.insp !== insp)) continue
    total++
    if (all.acked.has(markOf(event))) done++
    else if (all.refused.has(markOf(event))) troubled = true
  }
  for (const file of all.files) {
    if (insp !== undefined && file.insp !== insp) continue
    total++
    if (all.filesAcked.has(file.sha256)) done++
    else if (all.filesRefused.has(file.sha256)) troubled = true
  }
  return { done, total, troubled }
}

/** 已送达 needs everything confirmed; nothing made here yet is 已存手机 with total 0. */
export function stateOf({ done, total, troubled }: Counted, running: boolean, reason = '有内容未被接受，请查看'): SyncState {
  if (troubled) return { word: 'attention', done, total, reason }
  if (total > 0 && done === total) return { word: 'delivered', done, total }
  return { word: running && total > 0 ? 'uploading' : 'saved', done, total }
}

function kindOf(kind: FileKind): FileState['kind'] {
  return kind === 'photo' || kind === 'audio' || kind === 'ink' ? kind : 'other'
}

export async function fileStates(
  vault: Vault, all: Inventory, epoch: number, insp: string, moving: string | undefined,
): Promise<FileState[]> {
  const mine = all.files.filter((file) => file.insp === insp)
  const facts = await Promise.all(mine.map(({ sha256 }) => fileFact(vault, sha256)))
  return Promise.all(
    facts.filter((fact): fact is FileFact => fact !== undefined).map(async (fact) => {
      const acked = all.filesAcked.has(fact.sha256)
      const refused = all.filesRefused.has(fact.sha256)
      const why = refused ? await vault.get<RefusedFact>(keys.fileRefused(epoch, fact.sha256)) : undefined
      const counted = { done: acked ? 1 : 0, total: 1, troubled: refused }
      return {
        sha256: fact.sha256, mime: fact.mime, size: fact.size, kind: kindOf(fact.kind), released: fact.released !== undefined,
        sync: stateOf(counted, moving === fact.sha256, why?.text),
      }
    }),
  )
}

export async function troublesOf(vault: Vault, all: Inventory, epoch: number): Promise<Trouble[]> {
  const found: Trouble[] = (await vault.list<AlarmFact>('alarm/')).map(({ value }) => ({
    kind: value.kind, code: value.code, text: value.text,
  }))
  for (const event of all.events) {
    if (!all.refused.has(markOf(event))) continue
    const why = await vault.get<RefusedFact & { soft?: boolean }>(keys.refused(epoch, event.dev, event.n))
    const kept = await vault.get<{ h: string; w: { h: string } }>(event.key)
    if (why === undefined || why.soft === true || kept === undefined) continue
    const header = JSON.parse(kept.w.h) as { t: string; insp: string }
    found.push({ kind: 'event', code: why.code, text: why.text, h: kept.h, type: header.t, insp: header.insp })
  }
  const me = (await vault.get<DeviceFact>(keys.device))?.user
  for (const { value } of await vault.list<VisitFact>('visit/')) {
    const asked = (value.confirm ?? []).find(({ user }) => user === me)
    if (asked === undefined) continue
    found.push({ kind: 'event', code: 'A1_CONFIRM', text: `${value.unit_name}：你在同事的手机上做了同机确认，请在 ${minuteZh(asked.due_ms)} 前由本人确认。`, insp: value.insp })
  }
  for (const file of all.files) {
    if (!all.filesRefused.has(file.sha256)) continue
    const why = await vault.get<RefusedFact>(keys.fileRefused(epoch, file.sha256))
    if (why !== undefined) found.push({ kind: 'file', code: why.code, text: why.text, sha256: file.sha256, insp: file.insp })
  }
  return found
}

/** How much waits, and since when: 「未上传 3 条，最早 2 天前」. */
export async function waiting(vault: Vault, all: Inventory) {
  const events = unsentEvents(all).filter((event) => !event.carried)
  const files = unsentFiles(all)
  const oldest = events[0] === undefined ? undefined : await vault.get<{ w: { h: string } }>(events[0].key)
  const facts = await Promise.all(files.map(({ sha256 }) => fileFact(vault, sha256)))
  return {
    unsentEvents: events.length,
    unsentFiles: files.length,
    unsentBytes: facts.reduce((sum, fact) => sum + (fact?.size ?? 0), 0),
    ...(oldest === undefined ? {} : { oldestUnsent: (JSON.parse(oldest.w.h) as { wall: number }).wall }),
  }
}
