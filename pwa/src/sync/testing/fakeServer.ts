/**
 * The server's side of the wire in memory: enough of it to be believed by the client as shipped, with the
 * faults a real one must not have switched on one by one (the mutants of the simulation).
 */
import { encodeStandard } from '../../core/b64url'
import { encode } from '../../core/b64url'
import { concat, fromUtf8, hex, utf8, type Bytes } from '../../core/bytes'
import { logLeaf } from '../../core/chain'
import { formatCheckpoint, formatProof, keyId } from '../../core/checkpoint'
import { leafHash, nodeHash } from '../../core/merkle'
import { sha256 } from '../../device/bytes'
import { ed25519Sign } from '../../device/testing/memory'
import type { NetRequest, NetResponse, WireEvent } from '../../device/ports'
import { eventHash } from '../hashing'
import { headExtra } from '../receipt'

export interface Mutations {
  /** Says stored, and forgets when it restarts. */
  readonly ackBeforeCommit?: boolean
  /** Comes back from a backup with the old epoch. */
  readonly noEpoch?: boolean
  /** Appends a piece wherever it says it belongs. */
  readonly noOffsetCheck?: boolean
  /** Keeps a file under a name that is not its hash. */
  readonly noHashCheck?: boolean
  /** Takes an event after a gap. */
  readonly gapsAccepted?: boolean
  /** The same event twice is two events. */
  readonly notIdempotent?: boolean
  /** Tells where a chain stood before it was restored. */
  readonly standsInMemory?: boolean
}

interface Durable {
  epoch: number
  chains: Map<string, { h: string; wire: WireEvent }[]>
  blobs: Map<string, Bytes>
  leaves: Uint8Array[]
  /** The newest receipt of each device, told again when nothing new was stored. */
  receipts: Map<string, string>
  /** Where the log went on after each restore. */
  branches: { epoch: number; size: number; root: string }[]
}
interface Half {
  readonly sha: string
  readonly length: number
  data: Bytes
}
export const LOG_NAME = 'log.suijian.test'

function copy(state: Durable): Durable {
  return {
    epoch: state.epoch,
    chains: new Map([...state.chains].map(([dev, events]) => [dev, [...events]])),
    blobs: new Map(state.blobs),
    leaves: [...state.leaves],
    receipts: new Map(state.receipts),
    branches: [...state.branches],
  }
}

export function reply(status: number, body: unknown, headers: Record<string, string> = {}): NetResponse {
  const all: Record<string, string> = { 'content-type': 'application/json', ...headers }
  return {
    status, header: (name) => all[name.toLowerCase()] ?? null,
    body: body instanceof Uint8Array ? new Uint8Array(body) : utf8(body === undefined ? '' : JSON.stringify(body)),
  }
}

export class FakeServer {
  state: Durable = { epoch: 1, chains: new Map(), blobs: new Map(), leaves: [], receipts: new Map(), branches: [] }
  private committed: Durable = copy(this.state)
  private halves = new Map<string, Half>()
  private nextUpload = 0
  private nodes = new Map<string, Uint8Array>()
  private fresh: { keys: CryptoKeyPair; raw: Bytes } | undefined
  /** For the mutant that never forgets what it once said. */
  private readonly remembered = { receipts: new Map<string, string>(), next: new Map<string, number>() }
  now = 1_795_000_000_000
  /** Called for anything the simulated part does not know. */
  other: (request: NetRequest) => NetResponse | undefined = () => undefined
  readonly seen: string[] = []

  constructor(
    private readonly log: { keys: CryptoKeyPair; raw: Bytes }, private readonly mutations: Mutations = {},
  ) {}

  get logKey(): { name: string; key: string } {
    return { name: LOG_NAME, key: encode(this.log.raw) }
  }

  get rawKey(): Bytes {
    return this.log.raw
  }

  get logPair(): CryptoKeyPair {
    return this.log.keys
  }

  /** After a change of the log's key: the new one signs beside the old. */
  alsoSignedBy(fresh: { keys: CryptoKeyPair; raw: Bytes }): void {
    this.fresh = fresh
  }

  /** A copy of the disk, as a backup has it. */
  backup(): Durable {
    return copy(this.state)
  }

  restore(backup: Durable): void {
    const raised = Math.max(this.state.epoch, backup.epoch) + 1
    this.state = copy(backup)
    this.state.epoch = this.mutations.noEpoch === true ? backup.epoch : raised
    if (this.mutations.noEpoch !== true) this.state.branches.push({ epoch: raised, size: this.state.leaves.length, root: '' })
    this.committed = copy(this.state)
    this.halves.clear()
    this.nodes.clear()
  }

