import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { commitment } from '../core/draw'
import { b64url, fromB64url, sha256 } from './bytes'
import { commitTo, forgetNumber, numberOf } from './drawNumbers'

describe('the number of a party', () => {
  it('is what its commitment says, and stays the same however often it is asked for', async () => {
    expect(await numberOf('d1', 'official_a')).toBeUndefined()
    const first = await commitTo('d1', 'official_a')
    const value = fromB64url((await numberOf('d1', 'official_a')) ?? '')
    expect(value).toHaveLength(32)
    expect(b64url(await commitment(sha256, 'd1', 'official_a', value))).toBe(first)
    expect(await commitTo('d1', 'official_a')).toBe(first)
  })
  it('is one per draw and party', async () => {
    const made = await Promise.all([commitTo('d2', 'official_a'), commitTo('d3', 'official_a'), commitTo('d2', 'superior')])
    expect(new Set(made).size).toBe(3)
  })
  it('is the same for two tabs at once', async () => {
    const [one, other] = await Promise.all([commitTo('d4', 'official_a'), commitTo('d4', 'official_a')])
    expect(one).toBe(other)
  })
  it('is gone when it is not needed any more', async () => {
    await commitTo('d5', 'official_a')
    await forgetNumber('d5', 'official_a')
    expect(await numberOf('d5', 'official_a')).toBeUndefined()
  })
  it('lies sealed: the store holds no 32 readable bytes', async () => {
    await commitTo('d6', 'official_a')
    const value = await numberOf('d6', 'official_a')
    const { openDB } = await import('idb')
    const row = await (await openDB('suijian-draw', 1)).get('number', 'd6/official_a') as { key: CryptoKey; sealed: ArrayBuffer }
    expect(row.key.extractable).toBe(false)
    expect(b64url(new Uint8Array(row.sealed))).not.toContain(value)
  })
})

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

describe('a commitment', () => {
  it('is the one of the worked vector (draw.md 3.8)', async () => {
    const value = new Uint8Array(32).fill(1)
    expect(hex(await commitment(sha256, 'D1', 'official_a', value))).toBe('5dc53d705816495de18a3fbde2369c6f6a7f89e371e95f7a0c8e275837988750')
  })
  it('is another one for another draw, party or value', async () => {
    const value = new Uint8Array(32).fill(1)
    const made = await Promise.all([commitment(sha256, 'D1', 'official_a', value), commitment(sha256, 'D2', 'official_a', value), commitment(sha256, 'D1', 'superior', value), commitment(sha256, 'D1', 'official_a', new Uint8Array(32))])
    expect(new Set(made.map(hex)).size).toBe(4)
  })
})
