import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as b64url from './b64url'
import { type Bytes, hex, utf8 } from './bytes'
import * as canonical from './canonical'
import * as chain from './chain'
import * as merkle from './merkle'

const sha256 = async (bytes: Bytes): Promise<Uint8Array> =>
  new Uint8Array(createHash('sha256').update(bytes).digest())
const vector = (name: string) =>
  JSON.parse(readFileSync(`${import.meta.dirname}/../../../tests/vectors/${name}`, 'utf8'))
const fromHex = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'hex'))
const leaf = (i: number): Promise<Uint8Array> => merkle.leafHash(sha256, Uint8Array.of(i))

describe('the chain', () => {
  it('gives the worked event its published hashes', async () => {
    const v = vector('event.json')
    const body = utf8(v.body)
    const header = utf8(v.header)
    expect([body.length, header.length]).toEqual([v.body_bytes, v.header_bytes])
    expect(canonical.encode(canonical.decode(header, canonical.HEADER_LIMIT))).toEqual(header)
    expect(hex(await chain.bodyHash(sha256, body))).toBe(v.body_hash_hex)
    expect(chain.pae(header).length).toBe(v.pae_bytes)
    expect(hex(await chain.eventHash(sha256, header))).toBe(v.event_hash_hex)
    expect(await chain.deviceId(sha256, new Uint8Array(v.spki_zero_bytes))).toBe(v.device_id)
    expect(chain.GENESIS_PREV).toBe(v.genesis_prev)
  })

  it('computes what two inspectors attest, whatever the order of the phones', async () => {
    const v = vector('attest-digest.json')
    const pin = await chain.pinHash(sha256, v.pin.checklists, v.pin.items, v.pin.rules)
    expect(b64url.encode(pin)).toBe(v.pin.pin)
    expect(b64url.encode(await chain.textHash(sha256, v.text))).toBe(v.text_hash)
    for (const head of v.chains) {
      const events = head.events.map((event: string) => b64url.decode(event, 32))
      expect(b64url.encode(await chain.chainRoot(sha256, events))).toBe(head.root)
    }
    for (const chains of [v.chains, [...v.chains].reverse()]) {
      const digest = await chain.attestedDigest(sha256, v.insp, v.pin.pin, v.text_hash, chains)
      expect(b64url.encode(digest)).toBe(v.digest)
      expect(chain.recordCode(digest)).toBe(v.record_code)
    }
    for (const row of v.record_codes) expect(chain.recordCode(fromHex(row.digest_hex))).toBe(row.code)
  })

  it('has no digest for an ambiguous list of chains', async () => {
    const head = { dev: 'A'.repeat(22), n: 1, root: 'A'.repeat(43) }
    for (const chains of [[head, head], [{ ...head, n: 0 }], [{ ...head, n: 1.5 }]])
      await expect(chain.attestedDigest(sha256, 'i', 'p', 't', chains)).rejects.toThrow()
  })

  it('reads a typed record code kindly and nothing else', () => {
    expect(chain.readRecordCode(' 0oil1-abcde ')).toBe('00111ABCDE')
    for (const bad of ['', '000000000', '00000000000', 'U000000000', '00000\n00000'])
      expect(() => chain.readRecordCode(bad)).toThrow(RangeError)
  })

  it('reads base64 in one spelling only', () => {
    for (const bad of ['A', 'AB', 'AA==', 'A+', 'AA\n', 'é']) expect(() => b64url.decode(bad)).toThrow(RangeError)
    for (const bad of ['AA', 'AB==', 'AAA', 'AA=', 'A===', '====', 'A-==', 'AAAA=', 'AAAA===='])
      expect(() => b64url.decodeStandard(bad)).toThrow(RangeError)
    for (let length = 0; length < 8; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => 255 - i * 31)
      expect(b64url.encodeStandard(bytes)).toBe(Buffer.from(bytes).toString('base64'))
      expect(b64url.decodeStandard(b64url.encodeStandard(bytes))).toEqual(bytes)
      expect(b64url.encode(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
      expect(b64url.decode(b64url.encode(bytes), length)).toEqual(bytes)
    }
  })
})

describe('the tree', () => {
  it('has the published roots and proofs', async () => {
    const v = vector('merkle.json')
    const leaves = await Promise.all(v.leaves_hex.map((data: string) => merkle.leafHash(sha256, fromHex(data))))
    for (const [n, root] of v.roots_hex.entries())
      expect(hex(await merkle.root(sha256, leaves.slice(0, n)))).toBe(root)
    for (const row of v.inclusion)
      expect((await merkle.inclusionProof(sha256, leaves.slice(0, row.size), row.index)).map(hex)).toEqual(row.proof_hex)
    for (const row of v.consistency)
      expect((await merkle.consistencyProof(sha256, leaves.slice(0, row.size), row.old)).map(hex)).toEqual(row.proof_hex)
  })

  it('proves every leaf of every small tree, and only there', async () => {
    const all = await Promise.all(Array.from({ length: 13 }, (_, i) => leaf(i)))
    for (let size = 1; size <= 13; size++) {
      const root = await merkle.root(sha256, all.slice(0, size))
      for (const [index, own] of all.slice(0, size).entries()) {
        const proof = await merkle.inclusionProof(sha256, all.slice(0, size), index)
        const holds = (at: number, hash: Uint8Array, path: readonly Uint8Array[]): Promise<boolean> =>
          merkle.verifyInclusion(sha256, hash, at, size, path, root)
        expect(await holds(index, own, proof)).toBe(true)
        expect(await holds(index, await leaf(99), proof)).toBe(false)
        expect(await holds(index, own, [...proof, new Uint8Array(32)])).toBe(false)
        expect(await holds(index + 0.5, own, proof)).toBe(false)
        for (let at = 0; at <= size; at++) if (at !== index) expect(await holds(at, own, proof)).toBe(false)
      }
    }
  })

  it('proves every beginning of every small tree, and no rewritten one', async () => {
    const all = await Promise.all(Array.from({ length: 13 }, (_, i) => leaf(i)))
    for (let size = 0; size <= 13; size++) {
      const root = await merkle.root(sha256, all.slice(0, size))
      for (let old = 0; old <= size; old++) {
        const before = await merkle.root(sha256, all.slice(0, old))
        const proof = await merkle.consistencyProof(sha256, all.slice(0, size), old)
        expect(await merkle.verifyConsistency(sha256, old, size, before, root, proof)).toBe(true)
        expect(await merkle.verifyConsistency(sha256, old, size, await leaf(99), root, proof)).toBe(false)
        // Every tree continues the empty one, so there an invented root is nobody's lie.
        expect(await merkle.verifyConsistency(sha256, old, size, before, await leaf(99), proof)).toBe(old === 0 && size > 0)
        expect(await merkle.verifyConsistency(sha256, old, size, before, root, [...proof, before])).toBe(false)
        if (old < size) expect(await merkle.verifyConsistency(sha256, size, old, root, before, proof)).toBe(false)
      }
    }
  })
})

describe('what the review compares', () => {
  // The same two constants stand in tests/inspections/test_verdict.py.
  it('gives the live code and the value hash of the server', async () => {
    expect(await chain.liveCode(sha256, '0198', 'root')).toBe('8305')
    expect(b64url.encode(await chain.valueHash(sha256, '甲'))).toBe('miQ7Za_Jv4cUrJTYmY8Y06TroXoEke81OWOpS1J6RzQ')
  })
})
