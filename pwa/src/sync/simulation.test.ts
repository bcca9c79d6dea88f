import { createCipheriv, createDecipheriv, createHash, KeyObject, sign, verify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { logKeys } from '../device/testing/memory'
import { simulate, simWorld, type Mutant, type World } from './testing/simulate'

/** More schedules: SUIJIAN_SCHEDULES=5000. One failing seed again: SUIJIAN_SEED=123 SUIJIAN_SCHEDULES=1. */
const FIRST = Number(process.env.SUIJIAN_SEED ?? 1)
const SCHEDULES = Number(process.env.SUIJIAN_SCHEDULES ?? 500)

const MUTANTS: readonly Mutant[] = [
  { name: 'the client believes any signature', trustsAnySignature: true },
  { name: 'the server keeps its epoch after a restore', noEpoch: true },
  { name: 'the server says stored before it is', ackBeforeCommit: true },
  { name: 'the server tells where it stood before it was restored', standsInMemory: true },
  { name: 'the server stores the same event twice', notIdempotent: true },
  { name: 'the server appends pieces without looking at the offset', noOffsetCheck: true },
  { name: 'the server keeps a file under a wrong hash', noHashCheck: true },
  { name: 'the phone calls a relaxed commit saved', disk: { relaxed: true } },
  { name: 'two tabs write without comparing revisions', disk: { ignoresExpectations: true } },
]

/**
 * The same algorithms without the hop to a worker thread for each call: four times as many schedules in the
 * same time. ES256 signatures are left out, the fake server does not look at them; log.test.ts does.
 */
function quickSubtle(real: SubtleCrypto): Pick<SubtleCrypto, 'digest' | 'encrypt' | 'decrypt' | 'importKey' | 'sign' | 'verify'> {
  const raws = new WeakMap<object, Uint8Array>()
  const own = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer
  const gcm = (algorithm: unknown): AesGcmParams => algorithm as AesGcmParams
  const rawOf = (key: CryptoKey): Uint8Array => raws.get(key) ?? new Uint8Array(KeyObject.from(key).export())
  return {
    digest: async (_name: unknown, data: Uint8Array) => own(createHash('sha256').update(data).digest()),
    async encrypt(algorithm: unknown, key: CryptoKey, data: Uint8Array) {
      const cipher = createCipheriv('aes-256-gcm', rawOf(key), gcm(algorithm).iv as Uint8Array)
      cipher.setAAD(gcm(algorithm).additionalData as Uint8Array)
      return own(Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]))
    },
    async decrypt(algorithm: unknown, key: CryptoKey, data: ArrayBuffer) {
      const bytes = new Uint8Array(data)
      const decipher = createDecipheriv('aes-256-gcm', rawOf(key), gcm(algorithm).iv as Uint8Array)
      decipher.setAAD(gcm(algorithm).additionalData as Uint8Array)
      decipher.setAuthTag(bytes.subarray(bytes.length - 16))
      return own(Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - 16)), decipher.final()]))
    },
    async importKey(...all: Parameters<SubtleCrypto['importKey']>) {
      const key = await real.importKey(...all)
      if (all[2] === 'AES-GCM') raws.set(key, new Uint8Array(all[1] as Uint8Array))
      return key
    },
    sign: async (algorithm: unknown, key: CryptoKey, data: Uint8Array) =>
      algorithm === 'Ed25519' ? own(sign(null, data, KeyObject.from(key))) : new ArrayBuffer(64),
    verify: async (_algorithm: unknown, key: CryptoKey, signature: Uint8Array, data: Uint8Array) =>
      verify(null, data, KeyObject.from(key), signature),
  } as unknown as ReturnType<typeof quickSubtle>
}

let world: World
beforeAll(async () => {
  world = await simWorld(await logKeys())
  vi.stubGlobal('crypto', { subtle: quickSubtle(crypto.subtle) })
})
afterAll(() => {
  vi.unstubAllGlobals()
})

describe('the sync client under a hostile world', () => {
  it(`loses and doubles nothing in ${SCHEDULES} schedules from seed ${FIRST}`, { timeout: 120_000 }, async () => {
    let crashes = 0
    let restores = 0
    for (let seed = FIRST; seed < FIRST + SCHEDULES; seed++) {
      const outcome = await simulate(seed, world)
      expect(outcome.violations, `seed ${seed}`).toEqual([])
      crashes += outcome.crashes
      restores += outcome.restores
    }
    // A world without faults proves nothing.
    if (SCHEDULES >= 100) expect(Math.min(crashes, restores)).toBeGreaterThan(SCHEDULES / 10)
  })

  it.each(MUTANTS)('is caught when $name', { timeout: 60_000 }, async (mutant) => {
    let caught: number | undefined
    for (let seed = 1; seed <= 150 && caught === undefined; seed++) {
      if ((await simulate(seed, world, mutant)).violations.length > 0) caught = seed
    }
    expect(caught, `no schedule of 150 noticed: ${mutant.name}`).toBeDefined()
  })
})
