/**
 * Watching the server's log (record-log 2.9): this phone remembers the largest head it has proved, per epoch, and lets
 * the server prove that every newer one only went on from it. A server that cannot has changed its log: the phone says
 * so in red and in a signed `dev.health`, and goes on working.
 *
 * A raised epoch (restore from a backup) is a new branch. What this phone remembers from before where the branch begins
 * must still hold; what the restored server no longer knows is kept here as proof and said in words.
 */
import { decode, encode } from '../core/b64url'
import { fromUtf8, sameBytes, type Bytes, type Sha256 } from '../core/bytes'
import { keyId, openNote, parseCheckpoint, parseNote, parseProof, readVkey } from '../core/checkpoint'
import { verifyConsistency } from '../core/merkle'
import type { AnchorFact } from '../device/logKeys'
import type { Clock } from '../device/ports'
import type { Vault, VaultChange } from '../device/vault'
import { keys, type AlarmFact, type DeviceFact, type LogFaultFact } from './facts'
import { epochOf } from './outbox'
import type { Outcome } from './push'
import { logKey, type ReceiptParts } from './receipt'
import type { Answer, Wire } from './wire'

/** A round that brought no receipt asks for the head itself when the last proof is this old. */
export const LOOK_EVERY_MS = 6 * 3_600_000

/** The largest head this phone has proved in one epoch. */
export interface HeadFact {
  readonly epoch: number
  readonly size: number
  readonly root: string
  /** When it was proved, wall clock of this phone. */
  readonly at: number
}
interface Branch {
  readonly epoch: number
  readonly size: number
  readonly root: string
}
interface ConsistencyAnswer {
  readonly epoch?: unknown
  readonly proof?: readonly unknown[]
  readonly branches?: readonly Partial<Branch>[]
}
export interface WatchParts {
  readonly vault: Vault
  readonly wire: Wire
  readonly clock: Clock
  readonly sha256: Sha256
  readonly verifyEd25519: ReceiptParts['verifyEd25519']
}
type Anchor = AnchorFact & { readonly epoch: number }
interface Told {
  readonly proof: readonly Bytes[]
  readonly branches: readonly Branch[]
}

const ALARM = 'F_LOG_EQUIVOCATION'
export const RESTORED = 'F_LOG_RESTORED'

export async function watchLog(parts: WatchParts): Promise<Outcome> {
  const { vault } = parts
  if (await keyChanged(parts)) await learnKey(parts)
  const newest = await newestHead(parts)
  if (newest === 'away' || newest === 'login' || newest === undefined) return newest ?? 'done'
  const held = await headOf(vault, newest.epoch)
  if (held === undefined) return begin(parts, newest)
  if (newest.size < held.size) return fault(parts, held, newest, 'E_LOG_ROLLBACK')
  if (newest.size === held.size) {
    return newest.root === held.root ? settled(parts, newest) : fault(parts, held, newest, ALARM)
  }
  const told = await ask(parts, held.size, newest)
  if (told === 'away' || told === 'login') return told
  if (told === 'later') return 'trouble'
  const good = told !== 'cannot' && (await consistent(parts.sha256, held, newest, told.proof))
  return good ? settled(parts, newest) : fault(parts, held, newest, ALARM)
}

export async function headOf(vault: Vault, epoch: number): Promise<HeadFact | undefined> {
  return vault.get<HeadFact>(keys.head(epoch))
}

/** The anchor of the newest receipt; when nothing was sent for long, the head the server shows now. */
async function newestHead(parts: WatchParts): Promise<Anchor | 'away' | 'login' | undefined> {
  const { vault, clock } = parts
  const anchor = await vault.get<Anchor>(keys.anchor)
  // No receipt yet in the present epoch: there is nothing to compare.
  if (anchor === undefined || anchor.epoch !== (await epochOf(vault))) return undefined
  const held = await headOf(vault, anchor.epoch)
  const old = held !== undefined && held.size >= anchor.size && Math.abs(clock.wall() - held.at) >= LOOK_EVERY_MS
  if (!old) return anchor
  const shown = await shownHead(parts)
  if (shown === 'away' || shown === 'login') return shown
  return shown === undefined ? anchor : { ...shown, epoch: anchor.epoch }
}

