/** Times as people at a desk in China read them, wherever the browser believes to be. */
const DAY_MS = 86_400_000
const shanghai = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'short' })

/** `2026-11-20 09:05` of an instant in milliseconds or ISO. */
export function minuteOf(at: number | string): string {
  return shanghai.format(new Date(at))
}

/** Whole days since then; 0 for today's last 24 hours. */
export function daysSince(iso: string, now = Date.now()): number {
  return Math.max(0, Math.floor((now - Date.parse(iso)) / DAY_MS))
}
