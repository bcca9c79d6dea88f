/**
 * A file sealed under a passphrase: magic, salt, then records `length ‖ iv ‖ AES-GCM`, each bound to its
 * number and to whether it is the last, so that none can be moved, dropped or cut off unnoticed.
 */
import { concat, fromUtf8, utf8, type Bytes } from './bytes'
import type { Random } from './ports'

const MAGIC = utf8('SJBACKUP1\n')
export const PASS_ITERATIONS = 600_000

export class NotASealedFile extends Error {}
export class WrongPassphrase extends Error {}

async function keyFrom(passphrase: string, salt: Bytes, iterations: number): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', utf8(passphrase.normalize('NFC')), 'PBKDF2', false, ['deriveKey'])
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'],
  )
}

function numbers(...values: readonly number[]): Bytes {
  const out = new Uint8Array(values.length * 4)
  values.forEach((value, i) => new DataView(out.buffer).setUint32(i * 4, value))
  return out
}

/** Writes record after record into a Blob, so that a big backup never lies in memory as one piece. */
export class Sealer {
  private readonly parts: Bytes[] = []
  private count = 0

  private constructor(private readonly key: CryptoKey, private readonly random: Random) {}

  static async open(passphrase: string, random: Random, iterations = PASS_ITERATIONS): Promise<Sealer> {
    const salt = random.bytes(16)
    const sealer = new Sealer(await keyFrom(passphrase, salt, iterations), random)
    sealer.parts.push(concat(MAGIC, numbers(iterations), salt))
    return sealer
  }

  async add(record: Bytes, last = false): Promise<void> {
    const iv = this.random.bytes(12)
    const additionalData = numbers(this.count++, last ? 1 : 0)
    const data = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, this.key, record))
    this.parts.push(concat(numbers(data.length), iv, data))
  }

  file(): Blob {
    return new Blob(this.parts, { type: 'application/octet-stream' })
  }
}

/** The records in their order. NotASealedFile for other files, cut ones too; WrongPassphrase. */
export async function* opened(file: Blob, passphrase: string): AsyncGenerator<Bytes> {
  const slice = async (from: number, length: number): Promise<Bytes> =>
    new Uint8Array(await file.slice(from, from + length).arrayBuffer())
  const head = await slice(0, MAGIC.length + 20)
  if (head.length < MAGIC.length + 20 || !MAGIC.every((byte, i) => head[i] === byte)) throw new NotASealedFile('another kind of file')
  const iterations = new DataView(head.buffer).getUint32(MAGIC.length)
  if (iterations > 10_000_000) throw new NotASealedFile('an absurd iteration count')
  const key = await keyFrom(passphrase, head.slice(MAGIC.length + 4), iterations)
  let at = head.length
  for (let count = 0; ; count++) {
    const frame = await slice(at, 16)
    const length = frame.length === 16 ? new DataView(frame.buffer).getUint32(0) : 0
    if (length === 0 || at + 16 + length > file.size) throw new NotASealedFile('the file is cut off')
    const last = at + 16 + length === file.size
    const data = await slice(at + 16, length)
    const plain = await crypto.subtle
      .decrypt({ name: 'AES-GCM', iv: frame.slice(4), additionalData: numbers(count, last ? 1 : 0) }, key, data)
      .catch(() => undefined)
    if (plain === undefined) throw count === 0 ? new WrongPassphrase() : new NotASealedFile('a record does not open')
    yield new Uint8Array(plain)
    if (last) return
    at += 16 + length
  }
}

export function jsonRecord(value: unknown): Bytes {
  return utf8(JSON.stringify(value))
}

export function readJsonRecord(record: Bytes): Record<string, unknown> {
  const value: unknown = JSON.parse(fromUtf8(record))
  if (typeof value !== 'object' || value === null) throw new NotASealedFile('a record is no object')
  return { ...value }
}
