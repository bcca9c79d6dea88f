/**
 * 「我到哪儿了?」: after a lost answer and after a raised epoch the phone asks with an empty batch where its own
 * chain stands (docs/sync.md 7). What the server's last receipt covers is confirmed without being sent again;
 * everything beyond is offered. Without a receipt that proves a head of ours nothing is confirmed by this.
 */
import type { VaultChange } from '../device/vault'
import { anchorChanges, noteAnswer, noteForbidden, receiptChange } from './contact'
import { keys, type AckFact } from './facts'
import { trusted, type HeadParts } from './heads'
import { epochOf, inventory, markOf } from './outbox'
import type { Wire } from './wire'

/** Confirmations written in one transaction. */
const AT_ONCE = 500

interface StandingAnswer {
  readonly epoch?: unknown
  readonly now?: unknown
  readonly receipt?: string | null
  readonly receipts?: Readonly<Record<string, string>>
  readonly next?: Readonly<Record<string, number>>
}

/** True when an answer may have been lost, or the epoch rose, since the server last told this phone. */
export async function mustAsk(parts: Pick<HeadParts, 'vault'>): Promise<boolean> {
  return (await parts.vault.get<object>(keys.ask)) !== undefined
}

/** `asked`: the question is settled, whatever the answer was worth. */
export async function askStanding(parts: HeadParts & { readonly wire: Wire }): Promise<'asked' | 'away' | 'login' | 'trouble'> {
  const { vault, clock, wire } = parts
  const known = await epochOf(vault)
  const asked = { wall: clock.wall(), mono: clock.mono() }
  const answer = await wire.post<StandingAnswer>('sync/events', { epoch: known, events: [] })
  if (answer.kind === 'away' || answer.kind === 'login') return answer.kind
  if (answer.kind === 'problem') {
    await noteForbidden(vault, answer.problem, clock.wall())
    // A server that does not answer this question gets the events.
    return answer.problem.status === 400 || answer.problem.status === 422 ? 'asked' : 'trouble'
  }
  const noted = await noteAnswer(vault, clock, asked, answer.data)
  if (noted === undefined) return 'away'
  const text = answer.data.receipts?.[vault.dev] ?? answer.data.receipt ?? undefined
  const receipt = await trusted(parts, text, vault.dev)
  const next = answer.data.next?.[vault.dev]
  const at = clock.wall()
  const changes: VaultChange[] = []
  if (receipt !== undefined && typeof next === 'number') {
    changes.push(...(await anchorChanges(vault, receipt, noted.epoch, at, false)).changes)
    changes.push(await receiptChange(vault, receipt, text))
    const ack: AckFact = { status: 'known', flags: [], at, size: receipt.size, signed: receipt.signed }
    // The receipt proves, `next` may only say less: a server that lost the end of the chain asks for it again.
    const covered = Math.min(receipt.n, next - 1)
    const all = await inventory(vault, noted.epoch)
    for (const event of all.events) {
      if (event.carried || event.n > covered || all.acked.has(markOf(event)) || all.refused.has(markOf(event))) continue
      changes.push({ put: keys.ack(noted.epoch, event.dev, event.n), value: ack })
    }
  }
  // A late answer from before a restore settles nothing. The mark goes last: a kill in between asks again.
  if (noted.epoch >= known) changes.push({ del: keys.ask })
  for (let done = 0; done < changes.length; done += AT_ONCE) await vault.write(changes.slice(done, done + AT_ONCE))
  return 'asked'
}
