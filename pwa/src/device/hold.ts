/**
 * Work that a lock would cut: a recording under way, a signature half drawn, the system camera in front.
 * Whoever does it holds; the idle lock waits, but not for ever (a phone left behind in the camera app locks too).
 */
const held = new Set<object>()

/** Returns the way to let go; letting go twice does nothing. */
export function holdUnlocked(): () => void {
  const mark = {}
  held.add(mark)
  return () => void held.delete(mark)
}

export function somethingHolds(): boolean {
  return held.size > 0
}
