/**
 * Working days (工作日); the rules and their articles stand in `server/kernel/workdays.py`.
 * Dates are ISO texts `YYYY-MM-DD`, so that no time zone of the phone can shift one.
 */

/** More working days than any limit of law; a larger count is a mistake and would only loop. */
export const MAX_COUNT = 3_650

const DAY = 86_400_000
const ISO = /^\d{4}-\d{2}-\d{2}$/
/** 全国年节及纪念日放假办法 (2025): the statutory days that have a fixed solar date. */
const FIXED: ReadonlySet<string> = new Set(['01-01', '05-01', '05-02', '10-01', '10-02', '10-03'])

/** One announced year: days off (weekend days of a span included) and weekend days worked. */
export interface YearTable {
  readonly off: ReadonlySet<string>
  readonly makeup: ReadonlySet<string>
}

/** The last day of a limit (24:00 Asia/Shanghai) and whether it may still move. */
export interface Due {
  readonly dueOn: string
  readonly provisional: boolean
}

/** The parsed `checklists/calendars/cn.json`. */
export interface CalendarData {
  readonly version: string
  readonly years: Readonly<Record<string, { readonly off: readonly string[]; readonly makeup: readonly string[] }>>
  readonly statutory?: Readonly<Record<string, readonly string[]>>
}

export class Calendar {
  constructor(
    readonly version: string,
    private readonly years: ReadonlyMap<string, YearTable>,
    private readonly statutory: ReadonlyMap<string, ReadonlySet<string>>,
    private readonly local: ReadonlyMap<string, boolean>,
  ) {}

  /** Whether the year of `day` has been announced in full. */
  covers(day: string): boolean {
    return this.years.has(day.slice(0, 4))
  }

  /** Whether offices work on `day`; outside announced years a best guess. */
  isWorkday(day: string): boolean {
    const own = this.local.get(day)
    if (own !== undefined) return own
    const weekend = [0, 6].includes(new Date(instant(day)).getUTCDay())
    const table = this.years.get(day.slice(0, 4))
    if (table !== undefined) return table.makeup.has(day) || (!weekend && !table.off.has(day))
    const known = this.statutory.get(day.slice(0, 4))
    return !weekend && !(known === undefined ? FIXED.has(day.slice(5)) : known.has(day))
  }

  /** The `n`-th working day after `start`, which itself is never counted; zero gives `start` back. */
  addWorkdays(start: string, n: number): Due {
    if (!Number.isInteger(n) || n < 0 || n > MAX_COUNT) throw new RangeError(`between 0 and ${MAX_COUNT} working days`)
    let day = dateOf(instant(start))
    let provisional = false
    for (let left = n; left > 0; left -= this.isWorkday(day) ? 1 : 0) {
      if (day === '9999-12-31') throw new RangeError('past the last date')
      day = plusDays(day, 1)
      provisional ||= !this.covers(day)
    }
    return { dueOn: day, provisional }
  }

  /** Working days after `a` up to and including `b`; negative if `b` is the earlier one. */
  workdaysBetween(a: string, b: string): number {
    if (instant(b) < instant(a)) return -this.workdaysBetween(b, a)
    let count = 0
    for (let day = a; day !== b; ) {
      day = plusDays(day, 1)
      if (this.isWorkday(day)) count++
    }
    return count
  }

  /** `day` itself if it is worked, else the first working day after it. */
  nextWorkday(day: string): string {
    let next = day
    while (!this.isWorkday(next)) next = plusDays(next, 1)
    return next
  }
}

/** The calendar of the data file, with an agency's own days (date to worked) laid over it. */
export function loadCalendar(data: CalendarData, local: Readonly<Record<string, boolean>> = {}): Calendar {
  const years = new Map<string, YearTable>()
  for (const [year, { off, makeup }] of Object.entries(data.years)) {
    for (const day of [...off, ...makeup])
      if (!isDate(day) || day.slice(0, 4) !== year) throw new RangeError(`${day} is filed under ${year}`)
    for (const day of makeup)
      if (off.includes(day) || ![0, 6].includes(new Date(instant(day)).getUTCDay()))
        throw new RangeError(`${day} cannot be a make-up working day`)
    years.set(year, { off: new Set(off), makeup: new Set(makeup) })
  }
  const statutory = new Map(Object.entries(data.statutory ?? {}).map(([year, days]) => [year, new Set(days)]))
  return new Calendar(data.version, years, statutory, new Map(Object.entries(local)))
}

/** Whether the text is a date that exists, as `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  const at = ISO.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN
  return text > '0001' && !Number.isNaN(at) && dateOf(at) === text
}

/** The date `days` later (or earlier). */
export function plusDays(day: string, days: number): string {
  return dateOf(instant(day) + days * DAY)
}

function instant(day: string): number {
  if (!isDate(day)) throw new RangeError(`not a date: ${day}`)
  return Date.parse(`${day}T00:00:00Z`)
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
