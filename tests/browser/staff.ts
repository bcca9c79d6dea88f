/** The people of an office and what they do over the interface: sign in with a key of their own, hand out codes, read. */
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { PASSWORD, type Office } from './office'
import type { Holder } from './phone'

/** Two PINs that are neither runs nor repeats. */
const PINS = ['135790', '246813', '975310', '864209']

export class Staff {
  private constructor(
    private readonly office: Office,
    private readonly access: string,
  ) {}

  static async signIn(office: Office, login: string): Promise<Staff> {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64url')
    const answer = await ask<{ access: string }>(office, 'accounts/login', { method: 'POST', body: { login, password: PASSWORD, spki } })
    return new Staff(office, answer.access)
  }

  get<T>(path: string): Promise<T> {
    return ask<T>(this.office, path, { access: this.access })
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return ask<T>(this.office, path, { method: 'POST', access: this.access, body })
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return ask<T>(this.office, path, { method: 'PUT', access: this.access, body })
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return ask<T>(this.office, path, { method: 'PATCH', access: this.access, body })
  }

  /** A file in a form, with fields beside it. */
  async send<T>(path: string, file: string, fields: Readonly<Record<string, string>> = {}): Promise<T> {
    const form = new FormData()
    form.append('file', new Blob([new Uint8Array(readFileSync(file))]), basename(file))
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    const answer = await request(this.office, path, { method: 'POST', headers: { Authorization: `Bearer ${this.access}` }, body: form })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`)
    return JSON.parse(text) as T
  }

  async bytes(path: string): Promise<Buffer> {
    const answer = await request(this.office, path, { headers: { Authorization: `Bearer ${this.access}` } })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return Buffer.from(await answer.arrayBuffer())
  }
}

/** A request to the office. Programs are run synchronously here, and meanwhile the server may have closed a connection: first hear of it. */
async function request(office: Office, path: string, init: RequestInit): Promise<Response> {
  await new Promise((heard) => setTimeout(heard, 5))
  return fetch(`${office.url}/api/v1/${path}`, init)
}

async function ask<T>(office: Office, path: string, { method = 'GET', access, body }: { method?: string; access?: string; body?: unknown }): Promise<T> {
  const answer = await request(office, path, {
    method,
    headers: { ...(access === undefined ? {} : { Authorization: `Bearer ${access}` }), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}

export interface Team {
  readonly holders: readonly Holder[]
  /** A fresh one-time code for one of them. */
  code(holder: Holder): Promise<string>
}

/** The named logins of an agency as they will hold a phone. */
export async function teamOf(office: Office, slug: string, logins: readonly string[]): Promise<Team> {
  const admin = await Staff.signIn(office, `${slug}.admin`)
  const { people } = await admin.get<{ people: { id: string; name: string; login: string }[] }>('accounts/people')
  const holders = logins.map((login, index): Holder => {
    const person = people.find((one) => one.login === `${slug}.${login}`)
    if (person === undefined) throw new Error(`the demo has no ${slug}.${login}`)
    return { id: person.id, name: person.name, login: person.login, pin: PINS[index]! }
  })
  return {
    holders,
    code: async (holder) => (await admin.post<{ code: string }>(`accounts/people/${holder.id}/enrolment-codes`)).code,
  }
}
