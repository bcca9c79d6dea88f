/** The head code people type when no camera works: all of D, and a slip is found where it was made. */
import { describe, expect, it } from 'vitest'
import { fullCode, GROUPS, readTyped, shortCode } from './headCode'

const digest = Uint8Array.from({ length: 32 }, (_, at) => (at * 37 + 11) % 256)
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

describe('the full head code', () => {
  it('carries every bit of the digest, however it is spaced and spelled', () => {
    for (let seed = 0; seed < 50; seed++) {
      const one = digest.map((byte, at) => (byte * (seed + 1) + at) & 255)
      const groups = fullCode(one)
      expect(groups).toHaveLength(GROUPS)
      for (const text of [groups.join('-'), groups.join(' ').toLowerCase(), groups.join('')]) expect(readTyped(text)).toEqual({ is: 'full', digest: one })
    }
  })

  it('names the group in which any single character is wrong', () => {
    const groups = fullCode(digest)
    for (let group = 0; group < GROUPS; group++)
      for (let at = 0; at < 5; at++)
        for (const other of ALPHABET) {
          const good = groups[group] ?? ''
          if (good.charAt(at) === other) continue
          const typed = groups.map((one, i) => (i === group ? good.slice(0, at) + other + good.slice(at + 1) : one)).join('')
          expect(readTyped(typed)).toEqual({ is: 'wrong', group: group + 1 })
        }
  })

  it('finds two groups that changed places', () => {
    const groups = fullCode(digest)
    const swapped = [groups[1], groups[0], ...groups.slice(2)].join('')
    expect(readTyped(swapped)).toEqual({ is: 'wrong', group: 1 })
  })

  it.each(['', 'ABC', 'U'.repeat(65), '0'.repeat(64), '啊'.repeat(10)])('refuses %s', (text) => {
    expect(readTyped(text).is).toBe('wrong')
  })
})

it('the short head code is the record code in two groups, and forgives O, I and L', () => {
  const code = shortCode(digest)
  expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/)
  expect(readTyped(code)).toEqual({ is: 'short', code: code.replace('-', '') })
  expect(readTyped('oil0o-00000')).toEqual({ is: 'short', code: '0110000000' })
})
