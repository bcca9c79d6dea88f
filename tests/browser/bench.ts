/** The desk of one agency over the interface: its people by login, tables as real workbooks, draws with A's number kept here. */
import { expect } from '@playwright/test'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Office, run } from './office'
import { Staff } from './staff'

export const DICE = '24720198603954760271'
export const MONTH = '2026-12'

/** One row of a table by its headers. */
export type Row = Readonly<Record<string, string>>
export interface Draw { readonly id: string; readonly number: string; readonly state: string; readonly transcript_hash: string; readonly intent: { about: Record<string, unknown> } | null }
export interface Fate { readonly name: string; readonly subject_id: string; readonly fate: string; readonly reason: string; readonly st: string; readonly team: readonly string[] }
export interface PoolLine { readonly id: string; readonly name: string; readonly out: string; readonly force: string; readonly visits: number }
export interface Plan { readonly id: string; readonly month: string; readonly seq: number; readonly source: string; readonly state: string; readonly late: boolean; readonly version: number; readonly lines: number }
export interface Line { readonly id: string; readonly unit_name: string; readonly unit_id: string; readonly item_codes: readonly string[]; readonly team: readonly { id: string; name: string }[]; readonly inspect_by: string; readonly visit_group: string; readonly stratum: string }
interface Person { readonly id: string; readonly name: string; readonly login: string }
interface Change { readonly kind: string; readonly op: string; readonly data: { insp: string; unit_name?: string } | null }