async function shownHead(parts: WatchParts): Promise<AnchorFact | 'away' | 'login' | undefined> {
  const device = await parts.vault.get<DeviceFact>(keys.device)
  const answer = await parts.wire.bytes('log/checkpoint')
  if (answer.kind !== 'ok') return answer.kind === 'problem' ? undefined : answer.kind
  if (device === undefined || parts.verifyEd25519 === undefined) return undefined
  try {
    const known = [await logKey(parts.sha256, device.log)]
    const head = parseCheckpoint((await openNote(parts.sha256, parts.verifyEd25519, fromUtf8(answer.data), known)).text)
    return head.origin === device.log.name ? { size: head.size, root: encode(head.root) } : undefined
  } catch {
    // Not a note of our log: somebody else's page. A receipt would be refused just the same.
    return 'away'
  }
}

/** The first head of this epoch: believed as it comes, unless an older epoch's head lies before the branch. */
async function begin(parts: WatchParts, newest: Anchor): Promise<Outcome> {
  const before = await lastBefore(parts.vault, newest.epoch)
  if (before === undefined) return settled(parts, newest)
  const told = await ask(parts, Math.min(before.size, newest.size), newest)
  if (told === 'away' || told === 'login') return told
  if (told === 'later') return 'trouble'
  if (told === 'cannot') return fault(parts, before, newest, ALARM)
  const since = told.branches.filter(({ epoch }) => epoch > before.epoch && epoch <= newest.epoch)
  const from = Math.min(...since.map(({ size }) => size))
  if (since.length === 0) return fault(parts, before, newest, ALARM)
  if (before.size <= from) {
    const good = before.size <= newest.size && (await consistent(parts.sha256, before, newest, told.proof))
    return good ? settled(parts, newest) : fault(parts, before, newest, ALARM)
  }
  const notice: AlarmFact = {
    kind: 'server', code: RESTORED, at: parts.clock.wall(),
    text: `服务器从备份恢复过：本机记得日志有 ${before.size} 条，恢复时只有 ${from} 条。旧的日志头已在本机留作凭证；缺少的记录会自动再送一遍，您不必做什么。`,
  }
  await parts.vault.write([{ put: keys.alarm(RESTORED), value: notice }])
  return settled(parts, newest)
}

async function lastBefore(vault: Vault, epoch: number): Promise<HeadFact | undefined> {
  const heads = (await vault.list<HeadFact>(keys.heads)).map(({ value }) => value).filter((head) => head.epoch < epoch)
  return heads.sort((a, b) => b.epoch - a.epoch)[0]
}

/** `cannot`: the server answered that it has no such proof. `later`: busy, or too old to know the question. */
async function ask(parts: WatchParts, from: number, { size: to, epoch }: Anchor): Promise<Told | 'away' | 'login' | 'later' | 'cannot'> {
  const answer: Answer<ConsistencyAnswer> = await parts.wire.get<ConsistencyAnswer>(`log/consistency?from=${from}&to=${to}`)
  if (answer.kind === 'away' || answer.kind === 'login') return answer.kind
  if (answer.kind === 'problem') {
    const { status, code } = answer.problem
    return code === 'E_LOG_SIZE' || code === 'E_LOG_BROKEN' || status === 422 ? 'cannot' : 'later'
  }
  // An answer from before a restore, or a restore in between: the next round asks again.
  if (answer.data.epoch !== epoch) return 'later'
  try {
    const proof = (answer.data.proof ?? []).map((hash) => decode(String(hash)))
    const branches = (answer.data.branches ?? []).filter(isBranch)
    return { proof, branches }
  } catch {
    return 'cannot'
  }
}

function isBranch(one: Partial<Branch>): one is Branch {
  return Number.isSafeInteger(one.epoch) && Number.isSafeInteger(one.size) && typeof one.root === 'string'
}

async function consistent(sha256: Sha256, old: AnchorFact, newer: AnchorFact, proof: readonly Bytes[]): Promise<boolean> {
  return verifyConsistency(sha256, old.size, newer.size, decode(old.root), decode(newer.root), proof)
}

