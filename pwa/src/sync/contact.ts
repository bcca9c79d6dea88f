/** What every answer of the server teaches: its epoch, its clock, and the anchor for later headers. */
import type { AnchorFact, OffsetFact } from '../device/logKeys'
import type { Clock } from '../device/ports'
import type { Vault, VaultChange } from '../device/vault'
import { keys, type AlarmFact, type LogFaultFact } from './facts'
import { epochOf } from './outbox'
import type { Receipt } from './receipt'

/** A slower answer says too little about the server's clock. */
const MAX_ROUND_TRIP_MS = 10_000
/** Writing the offset again is worth it only when it moved or aged. */
const OFFSET_MOVED_MS = 500
const OFFSET_AGED_MS = 600_000

export interface Asked {
  readonly wall: number
  readonly mono: number
}

/** `undefined` for an answer without an epoch: that is not our server. */
export async function noteAnswer(
  vault: Vault, clock: Clock, asked: Asked, answer: { epoch?: unknown; now?: unknown },
): Promise<{ epoch: number; raised: boolean } | undefined> {
  const { epoch } = answer
  if (typeof epoch !== 'number' || !Number.isSafeInteger(epoch) || epoch < 0) return undefined
  const known = await epochOf(vault)
  const changes: VaultChange[] = []
  // Lower: a late answer from before a restore. Its confirmations land under the old epoch, where they belong.
  if (epoch > known) {
    changes.push({ put: keys.epoch, value: { epoch } }, { del: keys.cursor }, { put: keys.ask, value: { epoch } })
  }
  changes.push(...(await offsetChange(vault, clock, asked, answer.now)))
  // Heard again: the app has been updated since.
  if ((await vault.keys(keys.alarm(CLIENT_OLD))).length > 0) changes.push({ del: keys.alarm(CLIENT_OLD) })
  if (changes.length > 0) await vault.write(changes)
  return { epoch, raised: epoch > known }
}

async function offsetChange(vault: Vault, clock: Clock, asked: Asked, now: unknown): Promise<VaultChange[]> {
  const server = typeof now === 'number' ? now : typeof now === 'string' ? Date.parse(now) : Number.NaN
  const wall = clock.wall()
  const mono = clock.mono()
  const trip = mono - asked.mono
  if (!Number.isFinite(server) || trip < 0 || trip > MAX_ROUND_TRIP_MS) return []
  const fresh: OffsetFact = { off: Math.round(server - (wall - trip / 2)), wall, mono, boot: clock.boot }
  const old = await vault.get<OffsetFact>(keys.offset)
  const same =
    old !== undefined && old.boot === fresh.boot &&
    Math.abs(old.off - fresh.off) < OFFSET_MOVED_MS && mono - old.mono < OFFSET_AGED_MS
  return same ? [] : [{ put: keys.offset, value: fresh }]
}

export const CLIENT_OLD = 'E_CLIENT_OLD'

/**
 * 403: this device or person may not (revoked, dismissed). 426: this app is too old. Both need a person;
 * nothing here is deleted, and nothing is taken for refused.
 */
export async function noteForbidden(
  vault: Vault, problem: { status: number; code: string; text: string }, at: number,
): Promise<void> {
  if (problem.status !== 403 && problem.code !== CLIENT_OLD) return
  const alarm: AlarmFact = { kind: 'server', code: problem.code, text: problem.text, at }
  await vault.write([{ put: keys.alarm(problem.code), value: alarm }])
}

/**
 * The newest checkpoint becomes the anchor of later headers (record-log 2.4). A smaller log than the one
 * remembered, in the same epoch, under a receipt made just now means that the server shows this phone an older
 * past: E_LOG_ROLLBACK. A receipt told again (`fresh` false: nothing was stored) is as old as what it covers.
 */
export async function anchorChanges(
  vault: Vault, receipt: Receipt, epoch: number, at: number, fresh: boolean,
): Promise<{ changes: VaultChange[]; rolledBack: boolean }> {
  const old = await vault.get<AnchorFact & { epoch: number }>(keys.anchor)
  const smaller = old !== undefined && old.epoch === epoch && receipt.size < old.size
  if (smaller && !fresh) return { changes: [], rolledBack: false }
  if (smaller) {
    const alarm: AlarmFact = {
      kind: 'server', code: 'E_LOG_ROLLBACK', at,
      text: '服务器出示的日志比本机记得的更短，可能被改动。本机数据都还在，请立即报告管理员。',
    }
    const known = await vault.get<LogFaultFact>(keys.logFault)
    const fault: LogFaultFact = {
      code: 'E_LOG_ROLLBACK', at, told: known?.told ?? false,
      remembered: known?.remembered ?? [old.size, old.root], shown: [receipt.size, receipt.root],
    }
    return { changes: [{ put: keys.alarm(alarm.code), value: alarm }, { put: keys.logFault, value: fault }], rolledBack: true }
  }
  const anchor = { size: receipt.size, root: receipt.root, epoch, at }
  const unchanged = old !== undefined && old.size === anchor.size && old.root === anchor.root && old.epoch === epoch
  return { changes: unchanged ? [] : [{ put: keys.anchor, value: anchor }], rolledBack: false }
}

/**
 * A receipt is kept for good. One that shows another tree of a size this phone has a receipt for does not take its
 * place: the two signed heads together prove that the log was changed.
 */
export async function receiptChange(vault: Vault, receipt: Receipt, text: string | undefined): Promise<VaultChange> {
  const key = keys.receipt(receipt.size)
  const held = await vault.get<{ text: string; root?: string }>(key)
  const another = held !== undefined && held.text !== text && held.root !== receipt.root
  return { put: another ? `${key}/${receipt.root}` : key, value: { text, dev: receipt.dev, n: receipt.n, root: receipt.root } }
}
