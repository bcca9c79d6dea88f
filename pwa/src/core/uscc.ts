/** The unified social credit code (统一社会信用代码, GB 32100-2015); the Python twin is `server/kernel/uscc.py`. */

export const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const INNER_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const INNER_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2] as const
const SPACES = /[\u0009-\u000d\u0020\u00a0\u2000-\u200f\u202f\u205f\u2060\u3000\ufeff]/

/** `code` is normalised whether or not it is `ok`; `reason` says in Chinese what is wrong. */
export interface UsccResult {
  readonly ok: boolean
  readonly code: string
  readonly reason: string
  readonly warning: string
}

/** Half-width upper case without spaces, the letter O read as zero; says nothing on validity. */
export function normalise(text: string): string {
  let out = ''
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (SPACES.test(char)) continue
    const half = code > 0xff00 && code < 0xff5f ? String.fromCodePoint(code - 0xfee0) : char
    const upper = half >= 'a' && half <= 'z' ? half.toUpperCase() : half
    out += upper === 'O' ? '0' : upper
  }
  return out
}

/** The 18th character for the first 17; RangeError for a foreign character or another length. */
export function checkCharacter(body: string): string {
  if (body.length !== 17) throw new RangeError('17 characters are needed')
  let total = 0
  let weight = 1
  for (const char of body) {
    const value = ALPHABET.indexOf(char)
    if (value < 0) throw new RangeError('a foreign character')
    total += value * weight
    weight = (weight * 3) % 31
  }
  return ALPHABET.charAt((31 - (total % 31)) % 31)
}

/** Normalise `text` and check length, alphabet and the check character. */
export function check(text: string): UsccResult {
  const code = normalise(text)
  const chars = [...code]
  const bad = (reason: string): UsccResult => ({ ok: false, code, reason, warning: '' })
  if (chars.length === 0) return bad('统一社会信用代码为空')
  if (chars.length !== 18) {
    const hint = /^[0-9]{15}$/.test(code) ? '，15位的是注册号，请填入注册号一栏' : ''
    return bad(`统一社会信用代码应为18位，现为${chars.length}位${hint}`)
  }
  const place = chars.findIndex((char) => !ALPHABET.includes(char))
  if (place >= 0) return bad(`第${place + 1}位“${chars[place] ?? ''}”不是代码字符（不使用字母I、O、Z、S、V）`)
  if (checkCharacter(code.slice(0, 17)) !== code[17]) return bad('校验码不符，请核对是否有误写或错位')
  const warning = innerOk(code.slice(8, 17)) ? '' : '主体标识码（第9至17位）的校验码不符，请核对证照'
  return { ok: true, code, reason: '', warning }
}

/** The check of GB 11714: eight characters and one check character, X standing for ten. */
function innerOk(organisation: string): boolean {
  const total = INNER_WEIGHTS.reduce(
    (sum, weight, i) => sum + weight * INNER_ALPHABET.indexOf(organisation.charAt(i)),
    0,
  )
  return '0123456789X'.charAt((11 - (total % 11)) % 11) === organisation[8]
}
