/**
 * The record log of one enrolment: builds, signs and keeps events (record-log 2.2, D-5).
 *
 * An append returns only after one strict transaction holds the event, both counters, whatever
 * bytes belong to it, and the note of which file it names. Appends of one chain run one after the
 * other; a second tab is caught by the revision of the chain row, re-read and tried again.
 *
 * What an append must know (end of the chain, counter, offset, anchor) the vault remembers from the append before: the
 * transaction that stores the event looks whether it still holds. So a saved answer costs one turn to the store.
 */
import { encode, HEADER_LIMIT, NotCanonical } from '../core/canonical'
import { checkBody } from '../core/events'
import { b64url, bodyHash, eventHash, fromUtf8, GENESIS_PREV, pae } from './bytes'
import {
  carriedKey, EVENT, eventKey, MATE, ROTATED, type AnchorFact, type CarriedFact, type ChainFact, type KeptEvent, type NamedFact,
  type OffsetFact,
} from './logKeys'
import { badBody, refuse, storeTrouble } from './refusals'
import type {
  AppendReason, BodyBuilder, Clock, EventHeader, JsonObject, LogEvent, Random, Refusal, Result, WireEvent,
} from './ports'
import type { Signer } from './signer'
import { commitAll, VaultDamaged, type Vault, type VaultChange } from './vault'

export * from './logKeys'

/** Wall behind mono by more than this is a rollback (record-log 2.4.3); ahead is only a sleep. */
const ROLLBACK_MS = 2_000
const TRIES = 6
const SHA256_HEX = /^[0-9a-f]{64}$/

export interface NewEvent {
  readonly type: string
  readonly body: JsonObject
  /** "" outside an inspection. */
  readonly insp: string
}
export type Appended = Result<
  { readonly h: string; readonly n: number; readonly wall: number; readonly events: readonly LogEvent[] },
  AppendReason
>

export interface LogParts {
  readonly vault: Vault
  readonly signer: Signer
  readonly clock: Clock
  readonly random: Random
  readonly user: string
}
/** A reader of the same phone who may see these events too (A1): gets a copy in the same transaction. */
export interface AlsoFor {
  readonly vault: Vault
}

const CHAIN = 'chain'

export function readWire(h: string, wire: WireEvent): LogEvent {
  return {
    h,
    header: JSON.parse(wire.h) as EventHeader,
    body: wire.b === undefined ? null : (JSON.parse(wire.b) as JsonObject),
  }
}

/** Caught in `appendNow`; becomes a refusal. */
class BadBody extends Error {}

/** The builder of a body declined: what the person decided on is no longer so. */
class Declined extends Error {
  constructor(readonly refusal: Refusal<'changed'>) {
    super(refusal.text)
  }
}

type Source = () => Promise<readonly NewEvent[]>

interface Built {
  readonly changes: VaultChange[]
  readonly events: LogEvent[]
  readonly wires: KeptEvent[]
}

export class EventLog {
  private tail: Promise<unknown> = Promise.resolve()

  constructor(private readonly parts: LogParts) {}

  append(items: readonly NewEvent[], extra: readonly VaultChange[] = [], also?: AlsoFor): Promise<Appended> {
    return this.alone(() => this.appendNow(async () => items, extra, also))
  }

  /**
   * An event whose body speaks of the events before it (attest, seal): `build` runs when nothing else can
   * be appended in between, and again when another tab did. `read` gives the events, by default those of `insp` here.
   */
  appendBuilt(
    insp: string, type: string, build: BodyBuilder, also?: AlsoFor, read = () => this.events(insp),
  ): Promise<Appended> {
    const source: Source = async () => {
      const made = await build(await read())
      if (!made.ok) throw new Declined(made)
      return [{ type, body: made.body, insp }]
    }
    return this.alone(() => this.appendNow(source, [], also))
  }

  /** Runs while nothing is appended through this log. `work` must not append to it: it would wait for itself. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const run = this.tail.then(work)
    // The chain of appends goes on whatever becomes of this one.
    this.tail = run.catch(() => undefined)
    return run
  }

  /** Own events of one inspection and the copies of other people's. */
  async events(insp: string): Promise<LogEvent[]> {
    const own = await this.parts.vault.list<KeptEvent>(`${EVENT}${insp === '' ? '-' : insp}/`)
    const mates = await this.parts.vault.list<KeptEvent>(`${MATE}${insp}/`)
    const seen = new Map<string, LogEvent>()
    for (const { value } of [...own, ...mates]) seen.set(value.h, readWire(value.h, value.w))
    return [...seen.values()]
  }

