/** The codes of 双机互签: what one phone writes another reads byte for byte, and nothing else is ever believed. */
import { webcrypto } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import * as b64url from './b64url'
import * as base45 from './base45'
import type { Bytes } from './bytes'
import { utf8 } from './bytes'
import * as canonical from './canonical'
import { bodyHash } from './chain'
import { codesOf, Collector, PIECE, PREFIX, type Read } from './codes'
import { attestOf, type Carried, type Offer, offerHash, readAnswer, readOffer, signedBytes, wireOf, writeAnswer, writeOffer } from './offer'

const sha256 = async (bytes: Bytes): Promise<Uint8Array> => new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes))

/** mulberry32: a seeded generator, so that a failing case can be repeated. */
function generator(seed: number): (most: number) => number {
  let state = seed
  return (most) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % most
  }
}
const bytesOf = (below: (most: number) => number, length: number): Bytes => Uint8Array.from({ length }, () => below(256))
const id = (below: (most: number) => number, length: number): string => b64url.encode(bytesOf(below, length))
const WORDS = ['防火门用木楔顶住', '堆放杂物😀', 'ab', '', '疏散通道'.repeat(15)]

function anOffer(seed: number, findings = seed % 4): Offer {
  const below = generator(seed)
  return {
    insp: seed % 3 === 0 ? `insp-${seed}` : '0195f2d0-7c1a-7abc-8def-0123456789ab',
    dev: id(below, 16), nonce: id(below, 8), at: 1_795_000_000_000 + below(1000), pin: id(below, 32), text: id(below, 32),
    chains: Array.from({ length: 1 + (seed % 3) }, (_, at) => ({ dev: b64url.encode(Uint8Array.from([at, ...bytesOf(below, 15)])), n: 1 + below(5000), root: id(below, 32) })),
    gist: {
      outcome: 'completed', from: 1_795_000_000_000, to: 1_795_000_000_000 + below(1e7), answered: below(300), open: below(9), fails: findings, conflicts: 0, photos: below(40), audio: 0,
      findings: Array.from({ length: findings }, (_, at) => ({ checklist: 'CL-1', item: `FB-${at}`, sheet: below(3), text: WORDS[below(WORDS.length)] ?? '' })),
    },
  }
}

async function anEvent(offer: Offer, seed: number): Promise<Carried> {
  const below = generator(seed * 7 + 1)
  const body = canonical.encode({ ...(await attestOf(sha256, offer)), salt: id(below, 12) })
  const header = {
    v: 1, t: 'attest', dev: id(below, 16), n: below(100_000), prev: id(below, 32), insp: offer.insp, i: below(90), wall: 1_795_000_000_000, mono: below(1e9),
    boot: id(below, 6), off: below(2) ? -below(1e6) : below(1e6), offage: below(2) ? -1 : below(1e8), by: 'u-he', body: b64url.encode(await bodyHash(sha256, body)), blen: body.length,
    ...(below(2) ? { seen: [1 + below(1e6), id(below, 32)] } : {}),
  }
  return { h: new TextDecoder().decode(canonical.encode(header)), s: id(below, 64), b: new TextDecoder().decode(body) }
}

async function scanned(texts: readonly string[]): Promise<Read> {
  const collector = new Collector(sha256)
  let last: Read = { is: 'foreign' }
  for (const text of texts) last = await collector.take(text)
  return last
}

describe('base45', () => {
  it('writes the examples of RFC 9285 and reads them back', () => {
    for (const [text, code] of [['AB', 'BB8'], ['Hello!!', '%69 VD92EX0'], ['base-45', 'UJCLQE7W581'], ['ietf!', 'QED8WEX0']] as const) {
      expect(base45.encode(utf8(text))).toBe(code)
      expect(base45.decode(code)).toEqual(utf8(text))
    }
  })

  it.each(['A', 'GGW', ':::', '::', 'ab1', 'BB8A', 'B,8'])('refuses %s', (text) => {
    expect(() => base45.decode(text)).toThrow(RangeError)
  })

  it('has one spelling per byte string', () => {
    const below = generator(5)
    for (let round = 0; round < 300; round++) {
      const bytes = bytesOf(below, below(60))
      expect(base45.decode(base45.encode(bytes))).toEqual(bytes)
      const text = Array.from({ length: below(20) }, () => '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'.charAt(below(45))).join('')
      let read: Bytes | undefined
      try {
        read = base45.decode(text)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
      if (read !== undefined) expect(base45.encode(read)).toBe(text)
    }
  })
})

describe('an offer', () => {
  it('is read as it was written, with every finding', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const offer = anOffer(seed, seed % 21)
      expect(readOffer(writeOffer(offer)), `seed ${seed}`).toEqual(offer)
    }
  })

  it('of a usual visit is one code; with twenty long findings it is several of at most version 15', async () => {
    expect(await codesOf(sha256, 'offer', writeOffer(anOffer(1, 0)))).toHaveLength(1)
    const long = anOffer(1, 20)
    const codes = await codesOf(sha256, 'offer', writeOffer({ ...long, gist: { ...long.gist, findings: long.gist.findings.map((one) => ({ ...one, text: '疏'.repeat(61) })) } }))
    expect(codes.length).toBeGreaterThan(5)
    // 600 characters of the alphanumeric mode are version 15 at level M.
    for (const code of codes) expect(code).toMatch(/^SJ:[0-9A-Z $%*+\-./:]{1,597}$/)
  })

  it('never fails in another way than by a RangeError, whatever bytes come', () => {
    const below = generator(11)
    for (let round = 0; round < 3000; round++) {
      const bytes = below(2) ? writeOffer(anOffer(1 + below(9))) : bytesOf(below, below(300))
      const cut = bytes.slice(0, below(2) ? bytes.length : below(bytes.length + 1))
      if (cut.length > 0) cut[below(cut.length)] = below(256)
      try {
        writeOffer(readOffer(cut))
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }
  })
})

