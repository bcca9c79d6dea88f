/**
 * Forms that are not yet facts: every change is in the vault 300 ms later, and at once when the page
 * hides. One save after the other per form; the newest value wins; a failed save is offered again.
 */
import { refuse, storeTrouble } from '../device/refusals'
import type { JsonObject, Lifecycle, Result, StoreReason, Timers } from '../device/ports'
import type { Vault } from '../device/vault'
import { keys } from './facts'
import type { Draft } from './session'

export const DEBOUNCE_MS = 300

export class Drafts {
  private readonly open = new Map<string, Slot>()
  private readonly stop: () => void

  constructor(private readonly vault: Vault, private readonly timers: Timers, lifecycle: Lifecycle) {
    this.stop = lifecycle.onHide(() => {
      void this.flush()
    })
  }

  of<T extends JsonObject>(insp: string, name: string): Draft<T> {
    const key = keys.draft(insp, name)
    const slot = this.open.get(key) ?? new Slot(this.vault, this.timers, key)
    this.open.set(key, slot)
    return {
      load: async () => slot.load() as Promise<T | undefined>,
      save: (value) => slot.save(value),
      flush: () => slot.flush(),
      drop: () => slot.drop(),
    }
  }

  async flush(): Promise<void> {
    await Promise.all([...this.open.values()].map((slot) => slot.flush()))
  }

  async close(): Promise<void> {
    this.stop()
    await this.flush()
  }
}

class Slot {
  /** The newest value not yet on the disk. */
  private waiting: { readonly value: JsonObject } | undefined
  private cancel: (() => void) | undefined
  private tail: Promise<unknown> = Promise.resolve()

  constructor(private readonly vault: Vault, private readonly timers: Timers, private readonly key: string) {}

  /** What was typed last, on the disk or not. */
  async load(): Promise<JsonObject | undefined> {
    if (this.waiting !== undefined) return this.waiting.value
    await this.tail
    return this.vault.get<JsonObject>(this.key)
  }

  save(value: JsonObject): void {
    // A copy: a screen that goes on changing its object must not change what is being saved.
    this.waiting = { value: JSON.parse(JSON.stringify(value)) as JsonObject }
    this.cancel ??= this.timers.after(DEBOUNCE_MS, () => {
      void this.flush()
    })
  }

  flush(): Promise<Result<object, StoreReason>> {
    this.cancel?.()
    this.cancel = undefined
    const run = this.tail.then(() => this.write())
    this.tail = run
    return run
  }

  private async write(): Promise<Result<object, StoreReason>> {
    const { waiting } = this
    if (waiting === undefined) return { ok: true }
    try {
      const outcome = await this.vault.write([{ put: this.key, value: waiting.value }])
      if (outcome !== 'done') return refuse(outcome === 'full' ? 'storage_full' : 'store_lost')
      if (this.waiting === waiting) this.waiting = undefined
      return { ok: true }
    } catch (error) {
      return storeTrouble(error)
    }
  }

  async drop(): Promise<void> {
    this.cancel?.()
    this.cancel = undefined
    this.waiting = undefined
    const run = this.tail.then(() => this.vault.write([{ del: this.key }]))
    this.tail = run.catch(() => undefined)
    await run
  }
}
