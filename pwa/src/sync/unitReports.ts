/**
 * Units found on the way that are not in the registry (YS-3.2a). Not evidence and no event: a word to the registry's
 * clerk, kept in the vault until the server has it. The phone names each report, so that sending it twice tells it once.
 * Nothing in it says where the phone is.
 */
import { refuse, storeTrouble } from '../device/refusals'
import type { Clock, Result, StoreReason } from '../device/ports'
import type { Vault } from '../device/vault'
import type { SyncState, UnitReport, UnitReportForm } from './session'
import { keys, type ReportFact } from './facts'
import type { Outcome } from './push'
import type { Wire } from './wire'

/** What was delivered stays to be seen for a month. */
const SHOWN_MS = 30 * 86_400_000

export async function keepReport(vault: Vault, clock: Clock, id: string, form: UnitReportForm): Promise<Result<{ id: string }, StoreReason>> {
  const value: ReportFact = { id, name: form.name, address: form.address, uscc: form.uscc, note: form.note, at: clock.wall() }
  try {
    const outcome = await vault.write([{ put: keys.unitReport(id), value }])
    return outcome === 'done' ? { ok: true, id } : refuse(outcome === 'full' ? 'storage_full' : 'store_lost')
  } catch (error) {
    return storeTrouble(error)
  }
}

/** The newest first. */
export async function unitReports(vault: Vault, running: boolean): Promise<readonly UnitReport[]> {
  const kept = (await vault.list<ReportFact>(keys.unitReports)).map(({ value }) => value)
  return kept.sort((a, b) => b.at - a.at).map((one) => ({ id: one.id, name: one.name, address: one.address, uscc: one.uscc, note: one.note, at: one.at, sync: stateOf(one, running) }))
}

function stateOf(one: ReportFact, running: boolean): SyncState {
  if (one.sent !== undefined) return { word: 'delivered', done: 1, total: 1 }
  if (one.refused !== undefined) return { word: 'attention', done: 0, total: 1, reason: one.refused }
  return { word: running ? 'uploading' : 'saved', done: 0, total: 1 }
}

/** A refused one is withdrawn by its author; a sent one cannot be. */
export async function dropReport(vault: Vault, id: string): Promise<void> {
  const one = await vault.get<ReportFact>(keys.unitReport(id))
  if (one?.refused !== undefined) await vault.write([{ del: keys.unitReport(id) }])
}

export interface ReportParts {
  readonly vault: Vault
  readonly wire: Wire
  readonly clock: Clock
  /** Refused ones are offered again when a person asks for the round. */
  readonly byHand: boolean
}

/** A step of a round. */
export async function pushReports({ vault, wire, clock, byHand }: ReportParts): Promise<Outcome> {
  let outcome: Outcome = 'done'
  for (const { value: one } of await vault.list<ReportFact>(keys.unitReports)) {
    if (one.sent !== undefined) {
      if (clock.wall() - one.sent > SHOWN_MS) await vault.write([{ del: keys.unitReport(one.id) }])
      continue
    }
    if (one.refused !== undefined && !byHand) continue
    const answer = await wire.post('registry/reported-units', { id: one.id, name: one.name, address: one.address, uscc: one.uscc, note: one.note })
    if (answer.kind === 'away' || answer.kind === 'login') return answer.kind
    if (answer.kind === 'ok') {
      const { refused: _gone, ...rest } = one
      await vault.write([{ put: keys.unitReport(one.id), value: { ...rest, sent: clock.wall() } }])
    } else if (answer.problem.status >= 500 || answer.problem.status === 429) return 'away'
    else {
      await vault.write([{ put: keys.unitReport(one.id), value: { ...one, refused: answer.problem.text } }])
      outcome = 'trouble'
    }
  }
  return outcome
}
