/**
 * Seeded schedules of phones, faults and a server, against the client as shipped (reliability.md 5.2).
 *
 * Each step picks somebody and something: an inspector writes or photographs, a phone syncs, a phone
 * dies, the server dies, the server is restored from yesterday. The network drops requests, drops
 * answers, delivers twice, flips a bit in a piece of a file, or is a captive portal that forges receipts.
 * After the chaos comes quiet, and then everything the screen ever called saved must be at the server once.
 */
import { logLeaf } from '../../core/chain'
import { leafHash } from '../../core/merkle'
import { formatProof, formatCheckpoint, keyId } from '../../core/checkpoint'
import { encodeStandard } from '../../core/b64url'
import { concat } from '../../core/bytes'
import { deviceId, sha256, sha256Hex } from '../../device/bytes'
import { allFiles } from '../../device/files'
import { EventLog } from '../../device/log'
import { keepLoose } from '../../device/photos'
import type { Net, NetRequest, NetResponse } from '../../device/ports'
import { makeKeys, signerOf } from '../../device/signer'
import {
  Crash, Dice, ed25519Verify, MemoryDisk, noCompression, Platter, TestClock, testBus, TestLifecycle, testLocks,
  TestTimers, vaultKey, type DiskFaults,
} from '../../device/testing/memory'
import { Vault } from '../../device/vault'
import { SyncEngine } from '../engine'
import { keys as factKeys, type TokensFact } from '../facts'
import { epochOf, inventory, unsentEvents, unsentFiles } from '../outbox'
import { FakeServer, LOG_NAME, reply, type Mutations } from './fakeServer'
import { eventHash } from '../hashing'
import { headExtra } from '../receipt'

export interface Mutant extends Mutations {
  readonly name: string
  /** The client believes every signature. */
  readonly trustsAnySignature?: boolean
  readonly disk?: Pick<DiskFaults, 'ignoresExpectations' | 'relaxed'>
}
export interface Outcome {
  readonly violations: readonly string[]
  readonly steps: number
  readonly crashes: number
  readonly restores: number
}

const INSP = '0195f0a0-0000-7000-8000-000000000001'
const PIECE = 700

interface Saved {
  readonly events: Set<string>
  readonly files: Set<string>
}

class SimPhone {
  readonly platter = new Platter()
  readonly saved: Saved = { events: new Set(), files: new Set() }
  readonly clock = new TestClock()
  private disk!: MemoryDisk
  vault!: Vault
  log!: EventLog
  tab!: EventLog
  engine!: SyncEngine
  crashes = 0

  constructor(
    private readonly dice: Dice, private readonly raw: Uint8Array<ArrayBuffer>, readonly dev: string,
    private readonly keys: CryptoKeyPair, private readonly net: Net, private readonly mutant: Mutant,
    private readonly calm: () => boolean,
  ) {}

  async boot(): Promise<void> {
    this.disk = new MemoryDisk(this.platter, {
      ...this.mutant.disk,
      onCommit: (writes) => {
        if (this.calm()) return 'fine'
        if (this.dice.chance(0.02)) return 'crash_before'
        if (this.dice.chance(0.02)) return 'crash_after'
        return writes.some(({ store }) => store === 'bytes') && this.dice.chance(0.05) ? 'full' : 'fine'
      },
    })
    this.clock.boot = `boot${this.crashes}`
    this.clock.ran = 1_000
    const random = this.dice
    this.vault = new Vault(this.disk, this.dev, await vaultKey(this.raw), random)
    const signer = signerOf(this.keys)
    const parts = { vault: this.vault, signer, clock: this.clock, random, user: 'u-sim' }
    this.log = new EventLog(parts)
    // A second tab has a memory of its own.
    this.tab = new EventLog({ ...parts, vault: new Vault(this.disk, this.dev, await vaultKey(this.raw), random) })
    this.engine = new SyncEngine({
      vault: this.vault, signer, net: this.net, clock: this.clock, random, locks: testLocks(), timers: new TestTimers(),
      compression: noCompression, lifecycle: new TestLifecycle(), bus: testBus(), sha256,
      verifyEd25519: this.mutant.trustsAnySignature === true ? async () => true : ed25519Verify, piece: PIECE,
    })
  }

  async crash(): Promise<void> {
    this.crashes++
    this.disk.kill()
    await this.boot()
  }

