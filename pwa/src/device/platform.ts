/** All ports of this browser in one hand, for the composition in sync/app.ts; a test hands in others. */
import { browserBus, browserClock, browserLocks, browserNet, compression, lifecycle, random, timers } from './browser'
import { IdbDisk } from './disk'
import { gauge, persist, ScreenAwake } from './phone'
import { importLogKey, verifyEd25519 } from './signer'
import type { Bytes } from './bytes'
import type { VisitTools } from './visitTools'
import type {
  Bus, Clock, Compression, Disk, Lifecycle, Locks, Net, Random, SelfTest, StorageGauge, Timers,
} from './ports'

export interface Platform {
  readonly disk: Disk
  readonly net: Net
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
  readonly locks: Locks
  readonly bus: Bus
  readonly compression: Compression
  readonly lifecycle: Lifecycle
  readonly awake: { keep(on: boolean): Promise<boolean> }
  /** undefined where the browser has no Ed25519. */
  readonly verifyEd25519: ((publicKey: Bytes, message: Bytes, signature: Bytes) => Promise<boolean>) | undefined
  /** PBKDF2 rounds; only a test asks for fewer than the default. */
  readonly pinIterations?: number
  /** Camera, microphone and position: the same object each time. */
  tools(): Promise<VisitTools>
  selfTest(): Promise<SelfTest>
  gauge(kept: number, full: boolean): Promise<StorageGauge>
  persist(): Promise<boolean>
}

/** A browser either knows Ed25519 or does not; asked once, with a key that is certainly valid. */
async function ed25519(): Promise<Platform['verifyEd25519']> {
  const known = await importLogKey(new Uint8Array(32)).then(
    (key) => key !== undefined,
    // The key of 32 zero bytes may be called invalid; that is an answer of somebody who knows the curve.
    (error: unknown) => !(error instanceof Error && error.name === 'NotSupportedError'),
  )
  if (!known) return undefined
  return async (publicKey, message, signature) => {
    const key = await importLogKey(publicKey)
    return key !== undefined && verifyEd25519(key, signature, message)
  }
}

async function loadTools(): Promise<VisitTools> {
  return (await import('./visitTools')).browserTools(lifecycle)
}

export async function browserPlatform(): Promise<Platform> {
  const disk = new IdbDisk()
  const clock = browserClock()
  let tools: Promise<VisitTools> | undefined
  return {
    disk, clock, random, timers, compression, lifecycle,
    net: browserNet(),
    locks: browserLocks(),
    bus: browserBus(),
    awake: new ScreenAwake(lifecycle),
    verifyEd25519: await ed25519(),
    tools: () => (tools ??= loadTools().catch((error: unknown) => {
      tools = undefined
      throw error
    })),
    selfTest: async () => (await import('./selfTest')).selfTest(disk, random, clock),
    gauge, persist,
  }
}
