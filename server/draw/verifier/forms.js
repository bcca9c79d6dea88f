// Bytes and forms: tagged hashes, base64url with one spelling, canonical JSON, and what every field must look like.
import { bytes, cat, sha } from './sha256.js'

export const no = code => { throw code }
// Three times its name would be a quarter of a per cent of the page.
export const text = JSON.stringify
export const form = () => no('E_FORM')
export const utf = s => new TextEncoder().encode(s)
export const H = (tag, ...parts) => sha(cat(utf(`suijian/${tag}/v1\0`), ...parts.flatMap(x => [bytes([x.length]), x])))
export const b64 = b => btoa(String.fromCharCode(...b)).replace(/[+/=]/g, c => ({ '+': '-', '/': '_' })[c] ?? '')
// The bytes, or false for a second spelling or none.
export const un = s => {
  try {
    const b = Uint8Array.from(atob(s.replace(/[-_]/g, c => c < '.' ? '+' : '/')), c => c.charCodeAt())
    return b64(b) === s && b
  } catch { return false }
}
export const canon = (v, depth = 1) => {
  const t = typeof v
  // \p{Cs} is a lone surrogate: it has no UTF-8.
  if (t === 'string') return /\p{Cs}/u.test(v) ? form() : text(v)
  if (t === 'boolean' || int(v) && !Object.is(v, -0)) return `${v}`
  if (!v || t !== 'object' || depth > 8) form()
  if (Array.isArray(v)) return `[${v.map(x => canon(x, depth + 1))}]`
  return `{${keys(v).map(k => `"${key(k)}":${canon(v[k], depth + 1)}`)}}`
}
export const int = Number.isSafeInteger
export const keys = v => Object.keys(obj(v)).sort()
export const str = s => typeof s === 'string' ? s : form()
export const key = s => /^[a-z][a-z0-9_]{0,31}$/.test(str(s)) ? s : form()
export const ints = (o, names, least = 0) => names.split(' ').every(k => int(o[k]) && o[k] >= least) || form()
export const obj = v => v && typeof v === 'object' && !Array.isArray(v) ? v : form()
export const list = (v, f) => Array.isArray(v) ? v.map(x => f(x)) : form()
export const id = s => un(s).length === 16 ? s : form()
