/**
 * A signed-in desk: the refresh token is bound to a key that never leaves this browser, so a copied
 * token is worthless. Access tokens live in memory only; a reload renews one with a signed refresh.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { b64url, utf8 } from './bytes'
import { makeKeys, signerOf } from './signer'

const API = '/api/v1/'
const REFRESH_TAG = 'suijian/refresh/v1\0'

export interface DeskUser {
  readonly id: string
  readonly name: string
  readonly login: string
  readonly roles: readonly string[]
  readonly agency: string
  readonly agency_name: string
  /** The agency's rules want name and time over lists that are not published. */
  readonly watermark?: boolean
}
interface Kept {
  readonly keys: CryptoKeyPair
  readonly refresh: string
}
interface DeskDb extends DBSchema {
  session: { key: 'session'; value: Kept }
}
interface Tokens {
  readonly access: string
  readonly refresh: string
  readonly user: DeskUser
  readonly policy?: { readonly watermark: boolean }
}

function userOf({ user, policy }: Tokens): DeskUser {
  return { ...user, watermark: policy?.watermark ?? true }
}

/** A refusal of the server in its own words; `status` 0 when it could not be reached. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
    /** What is wrong in which field, when the shape of what was sent was refused (422). */
    readonly faults: readonly string[] = [],
  ) {
    super(message)
  }
}

async function refusalOf(answer: Response): Promise<Refused> {
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string; facts?: Record<string, unknown>; errors?: unknown }
  return new Refused(answer.status, problem.code ?? 'E_HTTP', problem.detail ?? `服务器返回 ${answer.status}`, problem.facts ?? {}, faultsIn(problem.errors))
}

/** `{json: {name: ["必填"]}}` → `name 必填`. */
function faultsIn(errors: unknown, field = ''): string[] {
  if (typeof errors === 'string') return [`${field} ${errors}`.trim()]
  if (Array.isArray(errors)) return errors.flatMap((one) => faultsIn(one, field))
  if (typeof errors !== 'object' || errors === null) return []
  return Object.entries(errors).flatMap(([key, inner]) => faultsIn(inner, ['json', 'query', 'form'].includes(key) ? field : key))
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(API + path, init)
  } catch {
    throw new Refused(0, 'E_OFFLINE', '连不上服务器，请检查网络后重试。填写的内容还在页面上。')
  }
}

export class DeskSession {
  private constructor(
    private readonly db: IDBPDatabase<DeskDb>,
    private access: string,
    readonly user: DeskUser,
  ) {}

  private static open(): Promise<IDBPDatabase<DeskDb>> {
    return openDB<DeskDb>('suijian-desk', 1, { upgrade: (db) => void db.createObjectStore('session') })
  }

  static async login(login: string, password: string): Promise<DeskSession> {
    const { keys, spki } = await makeKeys()
    const answer = await send('accounts/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ login, password, spki: b64url(new Uint8Array(spki)) }),
    })
    if (!answer.ok) throw await refusalOf(answer)
    const tokens = (await answer.json()) as Tokens
    const db = await DeskSession.open()
    await db.put('session', { keys, refresh: tokens.refresh }, 'session')
    return new DeskSession(db, tokens.access, userOf(tokens))
  }

  /** The session of an earlier page, or undefined when there is none or the server has ended it. */
  static async restore(): Promise<DeskSession | undefined> {
    const db = await DeskSession.open()
    const tokens = await renew(db)
    return tokens ? new DeskSession(db, tokens.access, userOf(tokens)) : undefined
  }

  /** Sends with the access token, renewing it once. Throws `Refused` for everything but success. */
  async request(method: string, path: string, body?: unknown): Promise<Response> {
    const form = body instanceof FormData
    const init = (): RequestInit => ({
      method,
      headers: { Authorization: `Bearer ${this.access}`, ...(body === undefined || form ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    })
    let answer = await send(path, init())
    if (answer.status === 401) {
      const tokens = await renew(this.db)
      if (!tokens) throw new Refused(401, 'E_LOGIN', '登录已过期，请重新登录')
      this.access = tokens.access
      answer = await send(path, init())
    }
    if (!answer.ok) throw await refusalOf(answer)
    return answer
  }

  async logout(): Promise<void> {
    await this.request('POST', 'accounts/logout').catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error
    })
    await this.db.delete('session', 'session')
  }
}

/** One tab renews at a time: a refresh token is good for one use. */
async function renew(db: IDBPDatabase<DeskDb>): Promise<Tokens | undefined> {
  return navigator.locks.request('suijian-desk-refresh', async () => {
    const kept = await db.get('session', 'session')
    if (!kept) return undefined
    const signature = await signerOf(kept.keys).sign(utf8(REFRESH_TAG + kept.refresh))
    const answer = await send('accounts/refresh', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refresh: kept.refresh, sig: b64url(signature) }),
    })
    if (answer.status === 401 || answer.status === 403) {
      await db.delete('session', 'session')
      return undefined
    }
    if (!answer.ok) throw await refusalOf(answer)
    const tokens = (await answer.json()) as Tokens
    await db.put('session', { keys: kept.keys, refresh: tokens.refresh }, 'session')
    return tokens
  })
}
