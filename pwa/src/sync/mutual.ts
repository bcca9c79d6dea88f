/**
 * 双机互签 (A2, record-log 2.6): two phones attest one record face to face, without a network. The recording phone
 * offers what D is made of and the gist of the record; the second inspector's phone judges it, shows it, signs it
 * into its own chain and answers; the recording phone judges the answer and takes it in as `attest.in`.
 * Nothing that came by camera is believed: every refusal here is a sentence for the person who holds the phone.
 */
import * as attest from '../core/attest'
import { NotCanonical } from '../core/canonical'
import { recordCode } from '../core/chain'
import { codesOf } from '../core/codes'
import { fold, type Visit as Folded } from '../core/fold'
import { gist } from '../core/gist'
import type { Typed } from '../core/headCode'
import { type Answer, attestOf, type Carried, type Offer, offerHash, readAnswer, readOffer, signedBytes, wireOf, writeAnswer, writeOffer } from '../core/offer'
import { recordText } from '../core/recordText'
import { b64url, fromB64url, sha256, type Bytes } from '../device/bytes'
import { EVENT, type KeptEvent, type OffsetFact } from '../device/log'
import type { JsonObject, LogEvent, Result, StoreReason } from '../device/ports'
import { refuse } from '../device/refusals'
import { verifiesSpki } from '../device/signer'
import { showAdditions, type ShownAdditions, takeAdditions, type TakenAdditions } from './additions'
import { type MutualParts, type MutualReason, OFFER_MINUTES, read, say, TEXTS, whose } from './mutualSaid'

export interface Showing {
  readonly offer: Offer
  /** D, b64url. */
  readonly d: string
  /** One or several codes, to be shown in turn. */
  readonly codes: readonly string[]
}
export interface Offered {
  readonly offer: Offer
  /** Who shows it. */
  readonly name: string
  /** This phone holds the same record already and has compared it; else it shows what the code says, and signs that. */
  readonly compared: boolean
}

export interface Mutual {
  offer(): Promise<Showing>
  judge(message: Bytes): Promise<Result<Offered, MutualReason>>
  /** Signs what was judged; the same offer again gives the same answer. */
  sign(offer: Offer): Promise<Result<{ codes: readonly string[] }, MutualReason | StoreReason | 'bad_body' | 'changed'>>
  accept(offer: Offer, message: Bytes): Promise<Result<{ name: string }, MutualReason | StoreReason | 'bad_body' | 'changed'>>
  /** A typed head code: compared with the record on this phone, which is then attested (A3). */
  typed(code: Known): Promise<Result<object, MutualReason | StoreReason | 'bad_body' | 'changed'>>
  /** The full code of a record that is not here: confirms what was signed on the recording phone (`attest.late`). */
  confirm(code: Extract<Known, { is: 'full' }>): Promise<Result<object, MutualReason | StoreReason | 'bad_body' | 'changed'>>
  /** What this phone has recorded itself, for the recording phone to take in (D-15). */
  showAdditions(): Promise<Result<ShownAdditions, MutualReason>>
  /** Takes in what the other phone shows: from then on the digest covers it. */
  takeAdditions(message: Bytes): Promise<Result<TakenAdditions, MutualReason | StoreReason>>
}
type Known = Exclude<Typed, { is: 'wrong' }>

export class MutualAttestation implements Mutual {
  constructor(private readonly parts: MutualParts) {}

  async offer(): Promise<Showing> {
    const { insp, pack, me, random } = this.parts
    const visit = await this.visit()
    const offer: Offer = {
      insp, dev: me.dev, nonce: b64url(random.bytes(8)), at: await this.moment(), pin: visit.pin,
      text: await attest.textHash(sha256, recordText(visit, pack)), chains: visit.chains, gist: gist(visit, pack),
    }
    return { offer, d: await digestOf(offer), codes: await codesOf(sha256, 'offer', writeOffer(offer)) }
  }

  async judge(message: Bytes): Promise<Result<Offered, MutualReason>> {
    const offer = await read(async () => {
      const found = readOffer(message)
      await digestOf(found)
      return found
    })
    if (offer === undefined) return say('damaged')
    if (offer.insp !== this.parts.insp) return say('other_inspection')
    const other = await whose(this.parts, offer.dev)
    if (!other.ok) return other
    if (Math.abs((await this.moment()) - offer.at) > OFFER_MINUTES * 60_000) return say('expired')
    const visit = await this.visit()
    if (offer.pin !== visit.pin && offer.pin !== this.parts.pack.pin) return say('rules')
    const unequal = compare(visit, offer, this.parts.me.dev)
    if (unequal !== undefined) return say(unequal)
    const compared = attest.sameChains(visit.chains, offer.chains)
    if (compared && (await this.shows(visit)) !== (await digestOf(offer))) return say('differs')
    return { ok: true, offer, name: other.name, compared }
  }

  async sign(offer: Offer): ReturnType<Mutual['sign']> {
    const { insp, log, me } = this.parts
    const hash = await offerHash(sha256, offer)
    const events = await log.events(insp)
    const before = events.find(({ header, body }) => header.dev === me.dev && header.t === 'attest' && body?.offer === hash)
    if (before !== undefined) return this.answer(before)
    const body = (await attestOf(sha256, offer)) as unknown as JsonObject
    const done = await log.appendBuilt(insp, 'attest', async (now) =>
      compare(await fold(sha256, now, this.parts.pack), offer, me.dev) === undefined ? { ok: true, body } : refuse('changed'),
    )
    if (!done.ok) return done
    this.parts.took(done.events)
    const made = done.events.find(({ header }) => header.t === 'attest')
    return made === undefined ? refuse('store_lost') : this.answer(made)
  }

