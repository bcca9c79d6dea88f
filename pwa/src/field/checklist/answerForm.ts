/** What a person fills in for one item, and the answer body it makes. Pure; the row component owns the moments. */
import { hasValue, oneLine, verdictOf } from '@/core/items'
import type { ChecklistItem, ExtraField, Verdict } from '@/core/pack'
import type { AnswerHead } from '@/core/visit'
import type { JsonObject } from '@/sync/session'

/** `nums` key of an item's own number; further fields have the keys of `extra`. */
export const MAIN = 'value'

/** Everything typed, as strings; kept as a draft at each stroke, so nothing here may be undefined. */
export type AnswerForm = {
  /** What the person decided; `''` where the content decides or nothing was decided. */
  val: Verdict | ''
  choice: string[]
  text: string
  nums: Record<string, string>
  dates: Record<string, string>
  texts: Record<string, string>
  asked: string
  correct: string
  part: string
  /** 具体问题 of a 不符合. */
  note: string
  /** 说明 of any other verdict: the same field of the body, but never the same words. */
  remark: string
  fixed: 'yes' | 'no' | ''
  measure: string
  gate: boolean
  naReason: string
}
export interface Place {
  readonly checklist: string
  readonly item: string
  readonly sheet: number
}

export function emptyForm(): AnswerForm {
  return {
    val: '', choice: [], text: '', nums: {}, dates: {}, texts: {}, asked: '', correct: '', part: '', note: '', remark: '',
    fixed: '', measure: '', gate: false, naReason: '',
  }
}

/** The form that would make this answer. */
export function formOf(head: AnswerHead | undefined): AnswerForm {
  const form = emptyForm()
  if (!head) return form
  const fail = head.val === 'fail'
  return {
    ...form,
    val: head.val,
    choice: [...(head.choice ?? [])],
    text: head.text ?? '',
    nums: { ...head.nums },
    dates: { ...head.dates },
    texts: { ...head.texts },
    asked: head.asked === undefined ? '' : String(head.asked),
    correct: head.correct === undefined ? '' : String(head.correct),
    part: head.part ?? '',
    note: fail ? (head.note ?? '') : '',
    remark: fail ? '' : (head.note ?? ''),
    fixed: head.fixed === undefined ? '' : head.fixed ? 'yes' : 'no',
    measure: head.measure ?? '',
    gate: head.gate === true,
    naReason: head.val === 'na' ? (head.reason ?? '') : '',
  }
}

/** Digits as a Chinese keyboard may give them, as the decimal string of the log; '' when it is no number. */
export function decimal(typed: string): string {
  const text = typed
    .trim()
    .replace(/[０-９．－]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/。/g, '.')
    .replace(/\.$/, '')
    .replace(/^\./, '0.')
  return /^-?[0-9]{1,15}(\.[0-9]{1,9})?$/.test(text) ? text : ''
}

export function wholeNumber(typed: string): number | undefined {
  const text = decimal(typed)
  const value = Number(text)
  return text !== '' && Number.isInteger(value) && value >= 0 && value <= 10_000 ? value : undefined
}

/** Every input of the item beside its choices: its own number or date first, then the further fields. */
export function fieldsOf(item: ChecklistItem): ExtraField[] {
  const { type, label = '', unit } = item.answer
  const own: ExtraField[] =
    type === 'number' || type === 'date' ? [{ key: MAIN, type, label, ...(unit === undefined ? {} : { unit }) }] : []
  return [...own, ...(item.extra ?? [])]
}

/** What is typed but cannot be kept, by key: an empty map when all is well. */
export function faults(item: ChecklistItem, form: AnswerForm): Record<string, 'number' | 'people' | 'order'> {
  const found: Record<string, 'number' | 'people' | 'order'> = {}
  for (const field of fieldsOf(item))
    if (field.type === 'number' && (form.nums[field.key] ?? '').trim() !== '' && decimal(form.nums[field.key] ?? '') === '') found[field.key] = 'number'
  if (item.answer.type === 'quiz') {
    const asked = wholeNumber(form.asked)
    const correct = wholeNumber(form.correct)
    if (form.asked.trim() !== '' && asked === undefined) found['asked'] = 'people'
    if (form.correct.trim() !== '' && correct === undefined) found['correct'] = 'people'
    if (asked !== undefined && correct !== undefined && correct > asked) found['correct'] = 'order'
  }
  return found
}

type Kept = { -readonly [K in keyof Omit<AnswerHead, 'h' | 'by' | 'dev' | 'wall' | 'over'>]?: AnswerHead[K] }