/** Proved: it is what this phone remembers from now on, and an earlier fault is over. */
async function settled(parts: WatchParts, { epoch, size, root }: Anchor): Promise<Outcome> {
  const { vault, clock } = parts
  const changes: VaultChange[] = [{ put: keys.head(epoch), value: { epoch, size, root, at: clock.wall() } }]
  if ((await vault.get<LogFaultFact>(keys.logFault)) !== undefined) {
    changes.push({ del: keys.logFault }, { del: keys.alarm('E_LOG_ROLLBACK') }, { del: keys.alarm(ALARM) })
  }
  await vault.write(changes)
  return 'done'
}

async function fault(parts: WatchParts, held: HeadFact, shown: Anchor, code: LogFaultFact['code']): Promise<Outcome> {
  const { vault, clock } = parts
  const known = await vault.get<LogFaultFact>(keys.logFault)
  const at = clock.wall()
  const alarm: AlarmFact = {
    kind: 'server', code, at,
    text:
      code === 'E_LOG_ROLLBACK'
        ? '服务器出示的日志比本机记得的更短，服务器数据可能被删改。您的记录都在手机里，可以继续检查；请把这句话告诉审计人员。'
        : '服务器不能证明它的日志没有被改动。您的记录都在手机里，可以继续检查；请把这句话告诉审计人员。',
  }
  const fresh: LogFaultFact = {
    code, at, told: known?.told ?? false,
    remembered: known?.remembered ?? [held.size, held.root], shown: [shown.size, shown.root],
  }
  await vault.write([{ put: keys.alarm(code), value: alarm }, { put: keys.logFault, value: fresh }])
  // Nothing stops because of it: the round goes on.
  return 'done'
}

/**
 * The log changed its key: the statement under the key this phone has pinned names the new one. True when a new key was
 * learnt; both are good from then on.
 */
export async function learnKey(parts: WatchParts): Promise<boolean> {
  const device = await parts.vault.get<DeviceFact>(keys.device)
  if (device === undefined || parts.verifyEd25519 === undefined) return false
  const answer = await parts.wire.get<{ older?: readonly { statement?: unknown }[] }>('log/keys')
  if (answer.kind !== 'ok') return false
  let pinned = await logKey(parts.sha256, device.log)
  const first = encode(pinned.publicKey)
  for (const { statement } of answer.data.older ?? []) {
    if (typeof statement !== 'string') continue
    try {
      const { text } = await openNote(parts.sha256, parts.verifyEd25519, statement, [pinned])
      const [title, old = '', fresh = ''] = text.split('\n')
      const named = await readVkey(parts.sha256, old.replace(/^old /, ''))
      if (title !== 'suijian/log-key/v1' || encode(named.publicKey) !== encode(pinned.publicKey)) continue
      const next = await readVkey(parts.sha256, fresh.replace(/^new /, ''))
      if (next.name === device.log.name) pinned = next
    } catch {
      // A statement of another key, before ours or made up: it names nothing for this phone.
      continue
    }
  }
  if (encode(pinned.publicKey) === first) return false
  const log = { name: device.log.name, key: encode(pinned.publicKey) }
  await parts.vault.write([{ put: keys.device, value: { ...device, log, olderLogs: [...(device.olderLogs ?? []), device.log] } }])
  return true
}

/** A receipt line under the log's name by a key this phone does not know: the log has changed its key. */
async function keyChanged({ vault, sha256 }: WatchParts): Promise<boolean> {
  const device = await vault.get<DeviceFact>(keys.device)
  const anchor = await vault.get<Anchor>(keys.anchor)
  const kept = anchor === undefined ? undefined : await vault.get<{ text?: string }>(keys.receipt(anchor.size))
  if (device === undefined || kept?.text === undefined) return false
  const known = await Promise.all(
    [device.log, ...(device.olderLogs ?? [])].map(async (log) => keyId(sha256, await logKey(sha256, log))),
  )
  const lines = parseNote(parseProof(kept.text).checkpoint).signatures.filter(({ name }) => name === device.log.name)
  return lines.some((line) => !known.some((id) => sameBytes(id, line.keyId)))
}
