/** Events: the class of each type and a pure checker of bodies; twin of `server/inspections/events.py`. */
import { AFTER_SEAL, BODIES, type Fields, PROCEDURE, SHAPES } from './eventTypes'

const PATTERNS: Readonly<Record<string, readonly [RegExp, string]>> = {
  sha: [/^[0-9a-f]{64}$/, '应为 64 位小写十六进制摘要'],
  hash: [/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, '应为 43 位摘要'],
  dev: [/^[A-Za-z0-9_-]{21}[AQgw]$/, '应为 22 位设备号'],
  salt: [/^[A-Za-z0-9_-]{16}$/, '应为 16 位随机盐'],
  id: [/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/, '应为 1–64 位编号'],
  decimal: [/^-?[0-9]{1,15}(\.[0-9]{1,9})?$/, '应为数字'],
  date: [/^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/, '应为日期'],
}
const KEY = /^[a-z][a-z0-9_]{0,31}$/

type Rec = Readonly<Record<string, unknown>>
type Check = (rest: string, value: unknown, path: string, strict: boolean) => string[]

/** Whether this version knows the type; an unknown one is kept and shown, never dropped. */
export function isKnown(t: string): boolean {
  return Object.hasOwn(BODIES, t)
}

/** Whether the two attestations cover events of this type (D-6); an unknown type counts as content. */
export function isContent(t: string): boolean {
  return !Object.hasOwn(PROCEDURE, t)
}

/** Whether an event of this type may follow the first seal (D-8, D-10). */
export function allowedAfterSeal(t: string): boolean {
  return AFTER_SEAL.has(t)
}

/**
 * What is wrong with a body, as Chinese sentences; empty when it is sound. `strict: false` lets
 * unknown further fields pass: the fold reads bodies that way, the phone checks its own strictly.
 */
export function checkBody(t: string, body: unknown, strict = true): string[] {
  const fields = Object.hasOwn(BODIES, t) ? BODIES[t] : undefined
  return fields === undefined ? [] : checkFields({ ...fields, salt: 'salt' }, body, t, strict)
}

export function isRecord(value: unknown): value is Rec {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Order by code point, as Python sorts text. */
export function byCodePoint(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  for (let i = 0; i < left.length && i < right.length; i++) {
    const diff = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0)
    if (diff !== 0) return diff
  }
  return left.length - right.length
}

function checkFields(fields: Fields, value: unknown, path: string, strict: boolean): string[] {
  if (!isRecord(value)) return [`${path}：应为对象`]
  const problems: string[] = []
  const known = new Set<string>()
  for (const [spec, kind] of Object.entries(fields)) {
    const name = spec.endsWith('?') ? spec.slice(0, -1) : spec
    known.add(name)
    if (Object.hasOwn(value, name)) problems.push(...check(kind, value[name], `${path}.${name}`, strict))
    else if (!spec.endsWith('?')) problems.push(`${path}.${name}：缺少必填项`)
  }
  if (strict)
    for (const name of Object.keys(value).sort(byCodePoint))
      if (!known.has(name)) problems.push(`${path}.${name}：未定义的字段`)
  return problems
}

function check(kind: string, value: unknown, path: string, strict: boolean): string[] {
  const cut = kind.indexOf(':')
  const name = cut < 0 ? kind : kind.slice(0, cut)
  const rest = cut < 0 ? '' : kind.slice(cut + 1)
  const pattern = PATTERNS[name]
  if (pattern !== undefined)
    return typeof value === 'string' && pattern[0].test(value) ? [] : [`${path}：${pattern[1]}`]
  const rule = CHECKS[name]
  if (rule === undefined) throw new RangeError(`no such kind of field: ${kind}`)
  return rule(rest, value, path, strict)
}

function bounds(rest: string): [number, number] {
  const [low, high] = rest.split(':')
  return [Number(low), Number(high)]
}

function text(rest: string, value: unknown, path: string): string[] {
  const [low, high] = bounds(rest)
  const length = typeof value === 'string' ? [...value].length : -1
  return low <= length && length <= high ? [] : [`${path}：应为 ${low}–${high} 个字的文字`]
}

function integer(rest: string, value: unknown, path: string): string[] {
  const [low, high] = bounds(rest)
  const good = typeof value === 'number' && Number.isInteger(value) && low <= value && value <= high
  return good ? [] : [`${path}：应为 ${low} 至 ${high} 的整数`]
}

const obj: Check = (rest, value, path, strict) => checkFields(SHAPES[rest] ?? {}, value, path, strict)

const CHECKS: Readonly<Record<string, Check>> = {
  text,
  int: integer,
  bool: (_rest, value, path) => (typeof value === 'boolean' ? [] : [`${path}：应为是或否`]),
  enum: (rest, value, path) => {
    const words = rest.split('|')
    return typeof value === 'string' && words.includes(value) ? [] : [`${path}：应为 ${words.join('、')} 之一`]
  },
  list: (rest, value, path, strict) => {
    const [low = '', high = '', ...inner] = rest.split(':')
    if (!Array.isArray(value) || value.length < Number(low) || value.length > Number(high))
      return [`${path}：应为 ${low}–${high} 项的列表`]
    return value.flatMap((member, index) => check(inner.join(':'), member, `${path}[${index}]`, strict))
  },
  map: (rest, value, path, strict) => {
    const [high = '', ...inner] = rest.split(':')
    if (!isRecord(value) || Object.keys(value).length > Number(high))
      return [`${path}：应为不超过 ${high} 项的对照表`]
    return Object.keys(value)
      .sort(byCodePoint)
      .flatMap((key) =>
        KEY.test(key) ? check(inner.join(':'), value[key], `${path}.${key}`, strict) : [`${path}.${key}：键名不合规`],
      )
  },
  obj,
  amount: (_rest, value, path) =>
    typeof value === 'string' ? text('1:40', value, path) : integer('0:1000000', value, path),
  witness: (_rest, value, path, strict) =>
    typeof value === 'string' ? text('0:120', value, path) : obj('witness', value, path, strict),
  json: () => [],
}