  /** Kill -9: what was not on the disk is gone, half uploads stay (they are files). */
  restart(): void {
    if (this.mutations.ackBeforeCommit === true) this.state = copy(this.committed)
    this.committed = copy(this.state)
    this.nodes.clear()
  }

  async handle(request: NetRequest): Promise<NetResponse> {
    const path = request.path.replace('/api/v1/', '')
    this.seen.push(`${request.method} ${path}`)
    const custom = this.other(request)
    if (custom !== undefined) return custom
    if (path === 'sync/events') return this.events(request)
    if (path === 'sync/lacks') return this.lacks(request)
    if (path.startsWith('sync/changes')) {
      return reply(200, { epoch: this.state.epoch, now: this.now, cursor: 'c', more: false, changes: [] })
    }
    if (path.startsWith('log/consistency')) return this.consistency(path)
    if (path.startsWith('evidence/uploads')) return this.tus(request, path)
    return reply(404, { code: 'NOT_FOUND', detail: '没有' })
  }

  private async events(request: NetRequest): Promise<NetResponse> {
    const { events } = JSON.parse(fromUtf8(request.body ?? new Uint8Array())) as { events: WireEvent[] }
    if (events.length === 0) return this.standing()
    const results: { h: string; status: string; code?: string; detail?: string }[] = []
    let head: { dev: string; n: number; h: string } | undefined
    let again: string | undefined
    for (const wire of events) {
      const h = await eventHash(sha256, wire.h)
      const header = JSON.parse(wire.h) as { dev: string; n: number; prev: string }
      const chain = this.state.chains.get(header.dev) ?? []
      this.state.chains.set(header.dev, chain)
      const status = this.take(chain, header, h, wire)
      results.push({ h, status, ...(status === 'refused' ? { code: 'E_FORK', detail: '同一序号有两条不同记录' } : {}) })
      if (status === 'stored') head = { dev: header.dev, n: header.n, h }
      if (status === 'known') again = header.dev
    }
    const receipt = head !== undefined ? await this.receipt(head) : (this.state.receipts.get(again ?? '') ?? null)
    if (head !== undefined && receipt !== null) this.state.receipts.set(head.dev, receipt)
    const next = this.next()
    for (const [dev, n] of Object.entries(next)) this.remembered.next.set(dev, n)
    for (const [dev, text] of this.state.receipts) this.remembered.receipts.set(dev, text)
    if (this.mutations.ackBeforeCommit !== true) this.committed = copy(this.state)
    return reply(200, { epoch: this.state.epoch, now: this.now, results, receipt, next, lacks: [] })
  }

  private next(): Record<string, number> {
    return Object.fromEntries([...this.state.chains].map(([dev, chain]) => [dev, chain.length]))
  }

  /** The real one answers about the asking device only; here the asker picks its own. */
  private standing(): NetResponse {
    const lying = this.mutations.standsInMemory === true
    const receipts = Object.fromEntries(lying ? this.remembered.receipts : this.state.receipts)
    const next = lying ? Object.fromEntries(this.remembered.next) : this.next()
    return reply(200, { epoch: this.state.epoch, now: this.now, results: [], receipt: null, receipts, next, lacks: [] })
  }

  private take(chain: { h: string; wire: WireEvent }[], header: { n: number; prev: string }, h: string, wire: WireEvent): string {
    const there = chain[header.n]
    if (this.mutations.notIdempotent === true && there !== undefined) {
      chain.push({ h, wire })
      return 'stored'
    }
    if (there?.h === h) return 'known'
    if (there !== undefined) return 'refused'
    if (header.n > chain.length && this.mutations.gapsAccepted !== true) return 'held'
    chain[header.n] = { h, wire }
    return 'stored'
  }

  private async receipt(head: { dev: string; n: number; h: string }): Promise<string> {
    const salt = new Uint8Array(16).fill(this.state.leaves.length % 251)
    const extra = headExtra(salt, { ...head, rx: this.now })
    this.state.leaves.push(await leafHash(sha256, await logLeaf(sha256, salt, extra.slice(16))))
    const size = this.state.leaves.length
    const root = new Uint8Array(await this.node(0, size))
    const text = formatCheckpoint({ origin: LOG_NAME, size, root, extensions: [] })
    const lines = await Promise.all([this.log, ...(this.fresh === undefined ? [] : [this.fresh])].map(async ({ keys, raw }) => {
      const id = await keyId(sha256, { name: LOG_NAME, publicKey: raw })
      return `— ${LOG_NAME} ${encodeStandard(concat(id, await ed25519Sign(keys, utf8(text))))}\n`
    }))
    const checkpoint = `${text}\n${lines.join('')}`
    return formatProof({ index: size - 1, hashes: (await this.path(0, size)).map((hash) => new Uint8Array(hash)), checkpoint, extra })
  }

