/** Who has attested exactly what this record says now: the same events and the same words. */
import { computed, type ComputedRef, ref, watch } from 'vue'
import * as attest from '@/core/attest'
import type { Visit } from '@/core/visit'
import { sha256 } from '@/device/bytes'
import type { OpenVisit } from '../visit/useVisit'
import { textOf } from './useClosing'

/**
 * By user. A reply to a returned report changes the words without changing the checks, so it is the
 * digest that must agree: of the latest seal while that is closed, else of the record as it stands.
 */
export function useStanding(open: OpenVisit): ComputedRef<ReadonlyMap<string, Visit['attests'][number]>> {
  const wanted = ref('')
  watch(
    open.state,
    async (visit) => {
      const last = visit.seals.filter((seal) => seal.linked).at(-1)
      const d = last !== undefined && !visit.open_round ? last.d : await attest.digest(sha256, visit, textOf(open))
      if (open.state.value === visit) wanted.value = d
    },
    { immediate: true },
  )
  return computed(() => new Map(open.state.value.attests.filter((one) => one.stands && (wanted.value === '' || one.d === wanted.value)).map((one) => [one.by, one])))
}
