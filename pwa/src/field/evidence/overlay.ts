/** A full-screen layer closes with Escape and with the phone's back key, and the page behind does not scroll. */
import { inject, onBeforeUnmount, onMounted } from 'vue'
import { routerKey } from 'vue-router'

export function useOverlay(close: () => void): void {
  const router = inject(routerKey, undefined)
  let stop: () => void = () => undefined
  const hear = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') close()
  }
  onMounted(() => {
    document.addEventListener('keydown', hear)
    document.documentElement.classList.add('sj-behind')
    // The back key wants to leave the step: it closes the layer instead, once.
    stop = router?.beforeEach(() => {
      close()
      return false
    }) ?? stop
  })
  onBeforeUnmount(() => {
    stop()
    document.removeEventListener('keydown', hear)
    document.documentElement.classList.remove('sj-behind')
  })
}
