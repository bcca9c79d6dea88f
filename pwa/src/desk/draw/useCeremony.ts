/** One draw on the screens of several people: asked again every two seconds while somebody has to act; A's number shows itself. */
import { computed, onMounted, onScopeDispose, ref, watch } from 'vue'
import { commitTo, forgetNumber, numberOf } from '@/device/drawNumbers'
import { useAct, useAsk } from '../parts/useAsk'
import { get, send, user } from '../useDesk'
import type { Draw } from './types'

const EVERY_MS = 2_000
const MOVING: ReadonlySet<string> = new Set(['frozen', 'open', 'rolled'])

export function useCeremony(id: () => string) {
  const me = user().id
  const { answer: draw, trouble: askTrouble, waiting, slow, ask } = useAsk(() => get<Draw>(`draws/${id()}`))
  const { busy, trouble, act } = useAct()
  const numberLost = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let gone = false

  const mine = computed(() => draw.value?.parties.filter((one) => one.user_id === me) ?? [])
  const committing = computed(() => mine.value.find((one) => one.party !== 'dice'))
  const throwing = computed(() => mine.value.some((one) => one.party === 'dice'))
  const witnessing = computed(() => draw.value?.witness_user === me)
  const allCommitted = computed(() => draw.value?.parties.every((one) => one.party === 'dice' || one.committed_at) ?? false)

  async function step(name: string, body?: unknown): Promise<boolean> {
    const done = await act(async () => {
      draw.value = await send<Draw>('POST', `draws/${id()}/${name}`, body)
    })
    if (!done) await ask()
    return done
  }
  async function commit(): Promise<void> {
    const party = committing.value?.party
    if (party) await act(async () => (draw.value = await send<Draw>('POST', `draws/${id()}/commit`, { commitment: await commitTo(id(), party) })))
  }
  /** Nobody decides: when the dice are in, the number goes out. */
  async function reveal(): Promise<void> {
    const party = committing.value
    if (!party || party.revealed_at || draw.value?.state !== 'rolled') return
    const value = await numberOf(id(), party.party)
    numberLost.value = value === undefined
    if (value !== undefined) await step('reveal', { value })
  }
  async function look(): Promise<void> {
    const party = committing.value
    if (party?.committed_at && !party.revealed_at && MOVING.has(draw.value?.state ?? '')) numberLost.value = (await numberOf(id(), party.party)) === undefined
  }
  watch(() => [draw.value?.state, committing.value?.revealed_at] as const, () => void reveal())
  watch(() => committing.value?.committed_at, () => void look())
  watch(() => draw.value?.state, (state) => {
    const party = committing.value?.party
    if (party && (state === 'published' || state === 'void')) void forgetNumber(id(), party)
  })

  async function again(): Promise<void> {
    await ask()
    if (gone) return
    timer = setTimeout(() => void again(), MOVING.has(draw.value?.state ?? '') || draw.value?.void?.state === 'asked' ? EVERY_MS : EVERY_MS * 5)
  }
  onMounted(() => void again())
  onScopeDispose(() => {
    gone = true
    clearTimeout(timer)
  })
  return { draw, askTrouble, waiting, slow, ask, busy, trouble, mine, committing, throwing, witnessing, allCommitted, numberLost, step, commit }
}