  private async node(from: number, to: number): Promise<Uint8Array> {
    const key = `${from}-${to}`
    const known = this.nodes.get(key)
    if (known !== undefined) return known
    const leaf = this.state.leaves[from]
    if (leaf !== undefined && to - from === 1) return leaf
    const middle = from + half(to - from)
    const value = await nodeHash(sha256, await this.node(from, middle), await this.node(middle, to))
    this.nodes.set(key, value)
    return value
  }

  private async consistency(path: string): Promise<NetResponse> {
    const asked = new URLSearchParams(path.slice(path.indexOf('?')))
    const [from, to] = [Number(asked.get('from')), Number(asked.get('to'))]
    if (from > to || to > this.state.leaves.length) return reply(404, { code: 'E_LOG_SIZE', detail: '日志没有这个长度' })
    const proof = from === 0 || from === to ? [] : await this.subproof(from, 0, to, true)
    return reply(200, { epoch: this.state.epoch, from, to, proof: proof.map((hash) => encode(new Uint8Array(hash))), branches: this.state.branches })
  }

  private async subproof(old: number, from: number, to: number, whole: boolean): Promise<Uint8Array[]> {
    if (from + old === to) return whole ? [] : [await this.node(from, to)]
    const middle = from + half(to - from)
    return old <= middle - from
      ? [...(await this.subproof(old, from, middle, whole)), await this.node(middle, to)]
      : [...(await this.subproof(old - (middle - from), middle, to, false)), await this.node(from, middle)]
  }

  /** The path of the last leaf, lowest first. */
  private async path(from: number, to: number): Promise<Uint8Array[]> {
    if (to - from === 1) return []
    const middle = from + half(to - from)
    return [...(await this.path(middle, to)), await this.node(from, middle)]
  }

  private lacks(request: NetRequest): NetResponse {
    const { sha256: asked } = JSON.parse(fromUtf8(request.body ?? new Uint8Array())) as { sha256: string[] }
    return reply(200, { epoch: this.state.epoch, now: this.now, lacks: asked.filter((sha) => !this.state.blobs.has(sha)) })
  }

  private async tus(request: NetRequest, path: string): Promise<NetResponse> {
    const tus = { 'tus-resumable': '1.0.0' }
    const headers = Object.fromEntries(Object.entries(request.headers ?? {}).map(([k, v]) => [k.toLowerCase(), v]))
    const body = request.body ?? new Uint8Array(0)
    if (request.method === 'POST') {
      const sha = atob((headers['upload-metadata'] ?? '').split(',').find((part) => part.startsWith('sha256 '))?.slice(7) ?? '')
      const length = Number(headers['upload-length'])
      const id = String(this.nextUpload++)
      const there = this.state.blobs.has(sha)
      this.halves.set(id, { sha, length, data: there ? new Uint8Array(length) : new Uint8Array(0) })
      const failed = there ? undefined : await this.piece(id, 0, body)
      if (failed !== undefined) return failed
      const offset = this.halves.get(id)?.data.length ?? length
      return reply(201, undefined, { ...tus, location: `/api/v1/evidence/uploads/${id}`, 'upload-offset': String(offset) })
    }
    const id = path.split('/')[2] ?? ''
    const half = this.halves.get(id)
    if (half === undefined) return reply(404, { code: 'E_UPLOAD_UNKNOWN', detail: '没有这个上传' }, tus)
    if (request.method === 'HEAD') {
      return reply(200, undefined, { ...tus, 'upload-offset': String(half.data.length), 'upload-length': String(half.length) })
    }
    const failed = await this.piece(id, Number(headers['upload-offset']), body)
    if (failed !== undefined) return failed
    return reply(204, undefined, { ...tus, 'upload-offset': String(this.halves.get(id)?.data.length ?? half.length) })
  }

  private async piece(id: string, offset: number, body: Bytes): Promise<NetResponse | undefined> {
    const half = this.halves.get(id)
    if (half === undefined) return reply(404, { code: 'E_UPLOAD_UNKNOWN', detail: '没有这个上传' })
    if (offset !== half.data.length && this.mutations.noOffsetCheck !== true) {
      return reply(409, { code: 'E_OFFSET', detail: '位置不对' })
    }
    half.data = concat(half.data, body)
    if (half.data.length < half.length) return undefined
    const right = hex(await sha256(half.data)) === half.sha
    if (!right && this.mutations.noHashCheck !== true && this.mutations.noOffsetCheck !== true) {
      this.halves.delete(id)
      return reply(460, { code: 'E_MEDIA', detail: '校验值不符' })
    }
    this.state.blobs.set(half.sha, half.data)
    return undefined
  }
}

function half(count: number): number {
  let power = 1
  while (power * 2 < count) power *= 2
  return power
}
