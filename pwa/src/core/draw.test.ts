import { describe, expect, it } from 'vitest'
import { sha256 } from '../device/bytes'
import { commitment } from './draw'

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
