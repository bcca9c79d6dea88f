/**
 * Instants and dates: an instant is milliseconds since 1970, a date of law is a date in
 * Asia/Shanghai. China has kept one offset since 1992, so the phone's own time zone is never asked.
 */

const SHANGHAI = 8 * 3_600_000
const DAY = 86_400_000

/** The date in China at that instant, as `YYYY-MM-DD`. */
export function localDate(ms: number): string {
  return new Date(ms + SHANGHAI).toISOString().slice(0, 10)
}

/** The first millisecond of a date in China; RangeError for a text that is no date. */
export function dayStartMs(day: string): number {
  const at = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(at)) throw new RangeError(`not a date: ${day}`)
  return at - SHANGHAI
}

/** 24:00 of a date in China, which is the first millisecond after it: the end of a time limit. */
export function dayEndMs(day: string): number {
  return dayStartMs(day) + DAY
}

/** For example 2026年9月24日. */
export function zhDate(day: string): string {
  const [year, month, date] = day.split('-').map(Number)
  return `${year}年${month}月${date}日`
}

/** For example 2026年9月24日 9时05分, in China's time. */
export function zhMinute(ms: number): string {
  const moment = new Date(ms + SHANGHAI)
  const minute = String(moment.getUTCMinutes()).padStart(2, '0')
  return `${zhDate(localDate(ms))} ${moment.getUTCHours()}时${minute}分`
}
