/** The self-test of enrolment and of each day (phone-stack 3.8): loaded when it runs, it is not part of a start. */
import { fromB64url, sameBytes, utf8 } from './bytes'
import { makeKeys, importLogKey, signerOf, verifies } from './signer'
import type { Clock, Disk, Random, SelfTest } from './ports'

const PROBE = 'probe'
const FIVE_MB = 5 * 1024 * 1024

/** Five MB written strictly and read back; the probe row goes again whatever happened. */
async function strictRoundtrip(disk: Disk, random: Random, clock: Clock): Promise<{ good: boolean; ms: number }> {
  const began = clock.mono()
  const seed = random.bytes(1024)
  const data = new Uint8Array(FIVE_MB)
  for (let at = 0; at < FIVE_MB; at += seed.length) data.set(seed, at)
  try {
    const row = { key: PROBE, rev: 1, iv: seed.buffer, data: data.buffer }
    const outcome = await disk.commit([{ store: 'bytes', put: row }])
    const back = outcome === 'done' ? await disk.get('bytes', PROBE) : undefined
    return { good: back !== undefined && sameBytes(new Uint8Array(back.data), data), ms: clock.mono() - began }
  } finally {
    await disk.commit([{ store: 'bytes', del: PROBE }])
  }
}

/** A key that was stored and read again must still sign; exporting it must fail. */
async function keyReread(disk: Disk): Promise<boolean> {
  const { keys } = await makeKeys()
  await disk.putMeta(PROBE, keys)
  const back = await disk.getMeta<CryptoKeyPair>(PROBE)
  await disk.updateMeta(PROBE, () => undefined)
  if (back === undefined) return false
  const message = utf8('suijian self-test')
  const signature = await signerOf(back).sign(message)
  const exported = await crypto.subtle.exportKey('pkcs8', back.privateKey).catch(() => undefined)
  return exported === undefined && (await verifies(keys.publicKey, signature, message))
}

/** RFC 8410 test key; importing it tells whether this browser can check receipts. */
const ED25519_PROBE = 'GXb0TFjG4pTHd2X9fEtjVaPyTzlA3V4rY3bM7ZJ6tEI'

async function hasCamera(): Promise<boolean> {
  const devices = await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])
  return devices?.some(({ kind }) => kind === 'videoinput') ?? false
}

function displayMode(): SelfTest['display_mode'] {
  const ios = (navigator as Navigator & { standalone?: boolean }).standalone === true
  const installed = globalThis.matchMedia?.('(display-mode: standalone)').matches ?? false
  return ios || installed ? 'standalone' : 'browser'
}

let underWay: Promise<SelfTest> | undefined

/** Whoever asks while it runs gets its result: a second one beside it would take away the rows the first has yet to read. */
export function selfTest(disk: Disk, random: Random, clock: Clock): Promise<SelfTest> {
  underWay ??= test(disk, random, clock).finally(() => {
    underWay = undefined
  })
  return underWay
}

async function test(disk: Disk, random: Random, clock: Clock): Promise<SelfTest> {
  const agent = navigator.userAgent
  const { good, ms } = await strictRoundtrip(disk, random, clock)
  const mode = displayMode()
  const ios = /iPhone|iPad|iPod/.test(agent)
  const inApp = /MicroMessenger|QQ\/|UCBrowser/.test(agent)
  return {
    secure_context: globalThis.isSecureContext === true,
    service_worker: 'serviceWorker' in navigator,
    strict_write: good,
    strict_write_ms: ms,
    key_reread: await keyReread(disk),
    camera: await hasCamera(),
    locks: 'locks' in navigator,
    gzip: 'CompressionStream' in globalThis,
    ed25519: (await importLogKey(fromB64url(ED25519_PROBE)).catch(() => undefined)) !== undefined,
    display_mode: mode,
    persisted: (await navigator.storage?.persisted?.()) ?? false,
    in_app_browser: inApp,
    evidence_allowed: good && !inApp && !(ios && mode === 'browser'),
    user_agent: agent.slice(0, 256),
  }
}
