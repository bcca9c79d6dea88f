/**
 * Locking: first everything is taken off the screen (forms and recordings close themselves and keep what they
 * have), then the key is forgotten, then the page starts anew, so that nothing decrypted stays in its memory.
 */
import { nextTick, readonly, ref } from 'vue'
import type { Router } from 'vue-router'
import { startAnew } from '@/device/anew'
import { isUnlocked, leave } from './usePhone'

const veiled = ref(false)
export const veil = readonly(veiled)

/** `back`: after unlocking the person stands where the lock came. */
export async function lockPhone(router: Router, back: boolean): Promise<void> {
  if (!isUnlocked() || veiled.value) return
  const { fullPath } = router.currentRoute.value
  const to = router.resolve({ path: '/start', query: back && fullPath !== '/' ? { to: fullPath } : {} })
  veiled.value = true
  await nextTick()
  try {
    await leave()
  } finally {
    if (!startAnew(to.href)) {
      await router.replace(to)
      veiled.value = false
    }
  }
}
