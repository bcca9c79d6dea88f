/**
 * New versions of the app wait until nobody is writing: accepting one reloads every tab and would
 * wipe what is not yet saved (measured). A visit that is open holds the shared lock `suijian-editing`.
 */
import { registerSW } from 'virtual:pwa-register'

const EDITING = 'suijian-editing'
const HOUR = 3_600_000

export interface UpdateWatch {
  /** Reload into the new version; false while a visit is open in any tab. */
  apply(): Promise<boolean>
}

export function watchForUpdate(offer: () => void): UpdateWatch {
  const update = registerSW({
    immediate: true,
    onNeedRefresh: offer,
    onRegisteredSW: (_url, registration) => {
      if (registration) setInterval(() => void registration.update().catch(() => undefined), HOUR)
    },
  })
  return {
    async apply() {
      if (await somebodyEdits()) return false
      await update(true)
      return true
    },
  }
}

/**
 * Tells when this page is served from the phone: until then a screen not yet opened would need the network.
 * Returns the way to stop listening.
 */
export function watchOffline(tell: (here: boolean) => void): () => void {
  const worker = 'serviceWorker' in navigator ? navigator.serviceWorker : undefined
  const now = (): void => tell(worker?.controller != null)
  now()
  worker?.addEventListener('controllerchange', now)
  return () => worker?.removeEventListener('controllerchange', now)
}

/** Ask the server for a newer app now; true when one is being fetched or waits: the offer then shows itself. */
export async function lookForUpdate(): Promise<boolean> {
  if (!('serviceWorker' in navigator)) return false
  const registration = await navigator.serviceWorker.getRegistration()
  await registration?.update().catch(() => undefined)
  return registration?.installing != null || registration?.waiting != null
}

async function somebodyEdits(): Promise<boolean> {
  if (!('locks' in navigator)) return false
  const { held } = await navigator.locks.query()
  return (held ?? []).some((lock) => lock.name === EDITING)
}

/** Hold the lock until the returned function is called. Several tabs may hold it at once. */
export function holdEditing(): () => void {
  if (!('locks' in navigator)) return () => undefined
  let release: () => void = () => undefined
  const held = new Promise<void>((done) => (release = done))
  void navigator.locks.request(EDITING, { mode: 'shared' }, () => held)
  return release
}