  /** Runs one action; a crash inside it is survived by a new start. */
  async alive(action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      if (!(error instanceof Crash)) throw error
    }
    // Some callers swallow what a dying disk throws; the process is dead all the same.
    if (this.disk.isDead) await this.crash()
  }

  async write(): Promise<void> {
    this.clock.pass(1_000)
    const note = { type: 'note.add', body: { text: `第${this.dice.below(1000)}条` }, insp: INSP }
    const done = await this.log.append([note])
    if (done.ok) this.saved.events.add(done.h)
  }

  /** Two tabs write at the same moment. */
  async writeTwice(): Promise<void> {
    this.clock.pass(1_000)
    const note = (text: string) => [{ type: 'note.add', body: { text }, insp: INSP }]
    const both = await Promise.allSettled([this.log.append(note('甲')), this.tab.append(note('乙'))])
    for (const one of both) {
      if (one.status === 'fulfilled' && one.value.ok) this.saved.events.add(one.value.h)
    }
    for (const one of both) if (one.status === 'rejected') throw one.reason
  }

  async photograph(): Promise<void> {
    this.clock.pass(1_000)
    const bytes = this.dice.bytes(300 + this.dice.below(1_500))
    const kept = await keepLoose({ vault: this.vault, clock: this.clock }, INSP, bytes, 'image/png')
    if (!kept.ok) return
    const body = { sha256: kept.sha256, size: kept.size, mime: 'image/png', width: 1, height: 1, src: 'inapp', purpose: 'general' }
    const done = await this.log.append([{ type: 'photo.add', body, insp: INSP }])
    if (!done.ok) return
    this.saved.events.add(done.h)
    this.saved.files.add(kept.sha256)
  }
}

class SimNet {
  calm = false
  private later: NetRequest[] = []
  /** What a cheat on the way has overheard: the newest header of each sender. */
  private readonly heard = new Map<string, string>()

  constructor(private readonly dice: Dice, private readonly server: FakeServer, private readonly restore: () => void) {}

  async request(request: NetRequest): Promise<NetResponse> {
    if (this.calm) return this.server.handle(request)
    const { dice } = this
    if (dice.chance(0.06)) throw new Error('request lost')
    if (dice.chance(0.04)) return portal(request, dice, this.heard)
    this.listen(request)
    if (dice.chance(0.06)) this.later.push(request)
    const sent = dice.chance(0.05) && request.method === 'PATCH' ? flipped(request, dice) : request
    const answer = await this.server.handle(sent)
    // The answer is on its way while the server dies or comes back from a backup.
    if (dice.chance(0.02)) this.server.restart()
    if (dice.chance(0.015)) this.restore()
    if (dice.chance(0.08)) throw new Error('answer lost')
    return answer
  }

  private listen({ path, headers, body }: NetRequest): void {
    if (!path.endsWith('sync/events')) return
    const { events } = JSON.parse(new TextDecoder().decode(body)) as { events: { h: string }[] }
    const last = events[events.length - 1]
    if (last !== undefined) this.heard.set(headers?.Authorization ?? '', last.h)
  }

  /** Duplicates and stragglers reach the server whenever they like. */
  async straggle(): Promise<void> {
    const request = this.later.shift()
    if (request !== undefined) await this.server.handle(request)
  }
}

function flipped(request: NetRequest, dice: Dice): NetRequest {
  const body = request.body?.slice()
  if (body === undefined || body.length === 0) return request
  const at = dice.below(body.length)
  body[at] = (body[at] ?? 0) ^ 1
  return { ...request, body }
}

/** A hotel's page, or a cheat that knows our formats but not our key. */
async function portal(request: NetRequest, dice: Dice, heard: ReadonlyMap<string, string>): Promise<NetResponse> {
  if (!request.path.endsWith('sync/events') || dice.chance(0.3)) {
    return reply(200, new TextEncoder().encode('<html>请先登录</html>'), { 'content-type': 'text/html' })
  }
  const { events, epoch } = JSON.parse(new TextDecoder().decode(request.body)) as { epoch: number; events: { h: string }[] }
  const results = await Promise.all(events.map(async ({ h }) => ({ h: await eventHash(sha256, h), status: 'stored' })))
  // To the question where we stand it answers: I have it all.
  const newest = events[events.length - 1]?.h ?? heard.get(request.headers?.Authorization ?? '')
  if (newest === undefined) return reply(200, new TextEncoder().encode('<html></html>'), { 'content-type': 'text/html' })
  const last = JSON.parse(newest) as { dev: string; n: number }
  const extra = headExtra(new Uint8Array(16), { dev: last.dev, n: last.n, h: await eventHash(sha256, newest), rx: 1 })
  const root = new Uint8Array(await leafHash(sha256, await logLeaf(sha256, new Uint8Array(16), extra.slice(16))))
  const text = formatCheckpoint({ origin: LOG_NAME, size: 1, root, extensions: [] })
  const id = forgedKeyId ?? new Uint8Array(4)
  const checkpoint = `${text}\n— ${LOG_NAME} ${encodeStandard(concat(id, new Uint8Array(64)))}\n`
  const receipt = formatProof({ index: 0, hashes: [], checkpoint, extra })
  return reply(200, { epoch, now: 1, results, receipt, next: { [last.dev]: last.n + 1 }, lacks: [] })
}
let forgedKeyId: Uint8Array | undefined

export interface World {
  readonly log: { keys: CryptoKeyPair; raw: Uint8Array<ArrayBuffer> }
  readonly phones: readonly { keys: CryptoKeyPair; spki: ArrayBuffer }[]
}

/** Key pairs are costly and carry no chance: made once for all schedules. */
export async function simWorld(log: World['log'], phones = 2): Promise<World> {
  return { log, phones: await Promise.all(Array.from({ length: phones }, () => makeKeys())) }
}

