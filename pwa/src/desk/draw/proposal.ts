/** What an empty proposal holds. */
import type { Wish } from './types'

const shanghai = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit' })

/** `2026-12` on any day of November 2026, as a clock in China shows it. */
export function nextMonth(now: number): string {
  const [year, month] = shanghai.format(new Date(now)).split('-').map(Number) as [number, number]
  return month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, '0')}`
}

export function emptyWish(me: string, period: string): Wish {
  const [year, month] = period.split('-')
  return {
    title: `${year}年${Number(month)}月月度抽查`, purpose: 'monthly', period, items: [], official_a: me, official_b: '', n: 5, mode: 'undirected', filter: {}, section: '', source_doc: '', team: 2,
    general_min_permille: null, skip_visited: false, by_sector_group: false, exclusions: [], forces: [], objects: [], witness_name: '', witness_user: '', superior: '', prev_void: '', registers: [], districts: [],
  }
}

/** `'宾馆饭店、学校 医院'` → three words; nothing asked for is no key at all. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.split(/[、，,;；\s]+/u).filter(Boolean))]
}

/** A filter without the conditions that ask for nothing: what is stored is what was asked. */
export function withCondition(filter: Readonly<Record<string, unknown>>, key: string, values: readonly string[]): Record<string, unknown> {
  const { [key]: _before, ...rest } = filter
  return values.length ? { ...rest, [key]: values } : rest
}
