/** What a component needs while something half done must not be cut by a lock; the application provides it. */
import { inject, type InjectionKey } from 'vue'

/** Begins to hold; the answer lets go. */
export type Hold = () => () => void
export const HOLD: InjectionKey<Hold> = Symbol('hold')

export function useHold(): Hold {
  return inject(HOLD, () => () => undefined)
}
