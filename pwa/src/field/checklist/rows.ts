/** The rows of one sheet as a person sees them: what is open, what lacks, what hides and why. Pure. */
import { answerOf, type ItemEntry, entries, sheetsOf } from '@/core/items'
import type { Need } from '@/core/needs'
import type { Checklist, ChecklistItem, Pack } from '@/core/pack'
import type { AnswerHead, ItemAnswers, Visit } from '@/core/visit'

export type RowState = 'open' | 'lacking' | 'conflict' | 'done' | 'elsewhere'
export interface Row {
  readonly key: string
  readonly number: number
  readonly section: string
  readonly checklist: string
  readonly sheet: number
  readonly item: ChecklistItem
  readonly answers: ItemAnswers | undefined
  readonly head: AnswerHead | undefined
  readonly state: RowState
  /** Sentences of what is still demanded here. */
  readonly needs: readonly string[]
  /** Title of the checklist in which the same item is answered; else "". */
  readonly elsewhere: string
}
export type Filter = 'all' | 'open' | 'fail'

/** Sheets that exist, and further ones the person has opened but not yet written on. */
export function sheetsWith(visit: Visit, checklist: Checklist, opened: readonly number[]): number[] {
  const found = sheetsOf(visit, checklist)
  if (checklist.repeatable !== true) return found
  return [...new Set([...found, ...opened])].sort((a, b) => a - b)
}

/** `before`: the rows as they stood; one that says the same is that very object again, so that only what changed is drawn anew. */
export function rowsOf(visit: Visit, pack: Pack, needs: readonly Need[], checklist: string, sheet: number, before: readonly Row[] = []): { rows: Row[]; hidden: number } {
  const mine = entries(visit, pack).filter((entry) => entry.checklist === checklist)
  const own = mine.filter((entry) => entry.sheet === sheet)
  // A sheet nobody has written on yet is not in the fold: it looks like the first one.
  const sheeted = own.length > 0 ? own : mine.filter((entry) => entry.sheet === 0).map((entry) => ({ ...entry, sheet, key: `${checklist}/${sheet}/${entry.item.id}` }))
  const visible = sheeted.filter((entry) => entry.visible)
  const titles = new Map(pack.checklists.map((one) => [one.id, one.title]))
  const known = new Map(before.map((row) => [row.key, row]))
  return {
    hidden: sheeted.length - visible.length,
    rows: visible.map((entry, index) => {
      const row = rowOf(visit, entry, index + 1, needs, titles)
      const old = known.get(row.key)
      return old && JSON.stringify(old) === JSON.stringify(row) ? old : row
    }),
  }
}

function rowOf(visit: Visit, entry: ItemEntry, number: number, needs: readonly Need[], titles: ReadonlyMap<string, string>): Row {
  const answers = answerOf(visit, entry)
  const head = answers?.heads[0]
  const lacks = needs.filter((need) => need.checklist === entry.checklist && need.item === entry.item.id && (need.sheet ?? 0) === entry.sheet && need.code !== 'M_ITEM')
  const own = visit.answers[entry.key] !== undefined
  const elsewhere = entry.same_as !== '' && !own
  const state: RowState = elsewhere ? 'elsewhere' : answers?.conflict === true ? 'conflict' : head === undefined ? 'open' : lacks.length > 0 ? 'lacking' : 'done'
  return {
    key: entry.key,
    number,
    section: entry.section,
    checklist: entry.checklist,
    sheet: entry.sheet,
    item: entry.item,
    answers,
    head,
    state,
    needs: lacks.map((need) => shortNeed(need.text)),
    elsewhere: elsewhere ? (titles.get(entry.same_as.split('/')[0] ?? '') ?? '') : '',
  }
}

/** The row already says which item it is: 「“…”不符合，缺少部位」 is 缺少部位 there. */
function shortNeed(text: string): string {
  return text.slice(text.lastIndexOf('”') + 1).replace(/^（第\d+张）/, '').replace(/^不符合，/, '')
}

export function shown(rows: readonly Row[], filter: Filter): Row[] {
  if (filter === 'open') return rows.filter(unfinished)
  if (filter === 'fail') return rows.filter((row) => row.head?.val === 'fail')
  return [...rows]
}

export function unfinished(row: Row): boolean {
  return row.state === 'open' || row.state === 'lacking' || row.state === 'conflict'
}

export function progress(rows: readonly Row[]): { answered: number; all: number; fails: number; left: number } {
  const own = rows.filter((row) => row.state !== 'elsewhere')
  return {
    answered: own.filter((row) => row.head !== undefined).length,
    all: own.length,
    fails: own.filter((row) => row.answers?.heads.some((head) => head.val === 'fail')).length,
    left: own.filter(unfinished).length,
  }
}

/** The unfinished row after `from`, going round; undefined when all is done. */
export function nextOpen(rows: readonly Row[], from: string): Row | undefined {
  const start = rows.findIndex((row) => row.key === from) + 1
  return [...rows.slice(start), ...rows.slice(0, start)].find(unfinished)
}

/** Rows under their section titles, in order. */
export function bySection(rows: readonly Row[]): { title: string; rows: Row[] }[] {
  const found: { title: string; rows: Row[] }[] = []
  for (const row of rows) {
    const last = found.at(-1)
    if (last?.title === row.section) last.rows.push(row)
    else found.push({ title: row.section, rows: [row] })
  }
  return found
}