  private async answer(event: LogEvent): Promise<Result<{ codes: readonly string[] }, 'store_lost'>> {
    const { vault, insp } = this.parts
    const kept = (await vault.list<KeptEvent>(`${EVENT}${insp}/`)).find(({ value }) => value.h === event.h)
    const { h, s, b } = kept?.value.w ?? {}
    if (h === undefined || s === undefined || b === undefined) return refuse('store_lost')
    return { ok: true, codes: await codesOf(sha256, 'answer', writeAnswer({ h, s, b })) }
  }

  async accept(offer: Offer, message: Bytes): ReturnType<Mutual['accept']> {
    const answer = await read(async () => readAnswer(message))
    if (answer === undefined) return say('damaged')
    const other = await whose(this.parts, answer.dev)
    if (!other.ok) return other
    const asked = fromB64url(await offerHash(sha256, offer)).subarray(0, 16)
    if (answer.offer !== b64url(asked)) return say('replayed')
    if (Math.abs((await this.moment()) - offer.at) > OFFER_MINUTES * 60_000) return say('expired')
    const wire = await this.rebuilt(offer, answer, other.phone.user)
    const genuine = wire !== undefined && (await verifiesSpki(fromB64url(other.phone.spki), fromB64url(wire.s), signedBytes(wire)))
    if (!genuine) return say('bad_signature')
    const { log, insp, pack } = this.parts
    const wanted = await digestOf(offer)
    const done = await log.appendBuilt(insp, 'attest.in', async (now) =>
      (await this.shows(await fold(sha256, now, pack))) === wanted ? { ok: true, body: { ...wire } } : refuse('changed', TEXTS.stale),
    )
    if (!done.ok) return done
    this.parts.took(done.events)
    return { ok: true, name: other.name }
  }

  async typed(code: Known): ReturnType<Mutual['typed']> {
    const { pack, me, insp, log } = this.parts
    if (!pack.team.some(({ user }) => user === me.user)) return say('not_team')
    const visit = await this.visit()
    if (visit.opened === null) return say('no_record')
    const d = await this.shows(visit)
    const same = code.is === 'short' ? recordCode(fromB64url(d)) === code.code : b64url(code.digest) === d
    if (!same) return say('no_match')
    const done = await log.appendBuilt(insp, 'attest', async (now) => {
      const found = await fold(sha256, now, pack)
      const body = await attest.attestation(sha256, found, recordText(found, pack), 'A3')
      return body.d === d ? { ok: true, body: body as unknown as JsonObject } : refuse('changed')
    })
    if (done.ok) this.parts.took(done.events)
    return done.ok ? { ok: true } : done
  }

  async confirm(code: Extract<Known, { is: 'full' }>): ReturnType<Mutual['confirm']> {
    const { pack, me, insp, log } = this.parts
    if (!pack.team.some(({ user }) => user === me.user)) return say('not_team')
    const done = await log.append([{ type: 'attest.late', insp, body: { d: b64url(code.digest), read: 'code' } }])
    if (done.ok) this.parts.took(done.events)
    return done.ok ? { ok: true } : done
  }

  showAdditions(): ReturnType<Mutual['showAdditions']> {
    return showAdditions(this.parts)
  }

  takeAdditions(message: Bytes): ReturnType<Mutual['takeAdditions']> {
    return takeAdditions(this.parts, message)
  }

  private async rebuilt(offer: Offer, answer: Answer, user: string): Promise<Carried | undefined> {
    try {
      return await wireOf(sha256, offer, answer, user)
    } catch (error) {
      // Numbers no header can hold: what was signed cannot have been this.
      if (error instanceof RangeError || error instanceof NotCanonical) return undefined
      throw error
    }
  }

  private async visit(): Promise<Folded> {
    return fold(sha256, await this.parts.log.events(this.parts.insp), this.parts.pack)
  }

  /** D of the record as it lies here. */
  private shows(visit: Folded): Promise<string> {
    return attest.digest(sha256, visit, recordText(visit, this.parts.pack))
  }

  /** Now by the server's clock, as far as this phone knows it. */
  private async moment(): Promise<number> {
    const { vault, clock } = this.parts
    return clock.wall() + ((await vault.get<OffsetFact>('offset'))?.off ?? 0)
  }
}

async function digestOf(offer: Offer): Promise<string> {
  return (await attestOf(sha256, offer)).d
}

/** What this phone knows of the record must be in the offer, or the offer is of another record. */
function compare(visit: Folded, offer: Offer, own: string): MutualReason | undefined {
  for (const here of visit.chains) {
    const there = offer.chains.find(({ dev }) => dev === here.dev)
    if (here.dev === own && (there === undefined || there.n < here.n)) return 'own_content'
    // Fewer events than this phone has already seen, or others: not the record it is said to be.
    if (there === undefined || there.n < here.n || (there.n === here.n && there.root !== here.root)) return 'differs'
    if (here.dev === own && there.n !== here.n) return 'differs'
  }
  return undefined
}