export async function simulate(seed: number, world: World, mutant: Mutant = { name: 'as shipped' }, chaos = 28): Promise<Outcome> {
  const dice = new Dice(seed)
  const server = new FakeServer(world.log, mutant)
  forgedKeyId = await keyId(sha256, { name: LOG_NAME, publicKey: world.log.raw })
  let backup = server.backup()
  let restores = 0
  const restore = (): void => {
    server.restore(backup)
    restores++
  }
  const net = new SimNet(dice, server, restore)
  const phones: SimPhone[] = []
  for (const pair of world.phones) {
    const phone = new SimPhone(dice, dice.bytes(32), await deviceId(pair.spki), pair.keys, net, mutant, () => net.calm)
    net.calm = true
    await phone.boot()
    const tokens: TokensFact = { access: phone.dev, refresh: 'r', until: Number.MAX_SAFE_INTEGER, dead: false }
    await phone.vault.write([
      { put: factKeys.tokens, value: tokens }, { put: factKeys.epoch, value: { epoch: 1 } },
      { put: factKeys.device, value: { dev: phone.dev, log: server.logKey } },
    ])
    phones.push(phone)
  }
  net.calm = false

  const violations: string[] = []
  let steps = 0
  for (; steps < chaos; steps++) {
    const phone = phones[dice.below(phones.length)]
    if (phone === undefined) break
    const what = dice.below(100)
    if (what < 28) await phone.alive(() => phone.write())
    else if (what < 36) await phone.alive(() => phone.writeTwice())
    else if (what < 50) await phone.alive(() => phone.photograph())
    else if (what < 82) await phone.alive(async () => void (await phone.engine.round()))
    else if (what < 88) await phone.alive(() => phone.crash())
    else if (what < 92) server.restart()
    else if (what < 95) backup = server.backup()
    else if (what < 96) restore()
    else await net.straggle()
    violations.push(...(await claims(phones, server)))
    if (violations.length > 0) break
  }
  net.calm = true
  for (let quiet = 0, idle = 0; quiet < 12 && idle < 2; quiet++) {
    const rounds = []
    for (const phone of phones) rounds.push(await phone.engine.round(true))
    idle = rounds.every((outcome) => outcome === 'done') ? idle + 1 : 0
  }
  violations.push(...(await claims(phones, server)), ...(await complete(phones, server)))
  return { violations, steps, crashes: phones.reduce((sum, { crashes }) => sum + crashes, 0), restores }
}

/** At any moment: what a phone shows as 已送达 in the server's epoch lies at the server, whole. */
async function claims(phones: readonly SimPhone[], server: FakeServer): Promise<string[]> {
  const wrong: string[] = []
  for (const { vault, dev } of phones) {
    const epoch = await epochOf(vault)
    if (epoch !== server.state.epoch) continue
    const all = await inventory(vault, epoch)
    for (const mark of all.acked) {
      const n = Number(mark.slice(mark.indexOf('/') + 1))
      if (server.state.chains.get(dev)?.[n] === undefined) wrong.push(`${dev}/${n} shown as delivered, not at the server`)
    }
    for (const sha of all.filesAcked) {
      const there = server.state.blobs.get(sha)
      if (there === undefined) wrong.push(`file ${sha.slice(0, 8)} shown as delivered, not at the server`)
      else if ((await sha256Hex(there)) !== sha) wrong.push(`file ${sha.slice(0, 8)} at the server is another`)
    }
  }
  return wrong
}

/** After the quiet: nothing saved is lost, nothing is doubled, both chains are one. */
async function complete(phones: readonly SimPhone[], server: FakeServer): Promise<string[]> {
  const wrong: string[] = []
  for (const { vault, dev, saved } of phones) {
    const chain = server.state.chains.get(dev) ?? []
    const there = chain.map(({ h }) => h)
    if (new Set(there).size !== there.length) wrong.push(`${dev}: an event stands twice at the server`)
    for (const h of saved.events) if (!there.includes(h)) wrong.push(`saved event ${h.slice(0, 8)} lost`)
    for (const sha of saved.files) if (!server.state.blobs.has(sha)) wrong.push(`saved file ${sha.slice(0, 8)} lost`)
    const here = (await vault.list<{ h: string }>('ev/')).map(({ value }) => value.h).sort()
    if (JSON.stringify(here) !== JSON.stringify([...there].sort())) wrong.push(`${dev}: chains differ (${here.length} here, ${there.length} there)`)
    const epoch = await epochOf(vault)
    const all = await inventory(vault, epoch)
    if (epoch !== server.state.epoch) wrong.push(`${dev}: epoch ${epoch}, the server has ${server.state.epoch}`)
    if (unsentEvents(all).length + unsentFiles(all).length > 0) wrong.push(`${dev}: still unsent after the quiet`)
    if (all.refused.size + all.filesRefused.size > 0) wrong.push(`${dev}: something was refused`)
    for (const { sha256: sha, size } of await allFiles(vault)) {
      if ((await vault.bytes(sha, size)) === undefined) wrong.push(`file ${sha.slice(0, 8)} is not whole on the phone`)
    }
  }
  return wrong
}
