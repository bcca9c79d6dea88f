/** Words that several screens of the registries say. */
import { messages } from '@/ui/i18n'

export const markWord = messages(
  { blacklist: '黑名单', complaint: '被投诉举报', abnormal_operation: '列入经营异常名录', penalised: '受过行政处罚', superior_rule: '上级有具体规定' },
  { blacklist: 'Blacklist', complaint: 'Complaint', abnormal_operation: 'Abnormal operation', penalised: 'Penalised', superior_rule: 'Superior rule' },
)
export const MARKS = ['blacklist', 'complaint', 'abnormal_operation', 'penalised', 'superior_rule'] as const
export const howWord = messages(
  { import: '导入', desk: '人工', visit: '现场', merge: '合并', undo: '撤销' },
  { import: 'Import', desk: 'Desk', visit: 'Visit', merge: 'Merge', undo: 'Undo' },
)
export const truthWord = messages({ yes: '是', no: '否', unknown: '未知' }, { yes: 'Yes', no: 'No', unknown: 'Unknown' })
export const leaveWord = messages(
  { leave: '请假', duty: '值班备勤', training: '培训', secondment: '抽调', other: '其他' },
  { leave: 'Leave', duty: 'Duty', training: 'Training', secondment: 'Secondment', other: 'Other' },
)
export const LEAVES = ['leave', 'duty', 'training', 'secondment', 'other'] as const
type Sayer<K extends string> = (key: K) => string

/** The word for what the server calls it; what it calls otherwise is shown as it is. */
export function sayOr<K extends string>(say: Sayer<K>, known: readonly K[], key: string): string {
  return (known as readonly string[]).includes(key) ? say(key as K) : key
}
/** A value as a person reads it: facts are kept as yes, no and unknown. */
export function shown(key: string, value: string): string {
  return (key.startsWith('fact.') || key === 'blacklisted') && (value === 'yes' || value === 'no' || value === 'unknown') ? truthWord(value) : value
}
