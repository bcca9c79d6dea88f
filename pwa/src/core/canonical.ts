/**
 * SJ-JSON 1, the canonical JSON of everything that is hashed or signed: RFC 8785, restricted.
 * The rules stand in `server/kernel/canonical.py`; both sides are bound by `tests/vectors`.
 * JSON.parse cannot read it: it forgets duplicate keys and rounds numbers before anyone can look.
 */
import { type Bytes, fromUtf8, sameBytes, utf8 } from './bytes'

export type Json = boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export const LIMIT = 65_536
export const HEADER_LIMIT = 4_096
export const MAX_DEPTH = 8

const KEY = /^[a-z][a-z0-9_]{0,31}$/
const LONE_SURROGATE = /\p{Surrogate}/u
const INTEGER = /-?(?:0|[1-9][0-9]{0,15})/y
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'], ['\\', '\\'], ['/', '/'], ['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'], ['t', '\t'],
])

/** The bytes, the text or the value lie outside SJ-JSON 1 (machine code E_CANON). */
export class NotCanonical extends Error {
  override readonly name = 'NotCanonical'
}

/**
 * The canonical bytes of plain objects, arrays, strings, safe integers and booleans.
 * A negative zero is written as 0, which it equals: rounding a clock offset yields it by accident.
 */
export function encode(value: unknown, limit: number = LIMIT): Bytes {
  const out: string[] = []
  write(value, 1, limit, out)
  const bytes = utf8(out.join(''))
  if (bytes.length > limit) throw new NotCanonical(`longer than ${limit} bytes`)
  return bytes
}

/** The value of canonical bytes; NotCanonical unless writing it again gives these very bytes. */
export function decode(bytes: Uint8Array, limit: number = LIMIT): Json {
  const value = parse(bytes, limit)
  if (!sameBytes(encode(value, limit), bytes)) throw new NotCanonical('not the canonical spelling')
  return value
}

/** The canonical bytes of any JSON text whose content the profile allows. */
export function fromJson(bytes: Uint8Array, limit: number = LIMIT): Bytes {
  return encode(parse(bytes, limit), limit)
}

/** Writes the pieces of `value`; answers the bytes left of a lower bound, so that shared references cannot swell. */
function write(value: unknown, depth: number, budget: number, out: string[]): number {
  if (budget <= 0) throw new NotCanonical('longer than the limit')
  if (typeof value === 'boolean') {
    out.push(value ? 'true' : 'false')
    return budget - 4
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new NotCanonical('not an integer within 2^53-1')
    out.push(String(value))
    return budget - 1
  }
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) throw new NotCanonical('lone surrogate')
    // For well-formed text JSON.stringify escapes exactly what the profile escapes.
    out.push(JSON.stringify(value))
    return budget - 2 - value.length
  }
  if (typeof value !== 'object' || value === null) throw new NotCanonical(`no canonical form for ${typeof value}`)
  if (depth > MAX_DEPTH) throw new NotCanonical(`nested deeper than ${MAX_DEPTH}`)
  return Array.isArray(value)
    ? writeArray(value, depth, budget - 2, out)
    : writeObject(value, depth, budget - 2, out)
}

function writeArray(value: readonly unknown[], depth: number, budget: number, out: string[]): number {
  out.push('[')
  for (let i = 0; i < value.length; i++) {
    if (i > 0) out.push(',')
    budget = write(value[i], depth + 1, budget, out)
  }
  out.push(']')
  return budget
}

function writeObject(value: object, depth: number, budget: number, out: string[]): number {
  // A plain object of another realm (a worker, a test page) has another Object.prototype; what
  // tells it from a Date or a Map is that nothing stands above its prototype.
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new NotCanonical('not a plain object')
  out.push('{')
  // Keys are ASCII, so the UTF-16 order of sort() is the byte order.
  Object.keys(value).sort().forEach((key, i) => {
    if (!KEY.test(key)) throw new NotCanonical('key outside [a-z][a-z0-9_]{0,31}')
    out.push(i > 0 ? `,"${key}":` : `"${key}":`)
    budget = write((value as Record<string, unknown>)[key], depth + 1, budget - 3 - key.length, out)
  })
  out.push('}')
  return budget
}

function parse(bytes: Uint8Array, limit: number): Json {
  if (bytes.length > limit) throw new NotCanonical(`longer than ${limit} bytes`)
  let text: string
  try {
    text = fromUtf8(bytes)
  } catch {
    throw new NotCanonical('not UTF-8')
  }
  return new Reader(text).document()
}

/** A recursive reader; the depth limit bounds the recursion at nine calls. */
class Reader {
  private at = 0

  constructor(private readonly text: string) {}

  document(): Json {
    const value = this.value(1)
    this.space()
    if (this.at !== this.text.length) this.refuse()
    return value
  }

  private value(depth: number): Json {
    this.space()
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth)
      case '[':
        return this.array(depth)
      case '"':
        return this.string()
      case 't':
        return this.word('true', true)
      case 'f':
        return this.word('false', false)
      default:
        return this.integer()
    }
  }

  private object(depth: number): Json {
    this.enter(depth)
    const result: Record<string, Json> = {}
    if (this.take('}')) return result
    do {
      this.space()
      const key = this.string()
      // The pattern comes before the assignment: it is what keeps `__proto__` from ever being set.
      if (!KEY.test(key)) throw new NotCanonical('key outside [a-z][a-z0-9_]{0,31}')
      if (Object.hasOwn(result, key)) throw new NotCanonical('duplicate key')
      if (!this.take(':')) this.refuse()
      result[key] = this.value(depth + 1)
    } while (this.take(','))
    if (!this.take('}')) this.refuse()
    return result
  }

  private array(depth: number): Json {
    this.enter(depth)
    const result: Json[] = []
    if (this.take(']')) return result
    do result.push(this.value(depth + 1))
    while (this.take(','))
    if (!this.take(']')) this.refuse()
    return result
  }

  private string(): string {
    if (this.text[this.at] !== '"') this.refuse()
    let result = ''
    let from = ++this.at
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code === 0x22) return result + this.text.slice(from, this.at++)
      if (code === 0x5c) {
        result += this.text.slice(from, this.at++) + this.escape()
        from = this.at
      } else if (code >= 0x20) this.at++
      else this.refuse() // a control character, or NaN at the end of the text
    }
  }

  private escape(): string {
    const letter = this.text[this.at++] ?? ''
    if (letter === 'u') {
      const digits = this.text.slice(this.at, this.at + 4)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.refuse()
      this.at += 4
      return String.fromCharCode(parseInt(digits, 16))
    }
    return ESCAPES.get(letter) ?? this.refuse()
  }

  private integer(): number {
    INTEGER.lastIndex = this.at
    const digits = INTEGER.exec(this.text)?.[0] ?? this.refuse()
    const value = Number(digits)
    // What follows the digits (a point, an exponent, a seventeenth digit) is refused as no comma
    // and no bracket by whoever reads on.
    if (digits === '-0' || !Number.isSafeInteger(value)) throw new NotCanonical('integer outside 2^53-1')
    this.at += digits.length
    return value
  }

  private word<T extends boolean>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.refuse()
    this.at += word.length
    return value
  }

  private enter(depth: number): void {
    if (depth > MAX_DEPTH) throw new NotCanonical(`nested deeper than ${MAX_DEPTH}`)
    this.at++
  }

  private take(char: string): boolean {
    this.space()
    if (this.text[this.at] !== char) return false
    this.at++
    return true
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.at++
    }
  }

  private refuse(): never {
    throw new NotCanonical('not JSON')
  }
}