/** The content of the answer, or undefined while there is not enough of it to be one. */
export function contentOf(item: ChecklistItem, place: Place, form: AnswerForm): Kept | undefined {
  if (Object.keys(faults(item, form)).length > 0) return undefined
  const { type } = item.answer
  const body: Kept = { ...place }
  if (form.val === 'na') return trimmed({ ...body, val: 'na', reason: form.naReason, ...maps(item, form) })
  if (type === 'choice' || type === 'multi') body.choice = [...form.choice]
  if (type === 'text') body.text = form.text
  Object.assign(body, maps(item, form))
  if (type === 'quiz') {
    const asked = wholeNumber(form.asked)
    const correct = wholeNumber(form.correct)
    if (asked !== undefined) body.asked = asked
    if (correct !== undefined) body.correct = correct
  }
  const demanded = verdictOf(item, body)
  const decides = type === 'choice' || type === 'multi' || type === 'quiz'
  const val: Verdict | '' = decides ? demanded : form.val || (type === 'c3' ? '' : 'neutral')
  if (val === '' || !hasValue(item, { ...body, val })) return undefined
  body.val = val
  body.gate = form.gate
  if (val === 'fail') {
    Object.assign(body, { part: form.part, note: form.note, measure: form.measure })
    if (form.fixed !== '') body.fixed = form.fixed === 'yes'
  } else body.note = form.remark
  return trimmed(body)
}

function maps(item: ChecklistItem, form: AnswerForm): Kept {
  const nums: Record<string, string> = {}
  const dates: Record<string, string> = {}
  const texts: Record<string, string> = {}
  for (const { key, type } of fieldsOf(item)) {
    const number = decimal(form.nums[key] ?? '')
    const date = form.dates[key] ?? ''
    // The record prints the words, so a choice among further fields is kept as its words.
    const text = oneLine(form.texts[key])
    if (type === 'number' && number !== '') nums[key] = number
    else if (type === 'date' && date !== '') dates[key] = date
    else if ((type === 'text' || type === 'choice') && text !== '') texts[key] = text
  }
  return { nums, dates, texts }
}

/** Without empty words, empty lists and a gate that is not set: absence has one spelling. */
function trimmed(body: Kept): Kept {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(body)) {
    if (typeof value === 'string') {
      if (value.trim() !== '') kept[key] = value.trim()
    } else if (Array.isArray(value) ? value.length > 0 : isMap(value) ? Object.keys(value).length > 0 : value !== undefined && !(key === 'gate' && value === false)) kept[key] = value
  }
  return kept as Kept
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const CONTENT = [
  'val', 'choice', 'text', 'nums', 'dates', 'texts', 'asked', 'correct', 'part', 'note', 'fixed', 'measure', 'gate', 'reason',
] as const

/** Two answers that say the same; `reason` counts only where it explains 不适用. */
export function sameAnswer(a: Kept, b: Kept): boolean {
  return spelled(a) === spelled(b)
}

function spelled(answer: Kept): string {
  return JSON.stringify(
    CONTENT.map((key) => {
      const value = key === 'reason' && answer.val !== 'na' ? undefined : answer[key]
      if (Array.isArray(value)) return [...value].sort()
      return isMap(value) ? Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)) : (value ?? null)
    }),
  )
}

/** The event for this content: a first answer, a 不适用 with its reason, or a change over everything that stands. */
export function eventFor(content: Kept, heads: readonly { readonly h: string }[]): { type: string; body: JsonObject } {
  const { reason, ...rest } = content
  const body = rest as JsonObject
  if (heads.length > 0) return { type: 'check.change', body: { ...body, over: heads.map((head) => head.h), ...(reason ? { reason } : {}) } }
  if (content.val === 'na' && reason)
    return { type: 'item.na', body: { checklist: content.checklist ?? '', item: content.item ?? '', sheet: content.sheet ?? 0, reason } }
  return { type: 'check.answer', body }
}

/** Words in the form that the answer does not carry, e.g. the problem typed before 符合 was tapped. */
export function hasSpareWords(form: AnswerForm, content: Kept): boolean {
  const carried = new Set([content.part, content.note, content.measure, content.reason, content.text])
  return [form.part, form.note, form.remark, form.measure, form.naReason, form.text].some((text) => text.trim() !== '' && !carried.has(text.trim()))
}

/** The head as a body again, to choose it in a conflict. */
export function contentOfHead(head: AnswerHead): Kept {
  const { h: _h, by: _by, dev: _dev, wall: _wall, over: _over, ...rest } = head
  const kept: Record<string, unknown> = { checklist: rest.checklist, item: rest.item, sheet: rest.sheet }
  for (const key of CONTENT) if (rest[key] !== undefined && !(key === 'reason' && rest.val !== 'na')) kept[key] = rest[key]
  return kept as Kept
}
