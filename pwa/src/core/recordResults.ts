/** Results, findings and samples of the record text; twin of `server/inspections/record_results.py`. */
import { compare } from './foldOrder'
import { answerOf, entries, type ItemEntry, oneLine, sheetWords, VERDICT_ZH } from './items'
import type { ChecklistItem, Pack } from './pack'
import type { AnswerHead, ItemAnswers, Visit } from './visit'
import { dayZh } from './wording'

const BLANK = '／'

/** Every visible item, and hidden ones that were answered, grouped by checklist and section. */
export function results(visit: Visit, pack: Pack): string[] {
  const lines: string[] = []
  let heading = ''
  let section = ''
  let number = 0
  for (const entry of entries(visit, pack)) {
    if (!entry.visible && visit.answers[entry.key] === undefined) continue
    const title = `【${oneLine(entry.title)}】${sheetWords(entry)}`
    if (title !== heading) {
      heading = title
      section = ''
      number = 0
      lines.push(title)
    }
    if (entry.section !== section) {
      section = entry.section
      lines.push(`（${oneLine(section)}）`)
    }
    number += 1
    lines.push(`${number}. ${oneLine(entry.item.text)}：${said(entry, answerOf(visit, entry))}`)
  }
  return lines.length > 0 ? lines : [BLANK]
}

function said(entry: ItemEntry, found: ItemAnswers | undefined): string {
  const head = found?.heads[0]
  if (found === undefined || head === undefined) return BLANK
  if (!found.conflict) return answerWords(entry.item, head)
  return `有冲突，待选定（${found.heads.map((each) => answerWords(entry.item, each)).join(' 或 ')}）`
}

/** One answer in words: verdict, choices, numbers, quiz, further fields, remark. */
export function answerWords(item: ChecklistItem, head: AnswerHead): string {
  const words: string[] = head.val === 'neutral' ? [] : [VERDICT_ZH[head.val]]
  const choices = new Map((item.answer.choices ?? []).map(({ code, text }) => [code, oneLine(text)]))
  if (head.choice !== undefined && head.choice.length > 0)
    words.push(head.choice.map((code) => choices.get(code) ?? code).join('、'))
  if (head.asked !== undefined && head.correct !== undefined)
    words.push(`抽查${head.asked}人，合格${head.correct}人`)
  const text = oneLine(head.text)
  if (text !== '') words.push(text)
  const extra = new Map((item.extra ?? []).map((field) => [field.key, field]))
  const main: Labels = item.answer
  for (const kind of ['nums', 'dates', 'texts'] as const)
    for (const [key, value] of Object.entries(head[kind] ?? {}).sort(([a], [b]) => compare(a, b)))
      words.push(labelled(extra.get(key) ?? main, kind, value))
  if (head.val !== 'fail' && oneLine(head.note) !== '') words.push(`说明：${oneLine(head.note)}`)
  if (oneLine(head.reason) !== '') words.push(`原因：${oneLine(head.reason)}`)
  if (head.gate === true) words.push('门外补记')
  return words.join('；') || VERDICT_ZH.neutral
}

interface Labels {
  readonly label?: string
  readonly unit?: string
}

function labelled(field: Labels, kind: 'nums' | 'dates' | 'texts', value: string): string {
  const shown = kind === 'dates' ? dayZh(value) : oneLine(value) + oneLine(field.unit)
  const label = oneLine(field.label)
  return label !== '' ? `${label}：${shown}` : shown
}

/** The numbered problems: where, what, corrected on the spot, measure, legal basis. */
export function findings(visit: Visit, pack: Pack): string[] {
  const lines: string[] = []
  for (const entry of entries(visit, pack))
    for (const head of visit.answers[entry.key]?.heads ?? [])
      if (head.val === 'fail') lines.push(`${lines.length + 1}. ${finding(entry, head)}`)
  return lines.length > 0 ? lines : ['未发现问题。']
}

function finding(entry: ItemEntry, head: AnswerHead): string {
  const { item } = entry
  const sheet = sheetWords(entry)
  const words = [
    oneLine(item.text) + (sheet !== '' ? `（${sheet}）` : ''),
    `部位：${oneLine(head.part) || BLANK}`,
    `具体问题：${oneLine(head.note) || BLANK}`,
  ]
  if (head.fixed !== undefined) words.push(`当场改正：${head.fixed ? '是' : '否'}`)
  if (oneLine(head.measure) !== '') words.push(`拟采取的措施：${oneLine(head.measure)}`)
  const basis = (item.basis ?? [])
    .map((law) => oneLine(law.text) + (law.status === 'M' ? '（待核）' : ''))
    .join('、')
  if (basis !== '') words.push(`依据：${basis}`)
  return words.join('；')
}

/** The samples taken: product, model, quantity, seal number, party. */
export function samples(visit: Visit): string[] {
  return visit.samples.map((sample, index) => {
    const words = [
      `第${sample.sheet + 1}张`,
      `产品：${oneLine(sample.product)}`,
      `型号规格：${oneLine(sample.model) || BLANK}`,
      `数量：${oneLine(sample.quantity)}`,
      `封样编号：${oneLine(sample.seal_no)}`,
      `被检查单位人员：${oneLine(sample.party_name) || BLANK}`,
    ]
    return `${index + 1}. ${words.join('；')}`
  })
}