  private async appendNow(
    source: Source, extra: readonly VaultChange[], also: AlsoFor | undefined,
  ): Promise<Appended> {
    try {
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const built = await this.build(source, extra)
        const outcome = await this.commit(built, extra, also)
        if (outcome === 'full') return refuse('storage_full')
        // A handle that died during the commit is retried by the disk and then looks stale:
        // the event is there after all, and a second one would be a double.
        if (outcome === 'done' || (await this.holds(built))) return success(built)
      }
      return refuse('store_lost')
    } catch (error) {
      if (error instanceof Declined) return error.refusal
      if (error instanceof BadBody || error instanceof NotCanonical) return badBody(error.message)
      return storeTrouble(error)
    }
  }

  private async commit(built: Built, extra: readonly VaultChange[], also: AlsoFor | undefined) {
    const { vault } = this.parts
    const own = await vault.prepare([...built.changes, ...extra])
    if (also === undefined) return commitAll(vault.disk, own)
    const copies = await also.vault.prepare(
      built.events.flatMap((event, i): VaultChange[] => {
        const kept = built.wires[i]
        if (kept === undefined) return []
        const carried: CarriedFact = { ...kept, soft: true, insp: event.header.insp }
        return [
          { put: `${MATE}${event.header.insp}/${kept.h}`, value: kept },
          { put: carriedKey(event.header.dev, event.header.n), value: carried },
        ]
      }),
    )
    return commitAll(vault.disk, own, copies)
  }

  private async holds(built: Built): Promise<boolean> {
    for (const event of built.events) {
      const kept = await this.parts.vault.get<KeptEvent>(eventKey(event.header.insp, event.header.n))
      if (kept?.h !== event.h) return false
    }
    return true
  }

  private async build(source: Source, extra: readonly VaultChange[]): Promise<Built> {
    const { vault, clock } = this.parts
    const end = await this.chain()
    // After the chain row: what another tab adds from here on makes the commit stale, and the source is asked again.
    const items = await source()
    const [rotated, offset, anchor] = await Promise.all([
      vault.recall(ROTATED), vault.recall<OffsetFact>('offset'), vault.recall<AnchorFact>('anchor'),
    ])
    // What an old key says after it has named another one is believed by nobody (docs/keys.md).
    if (rotated.rev > 0) throw new Declined(refuse('changed', '密钥已更换：请先在“我的”里完成更换，再继续记录。'))
    const counters = new Map<string, { i: number; rev: number }>()
    let chain = end.value
    const wall = clock.wall()
    const mono = clock.mono()
    const jump = chain.n === 0 ? 0 : rollback(chain, wall, mono, clock.boot)
    const all: NewEvent[] =
      jump === 0 ? [...items] : [{ type: 'clock.jump', body: { delta: jump }, insp: '' }, ...items]

    const out: Built = { changes: [], events: [], wires: [] }
    const fresh = new Set(extra.flatMap((change) => ('put' in change ? [change.put] : [])))
    for (const item of all) {
      const counter = counters.get(item.insp) ?? (await this.counter(item.insp))
      const made = await this.sign(item, chain, counter.i, { wall, mono, offset: offset.value, anchor: anchor.value })
      counters.set(item.insp, { i: counter.i + 1, rev: counter.rev })
      chain = { n: chain.n + 1, prev: made.kept.h, wall, mono, boot: clock.boot }
      out.events.push(made.event)
      out.wires.push(made.kept)
      out.changes.push({ put: eventKey(item.insp, made.event.header.n), value: made.kept, expect: 0 })
      if (item.type === 'seal') out.changes.push({ put: `sealed/${item.insp}`, value: { h: made.kept.h } })
      for (const sha of filesNamed(item.body)) {
        // Packs and papers came from the server: an event may name them, they are not sent back.
        const known = fresh.has(`file/${sha}`) ? 'own' : (await vault.get<{ origin: string }>(`file/${sha}`))?.origin
        if (known !== 'own') continue
        const named: NamedFact = { insp: item.insp, h: made.kept.h, type: item.type }
        out.changes.push({ put: `named/${item.insp === '' ? '-' : item.insp}/${sha}`, value: named })
      }
    }
    // Counters and the note of a new key are written together with the chain only: its revision vouches for them.
    out.changes.push(
      { put: CHAIN, value: chain, expect: end.rev },
      { unchanged: 'offset', expect: offset.rev }, { unchanged: 'anchor', expect: anchor.rev },
    )
    for (const [insp, { i, rev }] of counters) out.changes.push({ put: `count/${insp}`, value: { i }, over: rev })
    return out
  }

  /** The end of the chain; from the events themselves where its own row is damaged. */
  private async chain(): Promise<{ value: ChainFact; rev: number }> {
    const { vault } = this.parts
    const { value, rev } = await vault.recall<ChainFact>(CHAIN)
    if (value !== undefined) return { value, rev }
    if (rev === 0) return { value: { n: 0, prev: GENESIS_PREV, wall: 0, mono: 0, boot: '' }, rev }
    const last = (await vault.keys(EVENT)).sort((a, b) => numberOf(a) - numberOf(b)).at(-1)
    // Without the last event nobody knows what comes next: a guess would be a fork.
    const kept = last === undefined ? undefined : await vault.get<KeptEvent>(last)
    if (kept === undefined) throw new VaultDamaged(CHAIN)
    const { n, wall, mono, boot } = readWire(kept.h, kept.w).header
    return { value: { n: n + 1, prev: kept.h, wall, mono, boot }, rev }
  }

  private async counter(insp: string): Promise<{ i: number; rev: number }> {
    const { vault } = this.parts
    const { value, rev } = await vault.recall<{ i: number }>(`count/${insp}`)
    // Damaged or not there yet: as many as there are events.
    return { i: value?.i ?? (await vault.keys(`${EVENT}${insp === '' ? '-' : insp}/`)).length, rev }
  }

  private async sign(
    item: NewEvent, chain: ChainFact, i: number,
    at: { wall: number; mono: number; offset: OffsetFact | undefined; anchor: AnchorFact | undefined },
  ): Promise<{ kept: KeptEvent; event: LogEvent }> {
    const { vault, signer, clock, random, user } = this.parts
    const body: JsonObject = { ...item.body, salt: b64url(random.bytes(12)) }
    // The server would refuse it for good; here the person can still put it right.
    const wrong = checkBody(item.type, body)
    if (wrong.length > 0) throw new BadBody(wrong.join('；'))
    const bodyBytes = encode(body)
    const { off, offage } = age(at.offset, at.wall, at.mono, clock.boot)
    const header: EventHeader = {
      v: 1, t: item.type, dev: vault.dev, n: chain.n, prev: chain.prev, insp: item.insp, i,
      wall: at.wall, mono: at.mono, boot: clock.boot, off, offage, by: user,
      body: b64url(await bodyHash(bodyBytes)), blen: bodyBytes.length,
      ...(at.anchor === undefined ? {} : { seen: [at.anchor.size, at.anchor.root] as const }),
    }
    const headerBytes = encode(header as unknown as JsonObject, HEADER_LIMIT)
    const [hash, signature] = await Promise.all([eventHash(headerBytes), signer.sign(pae(headerBytes))])
    const h = b64url(hash)
    const w: WireEvent = { h: fromUtf8(headerBytes), s: b64url(signature), b: fromUtf8(bodyBytes) }
    return { kept: { h, w }, event: { h, header, body } }
  }
}

