/** What the pull needs to know of a foreign event: its identity, and the few header fields it is filed by. */
import { encode } from '../core/b64url'
import { utf8, type Sha256 } from '../core/bytes'
import * as chain from '../core/chain'

export async function eventHash(sha256: Sha256, header: string): Promise<string> {
  return encode(await chain.eventHash(sha256, utf8(header)))
}

/** undefined when the text is no header: such an event is not filed (the server keeps it). */
export function headerOf(header: string): { dev: string; insp: string; n: number } | undefined {
  try {
    const value = JSON.parse(header) as Record<string, unknown>
    const { dev, insp, n } = value
    return typeof dev === 'string' && typeof insp === 'string' && typeof n === 'number' ? { dev, insp, n } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
