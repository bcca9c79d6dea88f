/** Moments in the words of a record; integer arithmetic only, twin of `server/inspections/wording.py`. */
const DAY = 86_400_000
const OFFSET = 8 * 3_600_000

export interface Civil {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
}

function div(a: number, b: number): number {
  return Math.floor(a / b)
}

/** Year, month, day, hour and minute in Asia/Shanghai of a moment in ms. */
export function civil(ms: number): Civil {
  const days = div(ms + OFFSET, DAY)
  const rest = ms + OFFSET - days * DAY
  // Days to civil date, proleptic Gregorian calendar, in eras of 400 years.
  const shifted = days + 719_468
  const era = div(shifted, 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = div(
    dayOfEra - div(dayOfEra, 1460) + div(dayOfEra, 36_524) - div(dayOfEra, 146_096),
    365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + div(yearOfEra, 4) - div(yearOfEra, 100))
  const shiftedMonth = div(5 * dayOfYear + 2, 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - div(153 * shiftedMonth + 2, 5) + 1,
    hour: div(rest, 3_600_000),
    minute: div(rest, 60_000) % 60,
  }
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** The date in Asia/Shanghai, `2026-11-03`. */
export function dateIso(ms: number): string {
  const { year, month, day } = civil(ms)
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

/** `2026年11月3日09时05分`; `／` when there is no moment. */
export function minuteZh(ms: number | null): string {
  if (ms === null) return '／'
  const { year, month, day, hour, minute } = civil(ms)
  return `${year}年${month}月${day}日${two(hour)}时${two(minute)}分`
}

/** `09:05`. */
export function clockZh(ms: number): string {
  const { hour, minute } = civil(ms)
  return `${two(hour)}:${two(minute)}`
}

/** `2026-11-03` as `2026年11月3日`. */
export function dayZh(iso: string): string {
  const [year, month, day] = iso.split('-').map(Number)
  return `${year}年${month}月${day}日`
}
