/** What the phone is: storage gauge, persistence, wake lock, the name of this installation. */
import { hex } from './bytes'
import type { Lifecycle, Random, StorageGauge } from './ports'

export async function gauge(kept: number, full: boolean): Promise<StorageGauge> {
  const told = await navigator.storage?.estimate?.().catch(() => undefined)
  return {
    kept,
    full,
    persisted: await navigator.storage?.persisted?.(),
    ...(told?.usage === undefined ? {} : { usage: told.usage }),
    ...(told?.quota === undefined ? {} : { quota: told.quota }),
  }
}

export async function persist(): Promise<boolean> {
  return (await navigator.storage?.persist?.()) ?? false
}

/** The system drops a wake lock whenever the page hides: taken again when it shows. */
export class ScreenAwake {
  private lock: { release(): Promise<void> } | undefined
  private wanted = false

  constructor(lifecycle: Lifecycle) {
    lifecycle.onShow(() => {
      if (this.wanted) void this.take()
    })
  }

  async keep(on: boolean): Promise<boolean> {
    this.wanted = on
    if (on) return this.take()
    await this.lock?.release()
    this.lock = undefined
    return true
  }

  private async take(): Promise<boolean> {
    if (!('wakeLock' in navigator)) return false
    this.lock = await navigator.wakeLock.request('screen').catch(() => undefined)
    return this.lock !== undefined
  }
}

/** Hex, because an id of the log may not begin with the - or _ of base64url: one phone in thirty could not enrol. */
export function freshInstallation(random: Random): string {
  return hex(random.bytes(16))
}
