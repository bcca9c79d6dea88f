/** Whether content may still be added here, and what adding would undo. */
import { computed, type ComputedRef } from 'vue'
import type { OpenVisit } from '../visit/useVisit'

export type Hindrance = '' | 'closed' | 'not_begun' | 'not_mine'
export interface Writing {
  readonly why: ComputedRef<Hindrance>
  readonly can: ComputedRef<boolean>
  /** Somebody has attested what stands now: any addition asks both to attest again. */
  readonly voids: ComputedRef<boolean>
}

export function useWriting(open: OpenVisit): Writing {
  const mine = open.pack.team.some((one) => one.user === open.phone.me.user)
  const why = computed<Hindrance>(() => {
    const visit = open.state.value
    if (visit.sealed) return 'closed'
    if (!mine) return 'not_mine'
    return visit.opened === null && !open.assisting.value ? 'not_begun' : ''
  })
  return {
    why,
    can: computed(() => why.value === ''),
    voids: computed(() => why.value === '' && open.state.value.attests.some((one) => one.stands)),
  }
}
