/** The closed lists of draws in words. */
import { messages } from '@/ui/i18n'
import type { Draw } from './types'

const purposes = messages(
  { annual: '年度抽取', monthly: '月度批次', campaign: '专项检查', joint: '联合抽查', replacement: '更换检查人员', large_event: '大型活动（对象确定，抽人员）', key_supervision: '重点监管（对象确定，抽人员）', credit_triggered: '信用监管检查（对象确定，抽人员）', complaint_check: '举报投诉核查（对象确定，抽人员）', pre_opening_check: '投入使用、营业前检查（对象确定，抽人员）', superior_supervised: '上级督办核查（对象确定，抽人员）', other: '其他检查（对象确定，抽人员）' },
  { annual: 'Year', monthly: 'Monthly batch', campaign: 'Campaign', joint: 'Joint', replacement: 'Replacement', large_event: 'Large event (people only)', key_supervision: 'Key supervision (people only)', credit_triggered: 'Credit-triggered (people only)', complaint_check: 'Complaint (people only)', pre_opening_check: 'Pre-opening (people only)', superior_supervised: 'Ordered from above (people only)', other: 'Other (people only)' },
)
const states = messages(
  { draft: '方案', frozen: '已冻结，等待公布', open: '已公布，等待掷骰', rolled: '已掷骰，等待揭示', drawn: '已抽取，名单保密', published: '已公开', void: '已作废' },
  { draft: 'On paper', frozen: 'Frozen', open: 'Announced', rolled: 'Dice are in', drawn: 'Drawn, secret', published: 'Published', void: 'Void' },
)
const modes = messages({ directed: '定向抽查', undirected: '不定向抽查' }, { directed: 'Directed', undirected: 'Undirected' })
const parties = messages(
  { official_a: '抽取人员 A（随机数）', dice: '抽取人员 B（骰子）', superior: '上级机关（随机数）' },
  { official_a: 'Official A (number)', dice: 'Official B (dice)', superior: 'Superior (number)' },
)
const factors = messages(
  { risk: '风险', credit: '信用', key_factor: '重点单位', complaint_factor: '投诉举报', bad_record_factor: '不良记录' },
  { risk: 'Risk', credit: 'Credit', key_factor: 'Key unit', complaint_factor: 'Complaints', bad_record_factor: 'Bad record' },
)
const strata = messages(
  { key_crowded: '人员密集的重点单位（未查）', key_crowded_done: '人员密集的重点单位（已查）', key: '其他重点单位', general: '一般单位', fixed: '已确定的对象' },
  { key_crowded: 'Key and crowded, owed', key_crowded_done: 'Key and crowded, visited', key: 'Other key units', general: 'General units', fixed: 'Fixed objects' },
)
const reasons = messages(
  {
    max_visits: '已达年度次数上限', visited_this_year: '本年度已抽查', closed: '已停业或注销', moved: '已迁出辖区', merged: '已合并', duplicate: '名录重复', under_case: '案件办理中', other_agency: '属其他机关管辖', construction: '停工或未使用', secret: '涉密另行安排',
    complaint: '被投诉举报', abnormal_operation: '经营异常', penalised: '受过行政处罚', superior_rule: '上级有规定', reinspection: '复查', blacklist: '黑名单', bad_record: '较多不良记录', serious_record: '严重违法记录', not_shared: '不在共同范围',
  },
  {
    max_visits: 'Yearly cap reached', visited_this_year: 'Visited this year', closed: 'Closed', moved: 'Moved away', merged: 'Merged', duplicate: 'Duplicate', under_case: 'Case pending', other_agency: 'Other agency', construction: 'Not in use', secret: 'Secret',
    complaint: 'Complaint', abnormal_operation: 'Abnormal operation', penalised: 'Penalised', superior_rule: 'Superior rule', reinspection: 'Re-inspection', blacklist: 'Blacklist', bad_record: 'Bad record', serious_record: 'Serious record', not_shared: 'Not shared',
  },
)
const causes = messages(
  { browser_lost: '保存随机数的电脑无法使用', official_absent: '抽取人员不能继续参加', witness_objects: '见证人提出异议', wrong_proposal: '抽取方案有误', power_or_network: '停电或网络中断', root_changed: '抽取范围被改动', other: '其他' },
  { browser_lost: 'Browser lost', official_absent: 'Official absent', witness_objects: 'Witness objects', wrong_proposal: 'Wrong proposal', power_or_network: 'Power or network', root_changed: 'Snapshot changed', other: 'Other' },
)
const shown = <T extends (key: never) => string>(t: T) => (key: string): string => t(key as Parameters<T>[0]) ?? key

/** A party of the seed in words; in a joint draw the department, by its name. */
export const partyName = (draw: Draw, party: Draw['parties'][number]): string => draw.departments.find((one) => one.agency_id === party.agency_id && !['official_a', 'dice', 'superior'].includes(party.party))?.name ?? partyWords(party.party)

export const purposeWords = shown(purposes)
export const drawStateWords = shown(states)
export const drawModeWords = shown(modes)
export const partyWords = shown(parties)
export const factorWords = shown(factors)
export const stratumWords = shown(strata)
export const reasonWords = shown(reasons)
export const causeWords = shown(causes)
