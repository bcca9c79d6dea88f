/**
 * Offering events (sync.md 2). An answer counts only with a receipt that leads to an event of ours:
 * the hash chain then vouches for everything before it. A poison event never blocks the others.
 */
import type { Clock } from '../device/ports'
import type { Vault, VaultChange } from '../device/vault'
import { CARRIED, type CarriedFact } from '../device/logKeys'
import { anchorChanges, noteAnswer, noteForbidden, receiptChange } from './contact'
import { keys, type AckFact, type RefusedFact } from './facts'
import { trusted } from './heads'
import { epochOf, inventory, nextBatch, unsentEvents, type Batch, type Pending } from './outbox'
import type { ReceiptParts } from './receipt'
import { askStanding, mustAsk } from './standing'
import type { Problem, Wire } from './wire'

export const MOST_EVENTS = 500

interface EventResult {
  readonly h?: unknown
  readonly status?: unknown
  readonly code?: unknown
  readonly detail?: unknown
  readonly flags?: unknown
}
interface PushAnswer {
  readonly epoch?: unknown
  readonly now?: unknown
  readonly results?: readonly EventResult[]
  readonly receipt?: string | null
  /** One per device of the batch, where a carried chain is not the sender's own. */
  readonly receipts?: Readonly<Record<string, string>>
  readonly next?: Readonly<Record<string, number>>
  readonly lacks?: readonly string[]
}
/** How a part of a round ended; `done` = nothing left that this part could do now. */
export type Outcome = 'done' | 'away' | 'login' | 'trouble'

export interface PushParts {
  readonly vault: Vault
  readonly wire: Wire
  readonly clock: Clock
  readonly receipts: ReceiptParts
  readonly progress: () => void
}

export async function pushEvents(parts: PushParts): Promise<Outcome> {
  let most = MOST_EVENTS
  let rewound = false
  let trouble = false
  /** Offered in this round without being settled: not offered again before the next one. */
  const waiting = new Set<string>()
  let ask = await mustAsk(parts)
  for (;;) {
    const epoch = await epochOf(parts.vault)
    const pending = unsentEvents(await inventory(parts.vault, epoch)).filter((p) => !waiting.has(`${p.dev}/${p.n}`))
    if (ask && pending.some(({ carried }) => !carried)) {
      ask = false
      const stood = await askStanding(parts)
      if (stood !== 'asked') return stood
      parts.progress()
      continue
    }
    const batch = await nextBatch(parts.vault, pending, most)
    if (batch === undefined) return trouble ? 'trouble' : 'done'
    // From here on the answer may be lost, and with it this process.
    if (batch.dev === parts.vault.dev && !(await mustAsk(parts))) {
      await parts.vault.write([{ put: keys.ask, value: { epoch } }])
    }
    const asked = { wall: parts.clock.wall(), mono: parts.clock.mono() }
    const answer = await parts.wire.post<PushAnswer>('sync/events', {
      epoch, events: batch.events.map(({ kept }) => kept.w),
    })
    if (answer.kind === 'away' || answer.kind === 'login') return answer.kind
    if (answer.kind === 'problem') {
      if (await envelopeRefused(parts, epoch, batch, answer.problem)) {
        if (batch.events.length > 1) most = Math.max(1, Math.floor(batch.events.length / 2))
        continue
      }
      return 'trouble'
    }
    const noted = await noteAnswer(parts.vault, parts.clock, asked, answer.data)
    if (noted === undefined) return 'away'
    const settled = await settle(parts, noted, batch, answer.data)
    if (settled === 'untrusted') return 'away'
    parts.progress()
    for (const { dev, n } of batch.events) waiting.add(`${dev}/${n}`)
    if (settled.refused) trouble = true
    // After a gap the server says where it stands: once per round we go back there.
    const from = answer.data.next?.[batch.dev]
    if (settled.gap && from !== undefined && !rewound) {
      rewound = true
      if (await unconfirm(parts.vault, noted.epoch, batch, from)) {
        for (const mark of [...waiting]) if (mark.startsWith(`${batch.dev}/`)) waiting.delete(mark)
      }
    }
    if (noted.raised) {
      waiting.clear()
      ask = true
    }
  }
}

