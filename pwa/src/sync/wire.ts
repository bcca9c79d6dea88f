/**
 * One conversation with the server: paths, JSON, the access token and its renewal signed by the device
 * key (D-19, security 4.2). A 401 never stops work: it only sets `dead`, and sending waits for a person.
 */
import { fromUtf8, utf8, type Bytes } from '../core/bytes'
import { encode } from '../core/b64url'
import type { Compression, Locks, Net, NetResponse } from '../device/ports'
import type { Signer } from '../device/signer'
import type { Vault } from '../device/vault'
import { keys, type PolicyFact, type TokensFact } from './facts'
import { CLIENT_HEADER } from './version'

export const API = '/api/v1/'
/** Below this gzip costs more than it saves. */
const GZIP_FROM = 1024

export interface Problem {
  readonly status: number
  readonly code: string
  readonly text: string
}
export type Answer<T> =
  | { readonly kind: 'ok'; readonly data: T; readonly status: number }
  /** No answer of our server: no network, time-out, or somebody else's page. */
  | { readonly kind: 'away' }
  | { readonly kind: 'login' }
  | { readonly kind: 'problem'; readonly problem: Problem }

export interface WireParts {
  readonly net: Net
  readonly vault: Vault
  readonly signer: Signer
  readonly locks: Locks
  readonly compression: Compression
  readonly wall: () => number
}

/** undefined when the body is not our JSON: a captive portal's page is HTML. */
export function readJson(answer: NetResponse): Record<string, unknown> | undefined {
  if (!(answer.header('content-type') ?? '').includes('json')) return undefined
  try {
    const value: unknown = JSON.parse(fromUtf8(answer.body))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

export function problemOf(answer: NetResponse): Problem | undefined {
  const json = readJson(answer)
  if (json === undefined || typeof json.code !== 'string') return undefined
  const text = typeof json.detail === 'string' && json.detail !== '' ? json.detail : `服务器没有接受（${json.code}）`
  return { status: answer.status, code: json.code, text }
}

export class Wire {
  constructor(private readonly parts: WireParts) {}

  async get<T>(path: string, timeoutMs?: number): Promise<Answer<T>> {
    return this.json<T>('GET', path, undefined, timeoutMs)
  }

  async post<T>(path: string, body: unknown): Promise<Answer<T>> {
    return this.json<T>('POST', path, utf8(JSON.stringify(body)))
  }

  /** Raw bytes (packs, PDFs); `undefined` data never happens: another content is a problem or away. */
  async bytes(path: string): Promise<Answer<Bytes>> {
    const answer = await this.authorised({ method: 'GET', path: API + path, timeoutMs: 120_000 })
    if (answer === 'away' || answer === 'login') return { kind: answer }
    if (answer.status === 200) return { kind: 'ok', data: answer.body, status: 200 }
    const problem = problemOf(answer)
    return problem === undefined ? { kind: 'away' } : { kind: 'problem', problem }
  }

  private async json<T>(method: string, path: string, body?: Bytes, timeoutMs?: number): Promise<Answer<T>> {
    const zipped = body !== undefined && body.length > GZIP_FROM ? await this.parts.compression.gzip(body) : undefined
    const sent = zipped ?? body
    const answer = await this.authorised({
      method,
      path: API + path,
      headers: {
        ...(sent === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(zipped === undefined ? {} : { 'Content-Encoding': 'gzip' }),
      },
      ...(sent === undefined ? {} : { body: sent }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    })
    if (answer === 'away' || answer === 'login') return { kind: answer }
    if (answer.status >= 200 && answer.status < 300) {
      const data = readJson(answer)
      return data === undefined ? { kind: 'away' } : { kind: 'ok', data: data as T, status: answer.status }
    }
    const problem = problemOf(answer)
    return problem === undefined ? { kind: 'away' } : { kind: 'problem', problem }
  }

  /** Sends with the token; a 401 renews it once. */
  async authorised(request: Parameters<Net['request']>[0]): Promise<NetResponse | 'away' | 'login'> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const token = await this.token(attempt > 0)
      if (token === 'away' || token === 'login') return token
      const answer = await this.send({
        ...request, headers: { ...request.headers, Authorization: `Bearer ${token.access}` },
      })
      if (answer === undefined) return 'away'
      if (answer.status !== 401) return answer
    }
    return 'login'
  }

  private async send(request: Parameters<Net['request']>[0]): Promise<NetResponse | undefined> {
    return this.parts.net
      .request({ ...request, headers: { ...request.headers, ...CLIENT_HEADER } })
      .catch(() => undefined)
  }

  /** One renewal at a time over all tabs: two would spend the same refresh token. */
  private async token(renew: boolean): Promise<TokensFact | 'away' | 'login'> {
    const { vault, wall, locks } = this.parts
    const now = await vault.get<TokensFact>(keys.tokens)
    if (now === undefined || now.dead) return 'login'
    if (!renew && now.until > wall()) return now
    return locks.exclusive(`suijian-token-${vault.dev}`, async () => {
      const latest = await vault.get<TokensFact>(keys.tokens)
      if (latest === undefined || latest.dead) return 'login'
      if (latest.access !== now.access) return latest
      return this.refresh(latest)
    })
  }

  private async refresh(old: TokensFact): Promise<TokensFact | 'away' | 'login'> {
    const { signer, vault } = this.parts
    const sig = encode(await signer.sign(utf8(`suijian/refresh/v1\0${old.refresh}`)))
    const answer = await this.send({
      method: 'POST', path: `${API}accounts/refresh`, headers: { 'Content-Type': 'application/json' },
      body: utf8(JSON.stringify({ refresh: old.refresh, sig })),
    })
    const fresh = answer === undefined || answer.status !== 200 ? undefined : tokensFrom(readJson(answer), this.parts.wall())
    if (fresh !== undefined) {
      await vault.write([{ put: keys.tokens, value: fresh }, { del: keys.alarm('login') }])
      return fresh
    }
    // Only our own server may end a login; a proxy's 401 may not.
    const problem = answer === undefined ? undefined : problemOf(answer)
    if (problem === undefined || (problem.status !== 401 && problem.status !== 403)) return 'away'
    await vault.write([{ put: keys.tokens, value: { ...old, dead: true } }])
    return 'login'
  }
}

export function tokensFrom(json: Record<string, unknown> | undefined, wall: number): TokensFact | undefined {
  if (json === undefined || typeof json.access !== 'string' || typeof json.refresh !== 'string') return undefined
  const seconds = typeof json.expires_in === 'number' ? json.expires_in : 600
  const policy = policyFrom(json.policy)
  return {
    access: json.access, refresh: json.refresh, until: wall + seconds * 1000 - 30_000, dead: false,
    ...(policy === undefined ? {} : { policy }),
  }
}

/** undefined from a server that says nothing about it: then the phone's own defaults hold. */
function policyFrom(told: unknown): PolicyFact | undefined {
  const { idle_lock_minutes: idle, watermark, recovery_key: recovery } = (told ?? {}) as Record<string, unknown>
  if (typeof idle !== 'number' || !Number.isInteger(idle) || idle < 1) return undefined
  const key = typeof recovery === 'string' && recovery !== '' ? { recoveryKey: recovery } : {}
  return { idleMinutes: idle, watermark: watermark !== false, ...key }
}
