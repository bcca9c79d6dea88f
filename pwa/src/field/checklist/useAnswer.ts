/**
 * One item being answered: the form, its draft at every stroke, and the event when it is meant.
 * Saves of one item go one after the other, so that a change always names the head before it.
 */
import { computed, type ComputedRef, onMounted, type Ref, ref, watch } from 'vue'
import type { Verdict } from '@/core/pack'
import type { AnswerHead } from '@/core/visit'
import type { OpenVisit } from '../visit/useVisit'
import { type AnswerForm, contentOf, contentOfHead, emptyForm, eventFor, formOf, hasSpareWords, sameAnswer } from './answerForm'
import type { Row } from './rows'

export interface Answering {
  readonly form: Ref<AnswerForm>
  /** Something is typed that is not yet an answer. */
  readonly waiting: ComputedRef<boolean>
  readonly busy: Ref<boolean>
  /** Keeps the draft; call on every stroke. */
  keep(): void
  /** Makes the event when the form says something new and enough; true when nothing is left to save. */
  commit(): Promise<boolean>
  decide(val: Verdict): Promise<boolean>
  /** Ends a conflict: this answer over all that stand. */
  choose(head: AnswerHead): Promise<boolean>
}

export function useAnswer(open: OpenVisit, row: () => Row, gate: () => boolean): Answering {
  const { checklist, item, sheet } = row()
  const place = { checklist, item: item.id, sheet }
  const draft = open.visit.draft<AnswerForm>(`check/${checklist}/${item.id}/${sheet}`)
  const form = ref<AnswerForm>(formOf(row().head))
  const busy = ref(false)
  let tail: Promise<boolean> = Promise.resolve(true)
  /** What the form was last made from: while it still says that, a mate's answer may replace it. */
  let made = JSON.stringify(form.value)

  const heads = (): readonly AnswerHead[] => open.state.value.answers[row().key]?.heads ?? []
  const content = computed(() => contentOf(item, place, form.value))
  const waiting = computed(() => {
    const head = row().head
    if (head && row().answers?.conflict !== true) return !content.value || !sameAnswer(contentOfHead(head), content.value)
    return JSON.stringify(form.value) !== JSON.stringify({ ...emptyForm(), gate: form.value.gate })
  })

  onMounted(async () => {
    const kept = await draft.load()
    if (kept) form.value = { ...emptyForm(), ...kept }
  })
  watch(
    () => row().head?.h,
    () => {
      if (JSON.stringify(form.value) !== made) return
      form.value = formOf(row().head)
      made = JSON.stringify(form.value)
    },
  )

  function keep(): void {
    draft.save(form.value)
  }
  function queue(work: () => Promise<boolean>): Promise<boolean> {
    tail = tail.then(work, work)
    return tail
  }
  async function write(next: NonNullable<typeof content.value>, standing: readonly AnswerHead[]): Promise<boolean> {
    busy.value = true
    const { type, body } = eventFor(next, standing)
    const saved = await open.add(type, body)
    busy.value = false
    return saved
  }
  /** The draft goes once the event carries all of it; words that the answer leaves out stay typed. */
  async function settle(saved: AnswerForm, next: NonNullable<typeof content.value>): Promise<void> {
    if (JSON.stringify(form.value) !== JSON.stringify(saved)) return
    made = JSON.stringify(form.value)
    if (!hasSpareWords(saved, next)) await draft.drop()
  }

  function commit(): Promise<boolean> {
    return queue(async () => {
      const saved = JSON.parse(JSON.stringify(form.value)) as AnswerForm
      const next = content.value
      const standing = heads()
      const only = standing.length === 1 ? standing[0] : undefined
      if (!next) return false
      const known = only !== undefined && sameAnswer(contentOfHead(only), next)
      if (!known && !(await write(next, standing))) return false
      await settle(saved, next)
      return true
    })
  }

  return {
    form,
    waiting,
    busy,
    keep,
    commit,
    decide(val) {
      form.value.val = val
      if (val === 'na') form.value.choice = []
      if (gate()) form.value.gate = true
      keep()
      return commit()
    },
    choose: (head) =>
      queue(async () => {
        if (!(await write(contentOfHead(head), heads()))) return false
        form.value = formOf(head)
        made = JSON.stringify(form.value)
        await draft.drop()
        return true
      }),
  }
}
