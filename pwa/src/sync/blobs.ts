/**
 * Sending files (sync.md 3): one question "which of these do you lack?", then tus for those, newest visit
 * first, then the question again. Only the second "I lack none of them", with the epoch in it, confirms:
 * an upload that merely ended confirms nothing.
 */
import { fileFact, readFile } from '../device/files'
import type { Clock } from '../device/ports'
import type { Vault, VaultChange } from '../device/vault'
import { noteAnswer, noteForbidden } from './contact'
import { keys, type FileAckFact, type OffsetLike, type RefusedFact } from './facts'
import { epochOf, inventory, unsentFiles, type PendingFile } from './outbox'
import type { Outcome } from './push'
import type { Wire } from './wire'

const ASK_AT_ONCE = 500
/** Statuses by which our server says that it will never take these bytes under this name. */
const NEVER = new Set([400, 413, 415, 422, 460])

interface LacksAnswer {
  readonly epoch?: unknown
  readonly now?: unknown
  readonly lacks?: readonly string[]
}
export interface BlobParts {
  readonly vault: Vault
  readonly wire: Wire
  readonly clock: Clock
  readonly piece?: number
  /** False: the person wants Wi-Fi and the phone is on a metered line. */
  readonly maySend: () => Promise<boolean>
  readonly progress: (sha256: string, sent: number, total: number) => void
}

export async function pushFiles(parts: BlobParts): Promise<Outcome> {
  const epoch = await epochOf(parts.vault)
  const pending = unsentFiles(await inventory(parts.vault, epoch)).slice(0, ASK_AT_ONCE)
  if (pending.length === 0) return 'done'
  const first = await confirm(parts, pending)
  if (typeof first === 'string') return first
  if (first.length === 0 || !(await parts.maySend())) return 'done'
  // UUIDv7 ids sort by age: the newest visit goes first.
  const order = [...first].sort((a, b) => (a.insp < b.insp ? 1 : a.insp > b.insp ? -1 : 0))
  const sent: PendingFile[] = []
  let outcome: Outcome = 'done'
  for (const file of order) {
    const how = await sendOne(parts, epoch, file)
    if (how === 'sent') sent.push(file)
    else if (how === 'trouble') outcome = 'trouble'
    else {
      outcome = how
      break
    }
  }
  if (sent.length > 0 && outcome !== 'login') {
    const still = await confirm(parts, sent)
    if (typeof still === 'string') return still
    if (still.length > 0) return 'trouble'
  }
  return outcome
}

/** Writes the confirmation of all that the server does not lack; answers those it lacks. */
async function confirm(parts: BlobParts, files: readonly PendingFile[]): Promise<PendingFile[] | Outcome> {
  const asked = { wall: parts.clock.wall(), mono: parts.clock.mono() }
  const answer = await parts.wire.post<LacksAnswer>('sync/lacks', { sha256: files.map(({ sha256 }) => sha256) })
  if (answer.kind === 'away' || answer.kind === 'login') return answer.kind
  if (answer.kind === 'problem') {
    await noteForbidden(parts.vault, answer.problem, parts.clock.wall())
    return 'trouble'
  }
  const { lacks } = answer.data
  const noted = await noteAnswer(parts.vault, parts.clock, asked, answer.data)
  if (noted === undefined || !Array.isArray(lacks)) return 'away'
  const missing = new Set<unknown>(lacks)
  const asks = new Set(files.map(({ sha256 }) => sha256))
  // An answer about files nobody asked for is not an answer to this question.
  if ([...missing].some((sha) => typeof sha !== 'string' || !asks.has(sha))) return 'away'
  const at = parts.clock.wall()
  const offset = await parts.vault.get<OffsetLike>(keys.offset)
  const ack: FileAckFact = { at, server: at + (offset?.off ?? 0) }
  const changes: VaultChange[] = files
    .filter(({ sha256 }) => !missing.has(sha256))
    .flatMap(({ sha256 }): VaultChange[] => [
      { put: keys.fileAck(noted.epoch, sha256), value: ack },
      { del: keys.upload(sha256) },
    ])
  if (changes.length > 0) await parts.vault.write(changes)
  return files.filter(({ sha256 }) => missing.has(sha256))
}

async function sendOne(parts: BlobParts, epoch: number, file: PendingFile): Promise<'sent' | Outcome> {
  const { vault, clock } = parts
  const fact = await fileFact(vault, file.sha256)
  const bytes = await readFile(vault, file.sha256)
  if (fact?.released !== undefined && bytes === undefined) {
    const text = '服务器从备份恢复后缺少这个原件，而本机已按规定释放（送达满30天且报告已通过）。请联系管理员从服务器的其他备份中找回。'
    return refuseFile(vault, epoch, file.sha256, { code: 'E_FILE_RELEASED', text, at: clock.wall() })
  }
  if (fact === undefined || bytes === undefined) {
    const text = '本机的这个文件已损坏，读出的内容与记录的校验值不符，无法上传。请不要卸载随检，并报告管理员。'
    return refuseFile(vault, epoch, file.sha256, { code: 'E_FILE_DAMAGED', text, at: clock.wall() })
  }
  // Loaded when the first file goes: the list of today must not wait for 16 kB of upload code.
  const { sendFile } = await import('./tus')
  const what = { sha256: file.sha256, mime: fact.mime, insp: file.insp, bytes }
  const result = await sendFile(
    parts.wire, vault, what, (sent) => parts.progress(file.sha256, sent, bytes.length), parts.piece,
  )
  if (result.kind !== 'problem') return result.kind
  if (!NEVER.has(result.problem.status)) return 'trouble'
  const { code, text } = result.problem
  // A wrong hash after our own check came from the way: from the first byte again, next round.
  if (result.problem.status === 460) {
    await vault.write([{ del: keys.upload(file.sha256) }])
    return 'trouble'
  }
  return refuseFile(vault, epoch, file.sha256, { code, text, at: clock.wall() })
}

async function refuseFile(vault: Vault, epoch: number, sha: string, fact: RefusedFact): Promise<'trouble'> {
  await vault.write([{ put: keys.fileRefused(epoch, sha), value: fact }])
  return 'trouble'
}
