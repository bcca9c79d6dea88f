import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from './bytes'
import { decode, encode, fromJson, LIMIT, NotCanonical } from './canonical'

const lines = (name: string): readonly Uint8Array[] =>
  readFileSync(`${import.meta.dirname}/../../../tests/vectors/${name}`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => new Uint8Array(Buffer.from(line, 'base64')))
const spelling = (value: unknown): string => fromUtf8(encode(value))
const strict = (text: string): string => fromUtf8(fromJson(utf8(text)))

describe('canonical JSON', () => {
  it.each(lines('canon-accepted.txt').map((bytes) => [fromUtf8(bytes), bytes] as const))('keeps %s', (_, bytes) => {
    expect(encode(decode(bytes))).toEqual(bytes)
    expect(fromJson(bytes)).toEqual(bytes)
  })

  it.each(lines('canon-refused.txt').map((bytes) => [Buffer.from(bytes).toString('latin1'), bytes] as const))(
    'refuses %j',
    (_, bytes) => {
      expect(() => decode(bytes)).toThrow(NotCanonical)
    },
  )

  it('makes another spelling canonical and does not accept it as received', () => {
    const loose = ' { "b" : [ 1 , true ] ,\r\n\t"a" : "\\u0041\\/" } '
    expect(strict(loose)).toBe('{"a":"A/","b":[1,true]}')
    expect(() => decode(utf8(loose))).toThrow(NotCanonical)
    expect(strict('"\\ud83d\\ude00"')).toBe('"😀"')
    expect(strict('"\\u001F\\u007f\\u2028"')).toBe('"\\u001f\u007f\u2028"')
  })

  it.each([
    '', ' ', 'null', '-0', '-', '01', '+1', '1 2', '[1,]', '[,1]', '{,}', '{"a":1,}', '{"a"}', '{"a":}', '{a:1}',
    '{"a":1,"\\u0061":2}', '{"":1}', '{"__proto__":{}}', '{"\\u005f_proto__":{}}', '{"a\\n":1}', '"\\ud800"',
    '"\\udc00\\ud800"', '"\n"', '"\u0000"', '"', '"\\', '"\\u12', '"\\u 123"', '"\\u+123"', '\ufeff{}', '{}\ufeff',
    'tru', 'truee', '9007199254740992', '9'.repeat(5000), '\u000b1', '\u00a01', '１', `{"${'a'.repeat(33)}":1}`,
  ])('refuses %j in any spelling', (text) => {
    expect(() => fromJson(utf8(text))).toThrow(NotCanonical)
  })

  it('never lets a document reach the prototype of an object', () => {
    expect(() => fromJson(utf8('{"a":1,"__proto__":{"polluted":1}}'))).toThrow(NotCanonical)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    const value = decode(utf8('{"constructor":{"valueof":1}}'))
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(spelling(value)).toBe('{"constructor":{"valueof":1}}')
    expect(() => encode(JSON.parse('{"__proto__":1}'))).toThrow(NotCanonical)
  })

  it('nests eight levels and refuses nine, and full-size nesting is an ordinary refusal', () => {
    expect(strict('[[[[[[[[]]]]]]]]')).toBe('[[[[[[[[]]]]]]]]')
    for (const text of ['[[[[[[[[[]]]]]]]]]', '['.repeat(LIMIT), '{"a":'.repeat(13_107), '[{"a":'.repeat(10_000)])
      expect(() => fromJson(utf8(text))).toThrow(NotCanonical)
    const loop: unknown[] = []
    loop.push(loop)
    expect(() => encode(loop)).toThrow(NotCanonical)
  })

  it('counts the limit in bytes and before reading', () => {
    const full = `${'火'.repeat(21_844)}aa`
    expect(encode(full).length).toBe(LIMIT)
    expect(decode(encode(full))).toBe(full)
    expect(() => encode(`${full}a`)).toThrow('longer')
    expect(() => fromJson(new Uint8Array(LIMIT + 1).fill(0xff))).toThrow('longer')
    expect(() => decode(utf8('{"a":1}'), 6)).toThrow('longer')
    let wide: unknown = 'x'
    for (let i = 0; i < 7; i++) wide = new Array(500).fill(wide)
    expect(() => encode(wide)).toThrow('longer')
  })

  it.each([
    ['undefined', undefined], ['null', null], ['a fraction', 1.5], ['NaN', NaN], ['infinity', Infinity],
    ['2^53', 2 ** 53], ['a bigint', 1n], ['a function', () => 1], ['a symbol', Symbol('a')], ['a date', new Date(0)],
    ['a map', new Map()], ['a class', new (class A {})()], ['bytes', new Uint8Array(1)], ['a hole', new Array(1)],
    ['a lone surrogate', '\ud800'], ['an upper-case key', { A: 1 }], ['an absent field', { a: undefined }],
    ['a boxed number', Object(1)],
  ])('has no form for %s', (_, value) => {
    expect(() => encode(value)).toThrow(NotCanonical)
  })

  it('writes a negative zero, which rounding yields by accident, as the zero it equals', () => {
    expect(spelling({ off: Math.round(-0.3) })).toBe('{"off":0}')
  })

  it('takes plain objects without a prototype and from another realm', () => {
    expect(spelling(Object.assign(Object.create(null) as object, { b: 1, a: structuredClone({ c: [true] }) }))).toBe(
      '{"a":{"c":[true]},"b":1}',
    )
  })
})
