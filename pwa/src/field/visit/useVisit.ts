/** One opened visit for all its screens: the events, what they fold to, and the one way to add to them. */
import { computed, type ComputedRef, inject, type InjectionKey, provide, type Ref, ref, type ShallowRef, shallowRef } from 'vue'
import { remembering } from '@/core/bytes'
import { fold, type Visit as Folded } from '@/core/fold'
import { missing, type Need, type Stage } from '@/core/needs'
import { steps, type Step } from '@/core/steps'
import { sha256 } from '@/device/bytes'
import type { BodyBuilder, JsonObject, Session, Visit } from '@/sync/session'

export interface OpenVisit {
  readonly visit: Visit
  readonly pack: Visit['pack']
  readonly phone: Session
  readonly state: Readonly<ShallowRef<Folded>>
  readonly steps: ComputedRef<readonly Step[]>
  /** The last refusal in words; empty when the last save went well. */
  readonly trouble: Ref<string>
  /** True for a moment after each save, so that the screen can say 已存手机. */
  readonly savedAt: Ref<number>
  /** Saves one event and folds again; true only when it is on the disk. */
  add(type: string, body: JsonObject): Promise<boolean>
  /** Saves one event whose body is built from the events of that moment (attest, seal). */
  addBuilt(type: string, build: BodyBuilder): Promise<boolean>
  /** All or none. */
  addAll(events: readonly { type: string; body: JsonObject }[]): Promise<boolean>
  /** Runs anything that adds events by itself (camera, second signature) and folds again. */
  after<T extends { ok: boolean }>(work: Promise<T>): Promise<T>
  /** This phone adds to a record that lies on another one and has not come here (D-15): its beginning is not asked for. */
  readonly assisting: Ref<boolean>
  /** What is still demanded before `stage`. */
  lacks(stage: Stage): readonly Need[]
  refresh(): Promise<void>
}

const KEY: InjectionKey<OpenVisit> = Symbol('visit')

export async function openVisit(phone: Session, insp: string): Promise<OpenVisit | undefined> {
  const visit = await phone.openVisit(insp)
  if (!visit) return undefined
  const { pack } = visit
  // Each saved answer folds the record again: its hashes but for the new ones are known.
  const hash = remembering(sha256)
  let folded = visit.events()
  const state = shallowRef<Folded>(await fold(hash, folded, pack))
  const trouble = ref('')
  const savedAt = ref(0)

  let folding = Promise.resolve()
  /** The same array means that nothing came: then what is being folded already is waited for, or nothing. */
  function refresh(): Promise<void> {
    const now = visit!.events()
    if (now !== folded) {
      folded = now
      folding = fold(hash, now, pack).then((made) => {
        // Something newer may have come meanwhile.
        if (folded === now) state.value = made
      })
    }
    return folding
  }
  async function after<T extends { ok: boolean }>(work: Promise<T>): Promise<T> {
    const answer = await work
    trouble.value = answer.ok ? '' : ((answer as unknown as { text: string }).text ?? '')
    if (answer.ok) savedAt.value += 1
    await refresh()
    return answer
  }
  return {
    visit,
    pack,
    phone,
    state,
    trouble,
    savedAt,
    refresh,
    after,
    assisting: ref(false),
    steps: computed(() => steps(pack.profile, pack, state.value.outcome?.kind ?? 'completed')),
    add: async (type, body) => (await after(visit.append(type, body))).ok,
    addBuilt: async (type, build) => (await after(visit.appendBuilt(type, build))).ok,
    addAll: async (events) => (await after(visit.appendAll(events))).ok,
    lacks: (stage) => missing(state.value, pack, stage),
  }
}

export function provideVisit(open: OpenVisit): void {
  provide(KEY, open)
}

/** The visit of the frame around this screen. */
export function useVisit(): OpenVisit {
  const open = inject(KEY)
  if (!open) throw new Error('a step screen stands outside the visit frame')
  return open
}
