/**
 * A finger on the glass. What Playwright's own `tap` waits for is waited for here too (there, at rest, able, on top, in view),
 * but in one question to the page instead of eight: the scenarios tap some thousand times.
 */
import type { Locator } from '@playwright/test'

interface Place {
  readonly x: number
  readonly y: number
}

/** Touches the middle of `target` as soon as it can be touched. */
export async function touch(target: Locator): Promise<void> {
  let place = await target.evaluate(middle)
  while (place === 'gone') place = await target.evaluate(middle)
  await target.page().touchscreen.tap(place.x, place.y)
}

/** Runs in the page: where to touch; `gone` when the screen has drawn another one in its place meanwhile. */
async function middle(element: Element): Promise<Place | 'gone'> {
  const until = performance.now() + 15_000
  const blocks: readonly ScrollLogicalPosition[] = ['center', 'end', 'start']
  const control = element instanceof HTMLLabelElement ? element.control : element
  let why = ''
  let before: DOMRect | undefined
  for (let turn = 0; performance.now() < until; ) {
    if (!element.isConnected) return 'gone'
    const box = element.getBoundingClientRect()
    const atRest = before?.x === box.x && before.y === box.y && before.width === box.width && before.height === box.height
    before = box
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    const hit = document.elementFromPoint(x, y)
    if (!atRest) why = 'it moves'
    else if (!element.checkVisibility({ visibilityProperty: true }) || box.width === 0 || box.height === 0) why = 'it is not shown'
    else if (control?.matches(':disabled') === true) why = 'it is disabled'
    else if (hit !== null && element.contains(hit)) return { x, y }
    else {
      why = hit === null ? 'it is out of sight' : `over it lies ${hit.outerHTML.slice(0, 200)}`
      // Under a bar at the edge, perhaps: the next time somewhere else.
      element.scrollIntoView({ block: blocks[turn % blocks.length]!, behavior: 'instant' })
      turn += 1
    }
    await new Promise((drawn) => requestAnimationFrame(drawn))
  }
  throw new Error(`nobody can touch ${element.outerHTML.slice(0, 200)}: ${why}`)
}