/** The path of a real .xlsx with these rows; thrown away with the run. */
export function workbook(rows: readonly Row[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'suijian-table-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const headers = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const path = join(folder, '名录.xlsx')
  run('registry_table.py', path, JSON.stringify([headers, ...rows.map((row) => headers.map((header) => row[header] ?? ''))]))
  return path
}

export class Bench {
  private constructor(
    readonly office: Office,
    readonly slug: string,
    readonly plan: Staff,
    readonly leader: Staff,
    readonly people: readonly Person[],
  ) {}

  static async open(office: Office, slug: string): Promise<Bench> {
    const [plan, leader, admin] = await Promise.all(['plan', 'leader', 'admin'].map((one) => Staff.signIn(office, `${slug}.${one}`)))
    const { people } = await admin!.get<{ people: Person[] }>('accounts/people')
    return new Bench(office, slug, plan!, leader!, people)
  }

  who(login: string): Person {
    const found = this.people.find((one) => one.login === `${this.slug}.${login}`)
    if (found === undefined) throw new Error(`the demo has no ${this.slug}.${login}`)
    return found
  }

  /** A workbook into the registry, looked at and stored by the server's own jobs. */
  async registry(rows: readonly Row[]): Promise<void> {
    const { id } = await this.plan.send<{ id: string }>('registry/imports', workbook(rows))
    const state = async (): Promise<unknown> => {
      const { state, wrong, added } = await this.plan.get<{ state: string; wrong: number; added: number }>(`registry/imports/${id}`)
      return { state, wrong, added }
    }
    await expect.poll(state, { timeout: 30_000 }).toEqual({ state: 'checked', wrong: 0, added: rows.length })
    await this.plan.post(`registry/imports/${id}/store`)
    await expect.poll(state, { timeout: 30_000 }).toMatchObject({ state: 'done' })
  }

  async unit(name: string): Promise<string> {
    const { units } = await this.plan.get<{ units: { id: string; name: string }[] }>(`registry/units?text=${encodeURIComponent(name)}`)
    const found = units.find((one) => one.name === name)
    if (found === undefined) throw new Error(`no unit ${name}`)
    return found.id
  }

  /** A draw on paper: next month, the plan officer as A and the leader as B. */
  propose(wish: Record<string, unknown>): Promise<Draw> {
    return this.plan.post<Draw>('draws', { purpose: 'monthly', period: MONTH, ...this.officials(), witness_name: '甄见证', ...wish })
  }

  officials(): { official_a: string; official_b: string } {
    return { official_a: this.who('plan').id, official_b: this.who('leader').id }
  }

  feasibility(draw: Draw): Promise<{ lines: PoolLine[]; absent: { name: string; why: string }[] }> {
    return this.plan.get(`draws/${draw.id}/feasibility?limit=500`)
  }

  /**
   * The rest of the ceremony, from the frozen tables to the list. Every step is sent twice, as a double click or a lost
   * answer would: what stands is answered, and nothing is drawn again.
   */
  async ceremony(id: string, { frozen = false } = {}): Promise<Draw> {
    const nonce = randomBytes(32)
    const twice = async (who: Staff, step: string, body?: unknown): Promise<Draw> => {
      const first = await who.post<Draw>(`draws/${id}/${step}`, body)
      const again = await who.post<Draw>(`draws/${id}/${step}`, body)
      expect([again.state, again.transcript_hash], `${step} a second time`).toEqual([first.state, first.transcript_hash])
      return again
    }
    if (!frozen) await twice(this.plan, 'freeze')
    await twice(this.plan, 'commit', { commitment: commitment(id, 'official_a', nonce) })
    await twice(this.plan, 'intent')
    await twice(this.leader, 'dice', { digits: DICE })
    const drawn = await twice(this.plan, 'reveal', { value: nonce.toString('base64url') })
    expect(drawn.state).toBe('drawn')
    return drawn
  }

  async drawn(wish: Record<string, unknown>): Promise<Draw> {
    return this.ceremony((await this.propose(wish)).id)
  }

  async fates(draw: Draw): Promise<readonly Fate[]> {
    return (await this.plan.get<{ fates: Fate[] }>(`draws/${draw.id}/result?limit=500`)).fates
  }

  async plans(): Promise<readonly Plan[]> {
    const { plans } = await this.plan.get<{ plans: Plan[] }>('plans/monthly')
    return plans.filter((one) => one.month === MONTH)
  }

  async lines(plan: string): Promise<readonly Line[]> {
    return (await this.plan.get<{ lines: Line[] }>(`plans/monthly/${plan}/lines`)).lines
  }

  async release(plan: string): Promise<void> {
    await this.leader.post(`plans/monthly/${plan}/approve`, { note: '' })
    await this.plan.post(`plans/monthly/${plan}/release`)
    await this.plan.post(`plans/monthly/${plan}/release`)
  }

  /** Somebody cannot go: asked by the plan officer, under an id made here. */
  leaves(line: Line, out: string): Promise<{ id: string; state: string; filing_no: string }> {
    return this.plan.post('plans/replacements', { id: randomUUID(), visit: line.visit_group, kind: 'inspector', out, reason: 'leave', note: '因病住院' })
  }

  /** The visits that the person's phone is told of, with the person's own token. */
  async visitsOf(user: string): Promise<readonly string[]> {
    const person = this.people.find((one) => one.id === user)
    const staff = await Staff.signIn(this.office, person?.login ?? user)
    const { changes } = await staff.get<{ changes: Change[] }>('sync/changes?cursor=')
    return changes.flatMap((one) => (one.kind === 'visit' && one.op === 'put' && one.data !== null ? [one.data.insp] : []))
  }

  /** The visit of a released line reaches everybody who was drawn for it. */
  async reaches(line: Line): Promise<void> {
    expect(line.visit_group, line.unit_name).not.toBe('')
    expect(line.team.length, line.unit_name).toBeGreaterThanOrEqual(2)
    for (const one of line.team) expect(await this.visitsOf(one.id), `${one.name}, ${line.unit_name}`).toContain(line.visit_group)
  }
}

/** What A publishes before the dice (draw.md 3.3). */
function commitment(draw: string, party: string, value: Buffer): string {
  const hash = createHash('sha256').update('suijian/commit/v1\0')
  for (const part of [Buffer.from(draw), Buffer.from(party), value]) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    hash.update(length).update(part)
  }
  return hash.digest('base64url')
}
