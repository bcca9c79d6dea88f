/** One question to the server and what a screen must show of it: waiting, slow, failed, answered. The last question wins. */
import { onScopeDispose, ref, shallowRef } from 'vue'
import { words } from '../useDesk'

const SLOW_MS = 2_500

export function useAsk<T>(question: () => Promise<T>) {
  const answer = shallowRef<T>()
  const trouble = ref('')
  const waiting = ref(false)
  const slow = ref(false)
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function ask(): Promise<void> {
    const mine = ++asked
    trouble.value = ''
    waiting.value = true
    clearTimeout(timer)
    timer = setTimeout(() => (slow.value = waiting.value), SLOW_MS)
    try {
      const found = await question()
      if (mine === asked) answer.value = found
    } catch (error) {
      if (mine === asked) trouble.value = words(error)
    } finally {
      if (mine === asked) {
        waiting.value = slow.value = false
        clearTimeout(timer)
      }
    }
  }
  onScopeDispose(() => {
    asked += 1
    clearTimeout(timer)
  })
  return { answer, trouble, waiting, slow, ask }
}

/** One act that changes something: one at a time, its refusal in words. Answers whether it was done. */
export function useAct() {
  const busy = ref(false)
  const trouble = ref('')
  async function act(work: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    trouble.value = ''
    try {
      await work()
      return true
    } catch (error) {
      trouble.value = words(error)
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, trouble, act }
}
