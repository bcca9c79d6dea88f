/** Where the record log keeps what, by key and shape: for those who read it without writing to it. */
import type { WireEvent } from './ports'

export interface KeptEvent {
  readonly h: string
  readonly w: WireEvent
}
/** Counters of the chain and the clock reading of its last event. */
export interface ChainFact {
  readonly n: number
  readonly prev: string
  readonly wall: number
  readonly mono: number
  readonly boot: string
}
export interface OffsetFact {
  readonly off: number
  readonly wall: number
  readonly mono: number
  readonly boot: string
}
export interface AnchorFact {
  readonly size: number
  readonly root: string
}
/** A file named by a signed event: only such files are sent. */
export interface NamedFact {
  readonly insp: string
  readonly h: string
  readonly type: string
}

/**
 * An event of another chain that this phone also offers to the server. `soft`: its author's own
 * vault holds it too, so a refusal here is nobody's trouble (the author sends it after unlocking).
 */
export interface CarriedFact extends KeptEvent {
  readonly soft: boolean
  readonly insp: string
}

export const EVENT = 'ev/'
/** Stands once this chain has ended with the naming of another key. */
export const ROTATED = 'rotated'
export const CARRIED = 'car/'
export const MATE = 'mate/'

export function eventKey(insp: string, n: number): string {
  return `${EVENT}${insp === '' ? '-' : insp}/${String(n).padStart(9, '0')}`
}

export function carriedKey(dev: string, n: number): string {
  return `${CARRIED}${dev}/${String(n).padStart(9, '0')}`
}
