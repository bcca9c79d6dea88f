/**
 * Text, digest and bodies of attestation and seal. Bodies are built inside the chain of appends from the
 * events as they are at that moment, and only when they still say what the person has read on the screen.
 */
import * as attest from '@/core/attest'
import * as b64url from '@/core/b64url'
import { recordCode } from '@/core/chain'
import { fold, type Visit as Folded } from '@/core/fold'
import { leafHash, root } from '@/core/merkle'
import { recordText } from '@/core/recordText'
import { sha256 } from '@/device/bytes'
import { refuse } from '@/device/refusals'
import type { BodyBuilder, LogEvent } from '@/sync/session'
import type { OpenVisit } from '../visit/useVisit'

type Level = 'A1' | 'A3'

/** The exact words that are attested, read on the screen and set into the PDF. */
export function textOf(open: OpenVisit): string {
  return recordText(open.state.value, open.pack)
}

/** The words the party signs: without the corrections of later rounds (D-10). */
export function signedTextOf(open: OpenVisit): string {
  return recordText(open.state.value, open.pack, false)
}

/** The holder of the recording phone signs as A1, somebody on a phone of their own as A3. */
export function ownLevel(open: OpenVisit): Level {
  return open.state.value.opened?.dev === open.phone.me.dev ? 'A1' : 'A3'
}

export async function codeOf(open: OpenVisit): Promise<string> {
  return recordCode(b64url.decode(await attest.signedDigest(sha256, open.state.value, signedTextOf(open))))
}

/** Signs what is on the screen now; refused as `changed` when the visit says something else by the time it is written. */
export async function attesting(open: OpenVisit, level: Level): Promise<BodyBuilder> {
  const seen = await bodyOf(open, open.state.value, level)
  return async (events) => {
    const body = await bodyOf(open, await fold(sha256, events, open.pack), level)
    return body.d === seen.d ? { ok: true, body } : refuse('changed')
  }
}

/** D-8: closes the content. `count` and `root` cover every event of this visit in this enrolment's own chain. */
export async function sealing(open: OpenVisit): Promise<BodyBuilder> {
  const seen = await bodyOf(open, open.state.value, 'A1')
  return async (events) => {
    const visit = await fold(sha256, events, open.pack)
    const { d, text, chains } = await bodyOf(open, visit, 'A1')
    if (d !== seen.d) return refuse('changed')
    const previous = visit.seals.filter((seal) => seal.linked).at(-1)
    const moments = [...visit.attests, ...(visit.party ? [visit.party] : [])].map((one) => one.wall)
    const body = {
      d, text, chains,
      ...(await ownChain(events, open.phone.me.dev)),
      outcome: visit.outcome?.kind ?? 'completed',
      party: visit.party !== null && visit.party.stands,
      ended: Math.max(0, ...moments),
      ...(previous ? { prev_seal: previous.h } : {}),
    }
    return { ok: true, body }
  }
}

async function bodyOf(open: OpenVisit, visit: Folded, level: Level) {
  const body = await attest.attestation(sha256, visit, recordText(visit, open.pack), level)
  return { ...body, chains: body.chains.map((chain) => ({ ...chain })) }
}

async function ownChain(events: readonly LogEvent[], dev: string): Promise<{ count: number; root: string }> {
  const own = events.filter(({ header }) => header.dev === dev).sort((a, b) => a.header.n - b.header.n)
  const leaves = await Promise.all(own.map(({ h }) => leafHash(sha256, b64url.decode(h))))
  return { count: own.length, root: b64url.encode(await root(sha256, leaves)) }
}
