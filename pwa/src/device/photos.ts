/**
 * From a picture to evidence: strip where the rules say so, hash, and keep original bytes and
 * `photo.add` in ONE transaction. The stamped copy is made afterwards and is only for looking at.
 */
import { pictureInfo, strippedPicture } from './jpeg'
import { sha256Hex, type Bytes } from './bytes'
import { fileFact, keepChanges, readFile, type FileFact } from './files'
import { refuse, storeTrouble } from './refusals'
import type { EventLog } from './log'
import type { Clock, JsonObject, LogEvent, PhotoLab, PhotoReason, Result } from './ports'
import type { Vault } from './vault'

/** The server takes 30 MB; a 12 MP JPEG has 5. */
export const PHOTO_MAX_BYTES = 30 * 1024 * 1024

export type PhotoSource = 'inapp' | 'system' | 'import'
export interface PhotoOrder {
  readonly insp: string
  readonly src: PhotoSource
  readonly purpose: 'door' | 'item' | 'general' | 'document' | 'derived'
  readonly checklist?: string
  readonly item?: string
  readonly sheet?: number
  readonly caption?: string
  readonly of?: string
  readonly returnId?: string
  readonly late?: boolean
  /** False: positions are switched off, EXIF and XMP go before hashing (D-22). */
  readonly geotag: boolean
}
export type KeptPhoto = Result<
  { readonly h: string; readonly sha256: string; readonly events: readonly LogEvent[] }, PhotoReason
>

export async function keepPhoto(
  parts: { vault: Vault; log: EventLog; clock: Clock }, raw: Bytes, order: PhotoOrder,
): Promise<KeptPhoto> {
  if (raw.length > PHOTO_MAX_BYTES) return refuse('too_large')
  // The encoder of the in-app camera writes no EXIF: those bytes are clean as they are.
  const strip = !order.geotag && order.src !== 'inapp'
  const bytes = strip ? strippedPicture(raw) : raw
  const info = bytes === undefined ? undefined : pictureInfo(bytes)
  if (bytes === undefined || info === undefined) return refuse('unsupported_format')
  const sha256 = await sha256Hex(bytes)
  const { insp, src, purpose, returnId, late, ...rest } = order
  const body: JsonObject = {
    sha256, size: bytes.length, mime: info.mime, width: info.width, height: info.height, src, purpose,
    ...text('checklist', rest.checklist), ...text('item', rest.item), ...text('caption', rest.caption),
    ...text('of', rest.of), ...text('return_id', returnId),
    ...(rest.sheet === undefined ? {} : { sheet: rest.sheet }),
    ...(strip ? { stripped: true } : {}),
  }
  const fact: FileFact = {
    sha256, size: bytes.length, mime: info.mime, kind: 'photo', origin: 'own', insp, at: parts.clock.wall(),
  }
  const type = returnId !== undefined ? 'supplement.photo' : late === true ? 'late.photo' : 'photo.add'
  const done = await parts.log.append([{ type, body, insp }], keepChanges(fact, bytes))
  return done.ok ? { ok: true, h: done.h, sha256, events: done.events } : done
}

function text(key: string, value: string | undefined): JsonObject {
  return value === undefined || value === '' ? {} : { [key]: value }
}

/** The copy people look at; failing to make it costs nothing but comfort. */
export async function makeStamped(
  parts: { vault: Vault; lab: PhotoLab; clock: Clock }, sha: string, lines: readonly string[],
): Promise<boolean> {
  const fact = await fileFact(parts.vault, sha)
  const original = await readFile(parts.vault, sha)
  if (fact === undefined || original === undefined) return false
  const copy = await parts.lab.stamp(original, fact.mime, lines)
  if (copy === undefined) return false
  const copySha = await sha256Hex(copy)
  const stamped: FileFact = {
    sha256: copySha, size: copy.length, mime: 'image/jpeg', kind: 'stamped', origin: 'view', insp: fact.insp,
    at: parts.clock.wall(),
  }
  const outcome = await parts.vault.write([
    ...keepChanges(stamped, copy), { put: `stamp/${sha}`, value: { sha256: copySha } },
  ])
  return outcome === 'done'
}

export async function viewOf(vault: Vault, sha: string, want: 'view' | 'original') {
  const stamped = want === 'view' ? await vault.get<{ sha256: string }>(`stamp/${sha}`) : undefined
  const chosen = stamped?.sha256 ?? sha
  const fact = await fileFact(vault, chosen)
  const bytes = await readFile(vault, chosen)
  return fact === undefined || bytes === undefined ? undefined : { bytes, mime: fact.mime }
}

/** A file that an event will name later (signature image, strokes). */
export async function keepLoose(
  parts: { vault: Vault; clock: Clock }, insp: string, bytes: Bytes, mime: string,
): Promise<Result<{ sha256: string; size: number }, 'storage_full' | 'store_lost' | 'locked'>> {
  try {
    const sha = await sha256Hex(bytes)
    const kind = mime.startsWith('image/png') || mime === 'application/json' ? 'ink' : 'other'
    const fact: FileFact = { sha256: sha, size: bytes.length, mime, kind, origin: 'own', insp, at: parts.clock.wall() }
    const outcome = await parts.vault.write(keepChanges(fact, bytes))
    if (outcome === 'full') return refuse('storage_full')
    return outcome === 'done' ? { ok: true, sha256: sha, size: bytes.length } : refuse('store_lost')
  } catch (error) {
    return storeTrouble(error)
  }
}
