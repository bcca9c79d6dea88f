/** The small ports of the browser: clock, randomness, timers, network, locks, news between tabs, page life. */
import { b64url, type Bytes } from './bytes'
import type {
  Bus, BusMessage, Clock, Compression, Lifecycle, Locks, Net, NetRequest, NetResponse, Random, Timers,
} from './ports'

export const random: Random = {
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
}

/** `boot` is new with every start of the page: mono values of two boots cannot be compared. */
export function browserClock(): Clock {
  const boot = b64url(random.bytes(6))
  return {
    boot,
    wall: () => Date.now(),
    mono: () => Math.round(performance.now()),
  }
}

export const timers: Timers = {
  after(ms, run) {
    const id = setTimeout(run, ms)
    return () => clearTimeout(id)
  },
}

const DEFAULT_TIMEOUT_MS = 30_000

export function browserNet(origin = ''): Net {
  return {
    async request(request: NetRequest): Promise<NetResponse> {
      const cut = new AbortController()
      const timer = setTimeout(() => cut.abort(), request.timeoutMs ?? DEFAULT_TIMEOUT_MS)
      try {
        const answer = await fetch(origin + request.path, {
          method: request.method,
          headers: { ...request.headers },
          ...(request.body === undefined ? {} : { body: request.body }),
          signal: cut.signal,
          // A captive portal answers with a redirect to its own page: that is no answer of ours.
          redirect: 'error',
          cache: 'no-store',
          credentials: 'omit',
        })
        const body = new Uint8Array(await answer.arrayBuffer())
        return { status: answer.status, header: (name) => answer.headers.get(name), body }
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** Inside one page when Web Locks are missing (WebKitGTK without them): still one at a time here. */
function pageLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>()
  const exclusive = <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const result = (tails.get(name) ?? Promise.resolve()).then(run)
    const tail = result.catch(() => undefined).then(() => {
      if (tails.get(name) === tail) tails.delete(name)
    })
    tails.set(name, tail)
    return result
  }
  return {
    exclusive,
    ifFree: async (name, run) => (tails.has(name) ? undefined : exclusive(name, run)),
  }
}

export function browserLocks(): Locks {
  if (!('locks' in navigator)) return pageLocks()
  return {
    ifFree: async <T>(name: string, run: () => Promise<T>): Promise<T | undefined> =>
      navigator.locks.request(name, { ifAvailable: true }, async (lock) => (lock === null ? undefined : await run())),
    exclusive: async <T>(name: string, run: () => Promise<T>): Promise<T> =>
      navigator.locks.request(name, async () => await run()),
  }
}

export function browserBus(): Bus {
  if (!('BroadcastChannel' in globalThis)) return { post: () => undefined, listen: () => () => undefined }
  const channel = new BroadcastChannel('suijian')
  return {
    post: (message) => channel.postMessage(message),
    listen(hear) {
      const heard = (event: MessageEvent<BusMessage>): void => hear(event.data)
      channel.addEventListener('message', heard)
      return () => channel.removeEventListener('message', heard)
    },
  }
}

export const compression: Compression = {
  async gzip(bytes: Bytes): Promise<Bytes | undefined> {
    if (!('CompressionStream' in globalThis)) return undefined
    const squeezed = new Response(bytes).body?.pipeThrough(new CompressionStream('gzip'))
    return squeezed === undefined ? undefined : new Uint8Array(await new Response(squeezed).arrayBuffer())
  },
}

function on(target: EventTarget, name: string, run: () => void, options: AddEventListenerOptions = {}): () => void {
  target.addEventListener(name, run, options)
  return () => target.removeEventListener(name, run, options)
}
/** Whatever tells that a person is there; seen before any screen may stop it. */
const ACTIVITY = ['pointerdown', 'pointermove', 'touchmove', 'keydown', 'input', 'wheel', 'scroll'] as const

interface NetworkInformation extends EventTarget {
  readonly type?: string
  readonly saveData?: boolean
}

export const lifecycle: Lifecycle = {
  hidden: () => document.visibilityState === 'hidden',
  onHide(run) {
    const stops = [
      on(document, 'visibilitychange', () => {
        if (document.visibilityState === 'hidden') run()
      }),
      on(globalThis, 'pagehide', run),
    ]
    return () => stops.forEach((stop) => stop())
  },
  onShow: (run) =>
    on(document, 'visibilitychange', () => {
      if (document.visibilityState === 'visible') run()
    }),
  onNetwork: (run) => on(globalThis, 'online', run),
  onActivity(run) {
    const stops = ACTIVITY.map((name) => on(document, name, run, { capture: true, passive: true }))
    return () => stops.forEach((stop) => stop())
  },
  connection() {
    const info = (navigator as Navigator & { connection?: NetworkInformation }).connection
    if (info?.type === 'wifi' || info?.type === 'ethernet') return 'wifi'
    if (info?.type === 'cellular' || info?.saveData === true) return 'metered'
    return 'unknown'
  },
}
