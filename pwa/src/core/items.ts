/** Checklist items of a visit: which apply, which sheets exist, what an answer means; twin of items.py. */
import type { Checklist, ChecklistItem, Pack, Verdict } from './pack'
import type { AnswerHead, ItemAnswers, Photo, Visit } from './visit'

export const VERDICT_ZH: Readonly<Record<Verdict, string>> = {
  pass: '符合',
  fail: '不符合',
  na: '不适用',
  neutral: '已记录',
}

export interface ItemEntry {
  readonly checklist: string
  readonly title: string
  readonly repeatable: boolean
  readonly sheet: number
  readonly section: string
  readonly item: ChecklistItem
  /** `CL/sheet/item`, the key of `visit.answers`. */
  readonly key: string
  readonly visible: boolean
  /** Key of the same item in an earlier checklist of the visit, which is answered there; else "". */
  readonly same_as: string
}

const BREAKS = /[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g

/** A value as one line of text: control characters and line breaks become one space; only text and numbers have words. */
export function oneLine(value: unknown): string {
  const text = typeof value === 'boolean' ? (value ? '是' : '否') : value
  if (typeof text !== 'string' && typeof text !== 'number') return ''
  return String(text).replace(BREAKS, ' ').replace(/^[ \u3000]+|[ \u3000]+$/g, '')
}

/** The sheets of a checklist, ascending: always 0; further ones exist once something names them. */
export function sheetsOf(visit: Visit, checklist: Checklist): number[] {
  if (checklist.repeatable !== true) return [0]
  const found = new Set([0])
  for (const { heads } of Object.values(visit.answers)) {
    const head = heads[0]
    if (head?.checklist === checklist.id) found.add(head.sheet)
  }
  for (const thing of [...visit.samples, ...visit.photos])
    if (thing.checklist === checklist.id && thing.sheet !== undefined) found.add(thing.sheet)
  return [...found].sort((a, b) => a - b)
}

/** Whether the item is shown: only a fact known to be `no` hides it (D-25). */
export function applies(visit: Pick<Visit, 'facts'>, item: ChecklistItem): boolean {
  return (item.applies_when ?? []).every((fact) => visit.facts[fact] !== 'no')
}

function identity(item: ChecklistItem): string {
  const codes = (item.answer.choices ?? []).map((choice) => choice.code)
  return JSON.stringify([item.id, item.text, item.answer.type, ...codes])
}

/** Every item of every sheet in printing order; a bank item met again points to the first by same_as. */
export function entries(visit: Visit, pack: Pack): ItemEntry[] {
  const found: ItemEntry[] = []
  const first = new Map<string, string>()
  for (const checklist of pack.checklists)
    for (const sheet of sheetsOf(visit, checklist))
      for (const section of checklist.sections)
        for (const item of section.items) {
          const key = `${checklist.id}/${sheet}/${item.id}`
          let sameAs = ''
          if (checklist.repeatable !== true) {
            const same = first.get(identity(item))
            if (same === undefined) first.set(identity(item), key)
            else sameAs = same
          }
          found.push({
            checklist: checklist.id,
            title: checklist.title,
            repeatable: checklist.repeatable === true,
            sheet,
            section: section.title,
            item,
            key,
            visible: applies(visit, item),
            same_as: sameAs === key ? '' : sameAs,
          })
        }
  return found
}

/** The entries a person has to answer: visible and not answered through another checklist. */
export function visibleItems(visit: Visit, pack: Pack): ItemEntry[] {
  return entries(visit, pack).filter((entry) => entry.visible && entry.same_as === '')
}

/** The answers of an entry, its own first, else those of the item it repeats. */
export function answerOf(visit: Pick<Visit, 'answers'>, entry: ItemEntry): ItemAnswers | undefined {
  return visit.answers[entry.key] ?? (entry.same_as === '' ? undefined : visit.answers[entry.same_as])
}

type Answered = Partial<Pick<AnswerHead, 'choice' | 'asked' | 'correct' | 'nums' | 'dates' | 'text' | 'texts'>>

/** The verdict an answer's content demands (D-25), "" when the person decides. */
export function verdictOf(item: ChecklistItem, answer: Answered): Verdict | '' {
  const { type, choices = [] } = item.answer
  if (type === 'choice' || type === 'multi') {
    const verdicts = new Map(choices.map((choice) => [choice.code, choice.verdict]))
    const chosen = (answer.choice ?? []).map((code) => verdicts.get(code) ?? 'neutral')
    if (chosen.length === 0) return ''
    if (chosen.includes('fail')) return 'fail'
    if (chosen.includes('pass')) return 'pass'
    return chosen.every((verdict) => verdict === 'na') ? 'na' : 'neutral'
  }
  if (type === 'quiz' && answer.asked !== undefined && answer.correct !== undefined) {
    if (answer.asked === 0) return 'na'
    return answer.correct >= answer.asked ? 'pass' : 'fail'
  }
  return ''
}

function filled(map: Readonly<Record<string, string>> | undefined): boolean {
  return map !== undefined && Object.keys(map).length > 0
}

/** Whether the main field of the item's answer type is filled in (`na` needs none). */
export function hasValue(item: ChecklistItem, answer: Answered & { readonly val: Verdict }): boolean {
  if (answer.val === 'na') return true
  switch (item.answer.type) {
    case 'choice':
    case 'multi':
      return (answer.choice ?? []).length > 0
    case 'number':
      return filled(answer.nums)
    case 'date':
      return filled(answer.dates)
    case 'text':
      return oneLine(answer.text) !== '' || filled(answer.texts)
    case 'quiz':
      return answer.asked !== undefined && answer.correct !== undefined
    default:
      return true
  }
}

/** Whether the on-site judgement sends the product to a laboratory (需送检, FP-13). */
export function toLaboratory(item: ChecklistItem, answer: Answered): boolean {
  const chosen = answer.choice ?? []
  return (item.answer.choices ?? []).some((choice) => chosen.includes(choice.code) && choice.text.includes('送检'))
}

/** `第2张` for the items of a repeatable checklist, else nothing. */
export function sheetWords(entry: Pick<ItemEntry, 'repeatable' | 'sheet'>): string {
  return entry.repeatable ? `第${entry.sheet + 1}张` : ''
}

type Pictured = Pick<Visit, 'photos' | 'supplements'>

/** The photos that stand for an item, supplements too: not withdrawn and not a derived copy. */
export function photosOf(visit: Pictured, checklist: string, item: string, sheet: number): Photo[] {
  return [...visit.photos, ...visit.supplements].filter(
    (photo) =>
      photo.void === null &&
      photo.purpose !== 'derived' &&
      photo.item === item &&
      (photo.checklist ?? checklist) === checklist &&
      (photo.sheet ?? sheet) === sheet,
  )
}
