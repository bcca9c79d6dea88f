/** One person's phone and a fake server, without screens: for tests of what a round does. */
import { deviceId, sha256 } from '../../device/bytes'
import { EventLog } from '../../device/log'
import { keepLoose } from '../../device/photos'
import type { NetRequest } from '../../device/ports'
import { makeKeys, signerOf } from '../../device/signer'
import {
  Dice, ed25519Verify, logKeys, MemoryDisk, noCompression, Platter, TestClock, testBus, TestLifecycle, testLocks, TestTimers, vaultKey,
} from '../../device/testing/memory'
import { Vault } from '../../device/vault'
import { SyncEngine, type EngineParts } from '../engine'
import { keys, type TokensFact } from '../facts'
import { FakeServer } from './fakeServer'

export const INSP = '0195f0a0-0000-7000-8000-000000000001'
export const note = (text: string) => ({ type: 'note.add', body: { text }, insp: INSP })

export async function stage(log?: Awaited<ReturnType<typeof logKeys>>) {
  const dice = new Dice(17)
  const server = new FakeServer(log ?? (await logKeys()))
  const made = await makeKeys()
  const dev = await deviceId(made.spki)
  const vault = new Vault(new MemoryDisk(new Platter()), dev, await vaultKey(dice.bytes(32)), dice)
  const clock = new TestClock()
  const timers = new TestTimers()
  const lifecycle = new TestLifecycle()
  const signer = signerOf(made.keys)
  const tokens: TokensFact = { access: 'a', refresh: 'r', until: Number.MAX_SAFE_INTEGER, dead: false }
  await vault.write([
    { put: keys.tokens, value: tokens }, { put: keys.epoch, value: { epoch: 1 } },
    { put: keys.device, value: { dev, log: server.logKey } },
  ])
  const asked: NetRequest[] = []
  const parts: EngineParts = {
    vault, signer, clock, random: dice, timers, lifecycle, locks: testLocks(), bus: testBus(), compression: noCompression,
    sha256, verifyEd25519: ed25519Verify, piece: 100,
    net: {
      request: async (request) => {
        asked.push(request)
        return server.handle(request)
      },
    },
  }
  const eventLog = new EventLog({ vault, signer, clock, random: dice, user: 'u' })
  const photo = async (size = 250) => {
    const kept = await keepLoose({ vault, clock }, INSP, dice.bytes(size), 'image/png')
    if (!kept.ok) throw new Error(kept.text)
    const body = { sha256: kept.sha256, size, mime: 'image/png', width: 1, height: 1, src: 'inapp', purpose: 'general' }
    await eventLog.append([{ type: 'photo.add', body, insp: INSP }])
    return kept.sha256
  }
  return { server, vault, clock, timers, lifecycle, parts, log: eventLog, asked, photo, dice, dev, engine: new SyncEngine(parts) }
}
export type Stage = Awaited<ReturnType<typeof stage>>
