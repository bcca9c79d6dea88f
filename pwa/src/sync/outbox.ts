/**
 * What is still to be sent, computed from the store each time and never remembered (sync.md 12):
 * events of my chain and carried ones without a confirmation in the current epoch, and files that a
 * signed event names, equally unconfirmed. Keys alone answer this; nothing is decrypted.
 */
import { CARRIED, EVENT, type KeptEvent } from '../device/logKeys'
import type { Vault } from '../device/vault'
import { keys } from './facts'

export interface Pending {
  /** Key of the event in the store. */
  readonly key: string
  readonly dev: string
  readonly n: number
  readonly insp: string
  readonly carried: boolean
}
export interface PendingFile {
  readonly sha256: string
  readonly insp: string
}
export interface Inventory {
  readonly events: readonly Pending[]
  /** Confirmed in this epoch, `dev/n` padded as in the store. */
  readonly acked: ReadonlySet<string>
  readonly refused: ReadonlySet<string>
  readonly files: readonly PendingFile[]
  readonly filesAcked: ReadonlySet<string>
  readonly filesRefused: ReadonlySet<string>
}

export async function epochOf(vault: Vault): Promise<number> {
  return (await vault.get<{ epoch: number }>(keys.epoch))?.epoch ?? 0
}

function tails(found: readonly string[], prefix: string): Set<string> {
  return new Set(found.map((key) => key.slice(prefix.length)))
}

export function markOf({ dev, n }: { dev: string; n: number }): string {
  return `${dev}/${String(n).padStart(9, '0')}`
}

export async function inventory(vault: Vault, epoch: number): Promise<Inventory> {
  const [own, carried, acks, refusals, named, fileAcks, fileRefusals] = await Promise.all([
    vault.keys(EVENT), vault.keys(CARRIED), vault.keys(keys.acks(epoch)), vault.keys(keys.refusals(epoch)),
    vault.keys('named/'), vault.keys(keys.fileAcks(epoch)), vault.keys(keys.fileRefusals(epoch)),
  ])
  const events: Pending[] = own.map((key) => {
    const [, insp = '', n = ''] = key.split('/')
    return { key, dev: vault.dev, n: Number(n), insp: insp === '-' ? '' : insp, carried: false }
  })
  for (const key of carried) {
    const [, dev = '', n = ''] = key.split('/')
    events.push({ key, dev, n: Number(n), insp: '', carried: true })
  }
  const files = new Map<string, PendingFile>()
  for (const key of named) {
    const [, insp = '', sha256 = ''] = key.split('/')
    if (!files.has(sha256)) files.set(sha256, { sha256, insp: insp === '-' ? '' : insp })
  }
  return {
    events: events.sort((a, b) => (a.dev === b.dev ? a.n - b.n : a.dev < b.dev ? -1 : 1)),
    acked: tails(acks, keys.acks(epoch)),
    refused: tails(refusals, keys.refusals(epoch)),
    files: [...files.values()],
    filesAcked: tails(fileAcks, keys.fileAcks(epoch)),
    filesRefused: tails(fileRefusals, keys.fileRefusals(epoch)),
  }
}

/** Unconfirmed and not refused: what a round offers. */
export function unsentEvents(all: Inventory): Pending[] {
  return all.events.filter((event) => !all.acked.has(markOf(event)) && !all.refused.has(markOf(event)))
}

export function unsentFiles(all: Inventory): PendingFile[] {
  return all.files.filter(({ sha256 }) => !all.filesAcked.has(sha256) && !all.filesRefused.has(sha256))
}

export interface Batch {
  readonly dev: string
  readonly events: readonly (Pending & { readonly kept: KeptEvent })[]
  readonly bytes: number
}

/** sync.md 2: one chain, ascending counters, at most `most` events and 2 MiB of text. */
export async function nextBatch(
  vault: Vault, pending: readonly Pending[], most: number, mostBytes = 2 * 1024 * 1024,
): Promise<Batch | undefined> {
  let dev: string | undefined
  const events: (Pending & { kept: KeptEvent })[] = []
  let bytes = 64
  for (const event of pending) {
    if ((dev !== undefined && event.dev !== dev) || events.length === most) break
    const kept = await vault.get<KeptEvent>(event.key)
    // Damaged on the disk: those behind it go all the same, the server holds them until a backup brings it.
    if (kept === undefined) continue
    dev = event.dev
    // Chinese is 3 bytes a character and JSON escapes quotes: an upper bound is enough here.
    const size = 3 * (kept.w.h.length + (kept.w.b?.length ?? 0)) + 200
    if (events.length > 0 && bytes + size > mostBytes) break
    bytes += size
    events.push({ ...event, kept })
  }
  return dev === undefined ? undefined : { dev, events, bytes }
}
