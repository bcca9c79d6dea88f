/** Text, digest and bodies of attestation and seal, always of the visit as it is now. */
import * as attest from '@/core/attest'
import * as b64url from '@/core/b64url'
import { leafHash, root } from '@/core/merkle'
import { recordCode } from '@/core/chain'
import { recordText } from '@/core/recordText'
import { sha256 } from '@/device/bytes'
import type { JsonObject } from '@/sync/session'
import type { OpenVisit } from '../visit/useVisit'

/** The exact words that are attested, read on the screen and set into the PDF. */
export function textOf(open: OpenVisit): string {
  return recordText(open.state.value, open.pack)
}

/** The words the party signs: without the corrections of later rounds (D-10). */
export function signedTextOf(open: OpenVisit): string {
  return recordText(open.state.value, open.pack, false)
}

export async function attestBody(open: OpenVisit, level: 'A1' | 'A3'): Promise<JsonObject> {
  const body = await attest.attestation(sha256, open.state.value, textOf(open), level)
  return { ...body, chains: body.chains.map((chain) => ({ ...chain })) }
}

/** The holder of the recording phone signs as A1, somebody on a phone of their own as A3. */
export function ownLevel(open: OpenVisit): 'A1' | 'A3' {
  return open.state.value.opened?.dev === open.phone.me.dev ? 'A1' : 'A3'
}

export async function codeOf(open: OpenVisit): Promise<string> {
  return recordCode(b64url.decode(await attest.signedDigest(sha256, open.state.value, signedTextOf(open))))
}

/** D-8: closes the content. `count` and `root` cover every event of this visit in this enrolment's own chain. */
export async function sealBody(open: OpenVisit): Promise<JsonObject> {
  const visit = open.state.value
  const own = open.visit.events().filter((event) => event.header.dev === open.phone.me.dev).sort((a, b) => a.header.n - b.header.n)
  const leaves = await Promise.all(own.map((event) => leafHash(sha256, b64url.decode(event.h))))
  const body = await attest.attestation(sha256, visit, textOf(open), 'A1')
  const previous = visit.seals.filter((seal) => seal.linked).at(-1)
  const moments = [...visit.attests, ...(visit.party ? [visit.party] : [])].map((one) => one.wall)
  return {
    d: body.d,
    text: body.text,
    count: own.length,
    root: b64url.encode(await root(sha256, leaves)),
    chains: body.chains.map((chain) => ({ ...chain })),
    outcome: visit.outcome?.kind ?? 'completed',
    party: visit.party !== null && visit.party.stands,
    ended: Math.max(0, ...moments),
    ...(previous ? { prev_seal: previous.h } : {}),
  }
}
