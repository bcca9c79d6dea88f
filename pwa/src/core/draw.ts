/** The one hash of a draw that a party's own browser computes; the Python twin is `server/draw/tickets.py`. */
import { type Bytes, concat, type Sha256, utf8 } from './bytes'

const NUL = '\0'

function framed(part: Uint8Array): Bytes {
  const size = part.length
  return concat(new Uint8Array([(size >>> 24) & 255, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]), part)
}

/** What a party publishes before the dice: its value can then be no other. */
export function commitment(sha256: Sha256, draw: string, party: string, value: Uint8Array): Promise<Uint8Array> {
  return sha256(concat(utf8(`suijian/commit/v1${NUL}`), ...[utf8(draw), utf8(party), value].map(framed)))
}
