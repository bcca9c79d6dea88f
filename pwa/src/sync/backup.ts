/**
 * Everything unsent in one encrypted file (sync.md 10), and the way back in: another phone, or this one,
 * carries the events to the server with their signatures intact. What it already has is left alone.
 */
import { eventHash, headerOf } from './hashing'
import { hex, type Sha256 } from '../core/bytes'
import { keepChanges, fileFact, readFile, type FileFact } from '../device/files'
import { carriedKey, EVENT, type CarriedFact, type KeptEvent } from '../device/logKeys'
import type { Random, Result, StoreReason, WireEvent } from '../device/ports'
import { refuse } from '../device/refusals'
import { jsonRecord, NotASealedFile, opened, readJsonRecord, Sealer, WrongPassphrase } from '../device/sealedFile'
import { type Vault, type VaultChange } from '../device/vault'
import { epochOf, inventory, unsentEvents, unsentFiles } from './outbox'

const LONGEST_PART = 4 * 1024 * 1024

export interface BackupCounts {
  readonly events: number
  readonly files: number
}
type Exported = Result<{ file: Blob; name: string } & BackupCounts, 'weak_passphrase' | 'nothing_unsent'>

/** Refused events are in it too: they are unsent, whatever the reason. */
export async function exportUnsent(
  parts: { vault: Vault; random: Random; wall: number; iterations?: number }, passphrase: string,
): Promise<Exported> {
  if ([...passphrase].length < 8) {
    return { ok: false, reason: 'weak_passphrase', text: '备份口令至少 8 个字符，请换一个并记牢：没有它谁也打不开备份。' }
  }
  const { vault } = parts
  const all = await inventory(vault, await epochOf(vault))
  const open = { ...all, refused: new Set<string>(), filesRefused: new Set<string>() }
  const events = unsentEvents(open)
  const files = unsentFiles(open)
  if (events.length === 0 && files.length === 0) {
    return { ok: false, reason: 'nothing_unsent', text: '没有未上传的内容，不需要备份。' }
  }
  const sealer = await Sealer.open(passphrase, parts.random, parts.iterations)
  await sealer.add(jsonRecord({ v: 1, dev: vault.dev, made: parts.wall, events: events.length, files: files.length }))
  let eventsDone = 0
  for (const { key } of events) {
    const kept = await vault.get<KeptEvent>(key)
    if (kept === undefined) continue
    await sealer.add(jsonRecord({ k: 'event', w: kept.w }))
    eventsDone++
  }
  let filesDone = 0
  for (const { sha256, insp } of files) {
    const fact = await fileFact(vault, sha256)
    const bytes = await readFile(vault, sha256)
    // A damaged file is shown as 需要处理 by the round; a backup without it is better than none.
    if (fact === undefined || bytes === undefined) continue
    await sealer.add(jsonRecord({ k: 'file', fact, insp, parts: Math.ceil(bytes.length / LONGEST_PART) }))
    for (let at = 0; at < bytes.length; at += LONGEST_PART) await sealer.add(bytes.slice(at, at + LONGEST_PART))
    filesDone++
  }
  await sealer.add(jsonRecord({ k: 'end' }), true)
  const day = new Date(parts.wall + 8 * 3_600_000).toISOString().slice(0, 10)
  return { ok: true, file: sealer.file(), name: `随检备份-${day}.sjb`, events: eventsDone, files: filesDone }
}

type Imported = Result<BackupCounts, 'wrong_passphrase' | 'not_a_backup' | StoreReason>

export async function importBackup(
  parts: { vault: Vault; sha256: Sha256; wall: number }, file: Blob, passphrase: string,
): Promise<Imported> {
  try {
    return await take(parts, file, passphrase)
  } catch (error) {
    if (error instanceof WrongPassphrase) return { ok: false, reason: 'wrong_passphrase', text: '备份口令不对，没有导入任何内容。' }
    if (error instanceof NotASealedFile || error instanceof SyntaxError) {
      return { ok: false, reason: 'not_a_backup', text: '这不是随检备份文件，或文件不完整。已读出的内容会保留，可换一份文件再导入。' }
    }
    throw error
  }
}

async function take(
  { vault, sha256, wall }: { vault: Vault; sha256: Sha256; wall: number }, file: Blob, passphrase: string,
): Promise<Imported> {
  const own = new Set((await vault.keys(EVENT)).map((key) => Number(key.slice(key.lastIndexOf('/') + 1))))
  let events = 0
  let files = 0
  let first = true
  const records = opened(file, passphrase)
  for await (const record of records) {
    const entry = readJsonRecord(record)
    if (first) {
      first = false
      if (entry.v !== 1) throw new NotASealedFile('another version')
      continue
    }
    if (entry.k === 'event') {
      const wire = entry.w as WireEvent
      const header = headerOf(wire.h)
      if (header === undefined) continue
      if (header.dev === vault.dev && own.has(header.n)) continue
      const fact: CarriedFact = { h: await eventHash(sha256, wire.h), w: wire, soft: false, insp: header.insp }
      if ((await vault.write([{ put: carriedKey(header.dev, header.n), value: fact }])) === 'full') return refuse('storage_full')
      events++
    } else if (entry.k === 'file') {
      const old = entry.fact as FileFact
      const bytes = await gather(records, Number(entry.parts), old.size)
      if (hex(await sha256(bytes)) !== old.sha256) continue
      const known = await fileFact(vault, old.sha256)
      const changes: VaultChange[] = [{ put: `named/${String(entry.insp) || '-'}/${old.sha256}`, value: { insp: entry.insp, h: '', type: 'backup' } }]
      if (known === undefined || known.released !== undefined) changes.unshift(...keepChanges({ ...held(old), origin: 'own', at: wall }, bytes))
      if ((await vault.write(changes)) === 'full') return refuse('storage_full')
      files++
    }
  }
  return { ok: true, events, files }
}

/** What comes back is here again. */
function held({ released: _released, ...fact }: FileFact): FileFact {
  return fact
}

async function gather(records: AsyncGenerator<Uint8Array<ArrayBuffer>>, count: number, size: number) {
  const whole = new Uint8Array(size)
  let at = 0
  for (let i = 0; i < count; i++) {
    const next = await records.next()
    if (next.done === true || at + next.value.length > size) throw new NotASealedFile('a file is cut off')
    whole.set(next.value, at)
    at += next.value.length
  }
  return whole
}