function success(built: Built): Appended {
  const last = built.events[built.events.length - 1]
  if (last === undefined) return badBody('没有要保存的内容')
  return { ok: true, h: last.h, n: last.header.n, wall: last.header.wall, events: built.events }
}

/** 0 when the clock is plausible, else how far it went back, ms (negative). */
export function rollback(last: ChainFact, wall: number, mono: number, boot: string): number {
  const walked = wall - last.wall
  if (last.boot !== boot) return walked < 0 ? walked : 0
  const behind = walked - (mono - last.mono)
  return walked < 0 || behind < -ROLLBACK_MS ? Math.min(behind, walked) : 0
}

/** `offage` counts on mono inside one boot, on the wall clock across a restart, -1 never measured. */
function age(offset: OffsetFact | undefined, wall: number, mono: number, boot: string) {
  if (offset === undefined) return { off: 0, offage: -1 }
  const since = offset.boot === boot ? mono - offset.mono : wall - offset.wall
  return { off: offset.off, offage: Math.max(0, since) }
}

function numberOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1))
}

function filesNamed(body: JsonObject): string[] {
  const found: string[] = []
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      if (SHA256_HEX.test(value)) found.push(value)
    } else if (typeof value === 'object' && value !== null) {
      Object.values(value).forEach(walk)
    }
  }
  walk(body)
  return [...new Set(found)]
}

