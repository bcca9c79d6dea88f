/**
 * Messages as QR codes: `SJ:` and base45 of a frame. One code when the message fits, else several in turn that
 * may be read in any order. A frame is kind, number of parts, its own number, four bytes that name the message
 * and check it, and its piece. Codes stay at or below version 15 at level M, which a noisy 720p picture still gives.
 */
import * as base45 from './base45'
import { type Bytes, concat, sameBytes, type Sha256 } from './bytes'
import { tagged } from './chain'

export const KINDS = ['offer', 'answer', 'additions'] as const
export type Kind = (typeof KINDS)[number]

export const PREFIX = 'SJ:'
/** Bytes of a message in one code; 3 + 1.5 × 247 characters are version 12-M. */
export const PIECE = 240
const HEAD = 7
export const MOST_PARTS = 40

export async function codesOf(sha256: Sha256, kind: Kind, message: Uint8Array): Promise<string[]> {
  const parts = Math.max(1, Math.ceil(message.length / PIECE))
  if (parts > MOST_PARTS) throw new RangeError('the message is too long for codes')
  const name = await nameOf(sha256, kind, message)
  // Equal pieces: every code of a series has the same size, so that the picture does not jump.
  const size = Math.ceil(message.length / parts)
  return Array.from({ length: parts }, (_, part) => {
    const head = Uint8Array.of(KINDS.indexOf(kind), parts, part)
    return PREFIX + base45.encode(concat(head, name, message.subarray(part * size, (part + 1) * size)))
  })
}

async function nameOf(sha256: Sha256, kind: Kind, message: Uint8Array): Promise<Uint8Array> {
  return (await tagged(sha256, 'code', Uint8Array.of(KINDS.indexOf(kind)), message)).subarray(0, 4)
}

export type Read =
  /** Not one of ours. */
  | { readonly is: 'foreign' }
  | { readonly is: 'part'; readonly have: number; readonly all: number }
  /** All parts are there and do not fit together, or a part cannot be read. */
  | { readonly is: 'damaged' }
  | { readonly is: 'whole'; readonly kind: Kind; readonly message: Bytes }

/** Collects the parts of one message; a part of another message begins anew. */
export class Collector {
  private name: Uint8Array = new Uint8Array()
  private kind: Kind = 'offer'
  private pieces: (Uint8Array | undefined)[] = []

  constructor(private readonly sha256: Sha256) {}

  async take(text: string): Promise<Read> {
    if (!text.startsWith(PREFIX)) return { is: 'foreign' }
    let frame: Bytes
    try {
      frame = base45.decode(text.slice(PREFIX.length))
    } catch {
      return { is: 'damaged' } // our own prefix, but not our alphabet
    }
    const [code = 255, parts = 0, part = 255] = frame
    const kind = KINDS[code]
    if (kind === undefined || parts < 1 || parts > MOST_PARTS || part >= parts || frame.length < HEAD) return { is: 'damaged' }
    const name = frame.subarray(3, HEAD)
    if (!sameBytes(name, this.name) || kind !== this.kind || this.pieces.length !== parts) {
      this.pieces = Array.from({ length: parts })
      this.name = name
      this.kind = kind
    }
    this.pieces[part] = frame.subarray(HEAD)
    const here = this.pieces.filter((piece) => piece !== undefined)
    if (here.length < parts) return { is: 'part', have: here.length, all: parts }
    const message = concat(...here)
    this.pieces = []
    this.name = new Uint8Array()
    return sameBytes(await nameOf(this.sha256, kind, message), name) ? { is: 'whole', kind, message } : { is: 'damaged' }
  }
}
