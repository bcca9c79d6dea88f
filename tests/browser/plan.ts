/** What a scenario lets its inspectors do. */
import type { Holder } from './phone'
import type { Visit } from './visit'

export interface Finding {
  /** Item id, e.g. FB-D04. */
  readonly item: string
  readonly part: string
  readonly note: string
  /** The item's words, without spaces. */
  readonly text: string
}

export interface Plan {
  readonly team: readonly [Holder, Holder]
  /** The first c3 or choice item met that can fail is answered so. */
  readonly finding: { readonly part: string; readonly note: string }
  readonly receiver: string
  readonly party: string
  readonly recorder?: string
  /** Further photos of the scene, so that there are three at least. */
  readonly photos: number
  /** No photo of the door plate at arrival. */
  readonly door?: false
  /** What the second inspector does; by default signs on this phone with the own PIN. */
  readonly second?: 'here' | 'elsewhere'
  /** Called with each step's id once it stands on the screen. */
  readonly look?: (step: string) => Promise<void>
  /** Called inside a checklist, after its items have been answered. */
  readonly extra?: (checklist: string, visit: Visit) => Promise<void>
}