describe('codes in turn', () => {
  const message = bytesOf(generator(3), PIECE * 4 + 17)

  it('are read in any order, with parts seen twice, and say how many are still missing', async () => {
    const codes = await codesOf(sha256, 'offer', message)
    expect(codes).toHaveLength(5)
    const collector = new Collector(sha256)
    const reads: Read[] = []
    for (const at of [3, 3, 0, 4, 0, 2, 1]) reads.push(await collector.take(codes[at] ?? ''))
    expect(reads.map((one) => (one.is === 'part' ? one.have : one.is))).toEqual([1, 1, 2, 3, 3, 4, 'whole'])
    expect(reads.at(-1)).toMatchObject({ kind: 'offer', message })
  })

  it('of another message begin anew, so that parts of two offers are never put together', async () => {
    const [first = ''] = await codesOf(sha256, 'offer', message)
    const other = message.slice()
    other[0] = (message[0] ?? 0) ^ 1
    const rest = (await codesOf(sha256, 'offer', other)).slice(1)
    expect(await scanned([first, ...rest])).toEqual({ is: 'part', have: 4, all: 5 })
  })

  it('that are damaged are called so: one flipped bit anywhere is never a message', async () => {
    const below = generator(17)
    const codes = await codesOf(sha256, 'answer', message.slice(0, 200))
    for (let round = 0; round < 200; round++) {
      const frame = base45.decode((codes[0] ?? '').slice(PREFIX.length))
      const at = below(frame.length)
      frame[at] = (frame[at] ?? 0) ^ (1 << below(8))
      expect((await scanned([PREFIX + base45.encode(frame)])).is).not.toBe('whole')
    }
  })

  it.each([['https://example.org/', 'foreign'], ['SJ:abc', 'damaged'], ['SJ:', 'damaged'], ['', 'foreign']])('%s is %s', async (text, is) => {
    expect((await scanned([text])).is).toBe(is)
  })
})

describe('an answer', () => {
  it('gives the offerer the second phone’s event byte for byte, in one code', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const offer = anOffer(seed)
      const wire = await anEvent(offer, seed)
      const codes = await codesOf(sha256, 'answer', writeAnswer(wire))
      expect(codes).toHaveLength(1)
      const read = await scanned(codes)
      if (read.is !== 'whole') throw new Error(`seed ${seed}: ${read.is}`)
      const answer = readAnswer(read.message)
      expect(b64url.decode(answer.offer)).toEqual(b64url.decode(await offerHash(sha256, offer)).subarray(0, 16))
      expect(await wireOf(sha256, offer, answer, 'u-he'), `seed ${seed}`).toEqual(wire)
    }
  })

  it('read against another offer, or as another person’s, is another event, which the signature tells', async () => {
    const offer = anOffer(2)
    const wire = await anEvent(offer, 2)
    const answer = readAnswer(writeAnswer(wire))
    const others = [{ ...offer, nonce: b64url.encode(new Uint8Array(8)) }, { ...offer, gist: { ...offer.gist, fails: 9 } }, { ...offer, insp: 'another' }]
    for (const other of others) expect(signedBytes(await wireOf(sha256, other, answer, 'u-he'))).not.toEqual(signedBytes(wire))
    expect(signedBytes(await wireOf(sha256, offer, answer, 'u-lin'))).not.toEqual(signedBytes(wire))
  })

  it('never fails in another way than by a RangeError, whatever bytes come', async () => {
    const below = generator(23)
    const good = writeAnswer(await anEvent(anOffer(4), 4))
    for (let round = 0; round < 2000; round++) {
      const bytes = below(2) ? good.slice(0, below(good.length + 1)) : bytesOf(below, below(260))
      if (bytes.length > 0) bytes[below(bytes.length)] = below(256)
      try {
        readAnswer(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }
  })
})
