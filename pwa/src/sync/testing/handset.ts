/** A phone of one person with real keys, vault and log, for what happens between two of them. Not part of the app. */
import type { Bytes } from '../../core/bytes'
import { Collector } from '../../core/codes'
import { fold } from '../../core/fold'
import type { Pack } from '../../core/pack'
import { b64url, deviceId, sha256 } from '../../device/bytes'
import { EventLog, MATE } from '../../device/log'
import type { JsonObject } from '../../device/ports'
import { makeKeys, signerOf } from '../../device/signer'
import { Dice, MemoryDisk, Platter, TestClock, vaultKey } from '../../device/testing/memory'
import { Vault } from '../../device/vault'
import { keys, type TeamPhone } from '../facts'
import { MutualAttestation } from '../mutual'
import { INSP } from './stage'

export const PIN = b64url(new Uint8Array(32).fill(7))
export const QIN = 'u-qin'
export const LU = 'u-lu'
const item = (id: string, text: string) => ({ id, text, answer: { type: 'c3' as const } })
export const pack: Pack = {
  v: 1, insp: INSP, number: '2026-11-0042', created_ms: 1, mode: 'on_site', agency: { id: 'fire-test', name: '测试消防救援大队', kind: 'fire' },
  unit: { id: 'u1', name: '测试商贸有限公司', address: '测试路 1 号' },
  team: [{ user: QIN, name: '秦试', certificate_no: 'T-001', lead: true }, { user: LU, name: '陆验', certificate_no: 'T-002' }],
  assignments: [{ id: 'as-1' }], profile: {}, hashes: { profile: 'b'.repeat(64), item_list: 'c'.repeat(64), checklists: {} }, pin: PIN, facts: {}, texts: {},
  checklists: [{ id: 'CL-T-1', title: '消防监督检查', hash: 'a'.repeat(64), record_kind: 'fire_record', sections: [{ title: '一', items: [item('T-1', '安全出口畅通'), item('T-2', '灭火器完好')] }] }],
}

export class Handset {
  private constructor(readonly user: string, readonly vault: Vault, readonly log: EventLog, readonly clock: TestClock, readonly fact: TeamPhone, private readonly dice: Dice) {}

  static async of(user: string, seed: number, installation = `inst-${seed}`): Promise<Handset> {
    const dice = new Dice(seed)
    const made = await makeKeys()
    const dev = await deviceId(made.spki)
    const vault = new Vault(new MemoryDisk(new Platter()), dev, await vaultKey(dice.bytes(32)), dice)
    const clock = new TestClock()
    const log = new EventLog({ vault, signer: signerOf(made.keys), clock, random: dice, user })
    return new Handset(user, vault, log, clock, { user, dev, spki: b64url(new Uint8Array(made.spki)), installation, revoked: false }, dice)
  }

  get dev(): string {
    return this.fact.dev
  }
  /** What the last sync told this phone of the team's phones. */
  async knows(...phones: TeamPhone[]): Promise<void> {
    await this.vault.write([{ put: keys.visit(INSP), value: { insp: INSP, phones } }])
  }
  async write(type: string, body: JsonObject): Promise<void> {
    const done = await this.log.append([{ type, insp: INSP, body }])
    if (!done.ok) throw new Error(done.text)
  }
  /** Everything of `other` arrives by a sync. */
  async pulls(other: Handset): Promise<void> {
    const list = await other.vault.list<{ h: string }>(`ev/${INSP}/`)
    await this.vault.write(list.map(({ value }) => ({ put: `${MATE}${INSP}/${value.h}`, value })))
  }
  mutual(of: Pack = pack): MutualAttestation {
    const me = { dev: this.dev, user: this.user, installation: this.fact.installation }
    return new MutualAttestation({ insp: of.insp, pack: of, me, vault: this.vault, log: this.log, clock: this.clock, random: this.dice, took: () => undefined })
  }
  async visit() {
    return fold(sha256, await this.log.events(INSP), pack)
  }
}

export async function seen(codes: readonly string[]): Promise<Bytes> {
  const collector = new Collector(sha256)
  for (const code of codes) {
    const read = await collector.take(code)
    if (read.is === 'whole') return read.message
  }
  throw new Error('no whole message')
}
