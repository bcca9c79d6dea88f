/**
 * Files of evidence on this phone: addressed by the SHA-256 of their bytes, kept with their event in
 * one transaction, never rewritten. Only sync/release.ts lets the bytes of an original go; its row stays.
 */
import { sha256Hex, type Bytes } from './bytes'
import { type Vault, type VaultChange } from './vault'

export type FileKind = 'photo' | 'audio' | 'ink' | 'other' | 'stamped' | 'pack' | 'document'
/** `own` goes to the server once an event names it; `server` came from there; `view` never leaves. */
export type FileOrigin = 'own' | 'server' | 'view'

export interface FileFact {
  readonly sha256: string
  readonly size: number
  readonly mime: string
  readonly kind: FileKind
  readonly origin: FileOrigin
  readonly insp: string
  readonly at: number
  /** The bytes were released on this phone at this moment, ms; the server has them. */
  readonly released?: number
}

export function fileKey(sha: string): string {
  return `file/${sha}`
}

/** The changes that keep a file; written together with the event that names it. */
export function keepChanges(fact: FileFact, data: Bytes): VaultChange[] {
  return [
    { bytes: fact.sha256, data },
    { put: fileKey(fact.sha256), value: fact },
  ]
}

export function fileFact(vault: Vault, sha: string): Promise<FileFact | undefined> {
  return vault.get<FileFact>(fileKey(sha))
}

/**
 * The bytes, checked against their name; undefined when they are not here whole.
 * A damaged file is an answer (需要处理), not an exception: the other files must go on.
 */
export async function readFile(vault: Vault, sha: string): Promise<Bytes | undefined> {
  const fact = await fileFact(vault, sha)
  if (fact === undefined) return undefined
  const bytes = await vault.bytes(sha, fact.size)
  return bytes !== undefined && (await sha256Hex(bytes)) === sha ? bytes : undefined
}

export async function allFiles(vault: Vault): Promise<FileFact[]> {
  return (await vault.list<FileFact>('file/')).map(({ value }) => value)
}

