import { readdirSync, readFileSync } from 'node:fs'
import { webcrypto } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { digest, pinOf, signedDigest } from './attest'
import type { Bytes } from './bytes'
import { checkBody } from './events'
import { AFTER_SEAL, CONTENT, PROCEDURE, SHAPES } from './eventTypes'
import { gist, type Gist } from './gist'
import { fold, type RawEvent, type Visit } from './fold'
import { missing, type Need, STAGES, type Stage, type Step, steps } from './needs'
import type { Pack } from './pack'
import { recordText } from './recordText'
import type { Chain } from './visit'

const VECTORS = new URL('../../../tests/vectors/', import.meta.url)
const sha256 = async (bytes: Bytes): Promise<Uint8Array> =>
  new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes))

interface Vector {
  readonly pack: Pack
  readonly events: readonly RawEvent[]
  readonly want_visit: Visit
  readonly want_missing: Readonly<Record<Stage, readonly Need[]>>
  readonly want_steps: readonly Step[]
  readonly want_text: readonly string[]
  readonly want_chains: readonly Chain[]
  readonly want_pin: string
  readonly want_d: string
  readonly want_gist: Gist
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as T
}

const NAMES = readdirSync(VECTORS).filter((name) => name.startsWith('fold-') && name.endsWith('.json'))

/** mulberry32: a seeded generator, so that a failing order can be repeated. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[out[i], out[j]] = [out[j] as T, out[i] as T]
  }
  return out
}

describe('the fold on the phone', () => {
  it('has the vectors of the server before it', () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(15)
  })

  it.each(NAMES)('reads %s as the server does', async (name) => {
    const vector = read<Vector>(name)
    const visit = await fold(sha256, vector.events, vector.pack)
    expect(visit).toEqual(vector.want_visit)
    expect(visit.chains).toEqual(vector.want_chains)
    const text = recordText(visit, vector.pack)
    expect(text.split('\n').slice(0, -1)).toEqual(vector.want_text)
    expect(await pinOf(sha256, vector.pack)).toBe(vector.want_pin)
    expect(await digest(sha256, visit, text)).toBe(vector.want_d)
    expect(gist(visit, vector.pack)).toEqual(vector.want_gist)
    for (const stage of STAGES) expect(missing(visit, vector.pack, stage)).toEqual(vector.want_missing[stage])
    const outcome = visit.outcome?.kind ?? 'completed'
    expect(steps(vector.pack.profile, vector.pack, outcome)).toEqual(vector.want_steps)
  })

  it.each(NAMES)('tells the same visit of %s in whatever order events come, and twice', async (name) => {
    const vector = read<Vector>(name)
    for (let seed = 1; seed <= 6; seed++) {
      const random = generator(seed)
      const order = shuffled([...vector.events, ...vector.events.slice(0, 7)], random)
      expect(await fold(sha256, order, vector.pack), `seed ${seed}`).toEqual(vector.want_visit)
    }
  })

  it('never fails, whatever body stands under whatever type', async () => {
    const junk: unknown[] = [null, 0, '', [], {}, { salt: 1 }, 'x', [[{}]], { h: '{}', s: '', b: '{' }, true, 1.5]
    for (const name of NAMES) {
      const vector = read<Vector>(name)
      const random = generator(name.length)
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
      const bodies = [...junk, ...vector.events.map((event) => event.body)]
      const events = vector.events.map((event) => ({
        h: event.h,
        header: random() < 0.1 ? pick(bodies) : event.header,
        body: random() < 0.4 ? pick(bodies) : event.body,
      }))
      const visit = await fold(sha256, events, vector.pack)
      expect(recordText(visit, vector.pack)).toContain(vector.pack.agency.name)
      expect(missing(visit, vector.pack)).toBeInstanceOf(Array)
    }
  })

  it('keeps the record code of the party through a second round', async () => {
    const { pack, want_visit: visit } = read<Vector>('fold-returned-report.json')
    const signed = recordText(visit, pack, false)
    expect(await signedDigest(sha256, visit, signed)).toBe(visit.seals[0]?.d)
    expect(await signedDigest(sha256, { ...visit, seals: [] }, signed)).toBe(await digest(sha256, visit, signed))
  })

  it('shows no coordinate where the profile forbids them', async () => {
    const vector = read<Vector>('fold-cad-visit.json')
    const visit = await fold(sha256, vector.events, vector.pack)
    expect(visit.fixes).toEqual([])
    expect(visit.geo_refused).toHaveLength(1)
    expect(JSON.stringify(visit)).not.toContain('1130000000')
  })
})

describe('the table of event types', () => {
  it('is the same word for word on phone and server', () => {
    const after = [...AFTER_SEAL].sort()
    expect({ shapes: SHAPES, content: CONTENT, procedure: PROCEDURE, after_seal: after }).toEqual(
      read('event-types.json'),
    )
  })

  it('names the problems of a body in the same sentences', () => {
    const cases = read<{ t: string; body: unknown; want: string[]; want_lenient: string[] }[]>('event-bodies.json')
    for (const { t, body, want, want_lenient: lenient } of cases) {
      expect(checkBody(t, body)).toEqual(want)
      expect(checkBody(t, body, false)).toEqual(lenient)
    }
  })
})
