import { describe, expect, it } from 'vitest'
import { type Bytes, remembering, utf8 } from './bytes'
import { chainRoot } from './chain'

const real = async (bytes: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
const leaf = (n: number): Bytes => utf8(`event ${n}`.padEnd(32, '.'))
const leaves = (n: number): Bytes[] => Array.from({ length: n }, (_, at) => leaf(at))

function counted(): { hash: (bytes: Bytes) => Promise<Bytes>; asked: () => number } {
  let asked = 0
  return {
    hash: (bytes) => {
      asked += 1
      return real(bytes)
    },
    asked: () => asked,
  }
}

describe('a remembering hash', () => {
  it('gives every tree the root it has without memory', async () => {
    const hash = remembering(real)
    for (let n = 0; n < 70; n += 1) expect(await chainRoot(hash, leaves(n))).toEqual(await chainRoot(real, leaves(n)))
  })

  it('costs one more event what one more event adds, not the record', async () => {
    const { hash, asked } = counted()
    const remembered = remembering(hash)
    await chainRoot(remembered, leaves(500))
    const before = asked()
    await chainRoot(remembered, leaves(501))
    expect(asked() - before).toBeLessThanOrEqual(1 + Math.ceil(Math.log2(501)))
  })

  it('keeps nothing of long messages', async () => {
    const { hash, asked } = counted()
    const remembered = remembering(hash)
    const text = utf8('现场检查记录'.repeat(20))
    expect(await remembered(text)).toEqual(await real(text))
    await remembered(text)
    expect(asked()).toBe(2)
  })

  it('asks again after a failure', async () => {
    let broken = true
    const remembered = remembering(async (bytes) => {
      if (broken) throw new Error('no hash today')
      return real(bytes)
    })
    await expect(remembered(leaf(1))).rejects.toThrow('no hash today')
    broken = false
    expect(await remembered(leaf(1))).toEqual(await real(leaf(1)))
  })

  it('stays bounded and right when it has forgotten', async () => {
    const { hash, asked } = counted()
    const remembered = remembering(hash)
    for (let n = 0; n < 5_000; n += 1) await remembered(leaf(n))
    expect(await remembered(leaf(0))).toEqual(await real(leaf(0)))
    expect(asked()).toBe(5_001)
  })
})