/** Only a confirmed answer changes anything; `untrusted` leaves everything unsent. */
async function settle(
  parts: PushParts, { epoch, raised }: { epoch: number; raised: boolean }, batch: Batch, answer: PushAnswer,
): Promise<{ gap: boolean; refused: boolean } | 'untrusted'> {
  const results = new Map((answer.results ?? []).map((result) => [String(result.h), result]))
  const at = parts.clock.wall()
  const text = answer.receipts?.[batch.dev] ?? answer.receipt ?? undefined
  const receipt = await trusted(parts, text, batch.dev)
  const changes: VaultChange[] = []
  let gap = false
  let refused = false
  if (receipt !== undefined) {
    const fresh = batch.events.some(({ kept }) => results.get(kept.h)?.status === 'stored')
    const anchor = await anchorChanges(parts.vault, receipt, epoch, at, fresh)
    changes.push(...anchor.changes, await receiptChange(parts.vault, receipt, text))
    if (anchor.rolledBack) {
      await parts.vault.write(changes)
      return 'untrusted'
    }
  }
  let confirmed = 0
  for (const event of batch.events) {
    const result = results.get(event.kept.h)
    const status = result?.status
    if (status === 'held') gap = true
    else if (status === 'refused') {
      refused = true
      changes.push(...(await refusal(parts.vault, epoch, event, result, at)))
    } else if ((status === 'stored' || status === 'known' || status === 'quarantined') && receipt !== undefined && event.n <= receipt.n) {
      const ack: AckFact = { status, flags: words(result?.flags), at, size: receipt.size, signed: receipt.signed }
      changes.push({ put: keys.ack(epoch, event.dev, event.n), value: ack })
      confirmed++
    }
  }
  // Nothing confirmed and no receipt: a bare "stored" is a word, not a proof.
  if (confirmed === 0 && !gap && !refused) return 'untrusted'
  // The answer is here. After a restore the question is still open: the other events may be gone or not.
  if (batch.dev === parts.vault.dev && !raised) changes.push({ del: keys.ask })
  if (changes.length > 0) await parts.vault.write(changes)
  return { gap, refused }
}

function words(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : []
}

async function refusal(
  vault: Vault, epoch: number, event: Pending, result: EventResult | undefined, at: number,
): Promise<VaultChange[]> {
  const soft = event.key.startsWith(CARRIED) && ((await vault.get<CarriedFact>(event.key))?.soft ?? false)
  const code = typeof result?.code === 'string' ? result.code : 'E_REFUSED'
  const text = typeof result?.detail === 'string' ? result.detail : `服务器没有接受这条记录（${code}）`
  const fact: RefusedFact & { soft?: true } = { code, text, at, ...(soft ? { soft: true } : {}) }
  return [{ put: keys.refused(epoch, event.dev, event.n), value: fact }]
}

/** True when the batch should be tried in smaller pieces or was settled; false: wait for the next round. */
async function envelopeRefused(parts: PushParts, epoch: number, batch: Batch, problem: Problem): Promise<boolean> {
  if (problem.status !== 400 && problem.status !== 413 && problem.status !== 422) {
    await noteForbidden(parts.vault, problem, parts.clock.wall())
    return false
  }
  if (batch.events.length > 1) return true
  const [only] = batch.events
  if (only === undefined) return false
  await parts.vault.write(
    await refusal(parts.vault, epoch, only, { code: problem.code, detail: problem.text }, parts.clock.wall()),
  )
  return true
}

/** The server stands before what we believed confirmed: those confirmations were not worth anything. */
async function unconfirm(vault: Vault, epoch: number, batch: Batch, from: number): Promise<boolean> {
  const prefix = `${keys.acks(epoch)}${batch.dev}/`
  const stale = (await vault.keys(prefix)).filter((key) => Number(key.slice(prefix.length)) >= from)
  if (stale.length > 0) await vault.write(stale.map((key) => ({ del: key })))
  return stale.length > 0
}
