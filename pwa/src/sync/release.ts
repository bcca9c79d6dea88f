/**
 * Making room (sync.md 5): the phone is the second copy, so an original goes only when the store is full and
 * the server has had it for thirty days, the whole visit is delivered and its report approved; the oldest
 * receipt first, as many as are needed, and never anything the server has not confirmed in its present epoch, nor
 * anything at all while the server cannot prove its log.
 * The file's own row stays and says that it was released; the small copy for looking at stays too.
 */
import { allFiles, fileKey, type FileFact } from '../device/files'
import type { OffsetFact } from '../device/logKeys'
import type { Clock } from '../device/ports'
import { chunkCount, type Vault } from '../device/vault'
import { keys, type FileAckFact, type LogFaultFact, type VisitFact } from './facts'
import { epochOf, inventory, markOf, type Inventory } from './outbox'

export const KEEP_MS = 30 * 86_400_000
/** Room for about sixty photos: enough for the visit at hand. */
export const ROOM_BYTES = 200_000_000

/** Originals that may go, the one confirmed longest ago first. */
export async function releasable(vault: Vault): Promise<FileFact[]> {
  const told = await serverTime(vault)
  if (told === undefined) return []
  // What a server says that cannot prove its log is no ground for giving up the second copy.
  if ((await vault.get<LogFaultFact>(keys.logFault)) !== undefined) return []
  const epoch = await epochOf(vault)
  const all = await inventory(vault, epoch)
  const naming = await visitsNaming(vault)
  const done = new Map<string, boolean>()
  const found: { readonly fact: FileFact; readonly since: number }[] = []
  for (const fact of await allFiles(vault)) {
    if (fact.origin !== 'own' || fact.released !== undefined || (fact.kind !== 'photo' && fact.kind !== 'audio')) continue
    const ack = await vault.get<FileAckFact>(keys.fileAck(epoch, fact.sha256))
    const since = ack?.server ?? ack?.at
    if (since === undefined || told - since < KEEP_MS) continue
    const visits = naming.get(fact.sha256) ?? []
    for (const insp of visits) if (!done.has(insp)) done.set(insp, await closed(vault, all, insp))
    if (visits.length > 0 && visits.every((insp) => done.get(insp) === true)) found.push({ fact, since })
  }
  return found.sort((a, b) => a.since - b.since || (a.fact.sha256 < b.fact.sha256 ? -1 : 1)).map(({ fact }) => fact)
}

/** Releases until `wanted` bytes are free or nothing more may go. One transaction per file. */
export async function releaseOriginals(
  { vault, clock }: { vault: Vault; clock: Clock }, wanted = ROOM_BYTES,
): Promise<{ files: number; bytes: number }> {
  let files = 0
  let bytes = 0
  for (const fact of await releasable(vault)) {
    if (bytes >= wanted) break
    const gone: FileFact = { ...fact, released: clock.wall() }
    const outcome = await vault.write([
      { dropBytes: fact.sha256, chunks: chunkCount(fact.size) }, { put: fileKey(fact.sha256), value: gone },
    ])
    // A store too full to note what it gives up keeps it.
    if (outcome !== 'done') break
    files++
    bytes += fact.size
  }
  return { files, bytes }
}

/** The server's clock when it last spoke. A phone set a month ahead releases nothing by that. */
async function serverTime(vault: Vault): Promise<number | undefined> {
  const offset = await vault.get<OffsetFact>(keys.offset)
  return offset === undefined ? undefined : offset.wall + offset.off
}

/** Which visits name a file: the same bytes may stand in two. */
async function visitsNaming(vault: Vault): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for (const key of await vault.keys('named/')) {
    const [, insp = '', sha = ''] = key.split('/')
    found.set(sha, [...(found.get(sha) ?? []), insp])
  }
  return found
}

/** Approved, and every event this phone made in it confirmed. An unknown visit is not closed. */
async function closed(vault: Vault, all: Inventory, insp: string): Promise<boolean> {
  const visit = await vault.get<VisitFact>(keys.visit(insp))
  if (visit?.report_state !== 'approved') return false
  const own = all.events.filter((event) => !event.carried && event.insp === insp)
  return own.length > 0 && own.every((event) => all.acked.has(markOf(event)))
}
