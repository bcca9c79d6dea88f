/** The closed lists of plans in words. */
import { messages } from '@/ui/i18n'

const shown = <T extends (key: never) => string>(t: T) => (key: string): string => t(key as Parameters<T>[0]) ?? key

export const planState = shown(messages({ draft: '待批准', approved: '已批准，待下达', released: '已下达', published: '已公开' }, { draft: 'To be approved', approved: 'Approved', released: 'Released', published: 'Published' }))
export const documentState = shown(messages({ draft: '起草中', approved: '已签发', reported: '已上报', void: '已作废' }, { draft: 'Draft', approved: 'Signed', reported: 'Reported', void: 'Void' }))
export const monthStanding = shown(
  messages({ none: '不设截止日', later: '未到时间', remind: '即将截止', overdue: '已过截止日，还没有办', done: '按时完成', done_late: '逾期完成' }, { none: 'No cutoff', later: 'Not due yet', remind: 'Due soon', overdue: 'Past the cutoff', done: 'In time', done_late: 'Late' }),
)
export const letterState = shown(messages({ sent: '等待答复', received: '已收到', returned: '已退回', granted: '同意', refused: '不同意' }, { sent: 'Waiting', received: 'Received', returned: 'Returned', granted: 'Granted', refused: 'Refused' }))
export const actWords = shown(messages({ report: '报告', file: '备案', approve: '审批' }, { report: 'Report', file: 'Filing', approve: 'Permission' }))
export const replacementState = shown(
  messages({ asked: '待审批', approved: '已同意，待重新抽取', refused: '不同意', drawing: '正在重新抽取', done: '已替换' }, { asked: 'To be approved', approved: 'Approved, to be drawn', refused: 'Refused', drawing: 'Being drawn', done: 'Replaced' }),
)
export const typeWords = shown(
  messages(
    { duty_spot_check: '监督抽查', special_campaign: '专项检查', complaint_check: '举报投诉核查', pre_opening_check: '投入使用、营业前检查', superior_supervised: '上级督办核查', large_event: '大型活动场所检查', key_supervision: '重点监管', credit_triggered: '信用监管检查', joint_inspection: '联合抽查', other: '其他检查' },
    { duty_spot_check: 'Spot check', special_campaign: 'Campaign', complaint_check: 'Complaint', pre_opening_check: 'Pre-opening', superior_supervised: 'Ordered from above', large_event: 'Large event', key_supervision: 'Key supervision', credit_triggered: 'Credit-triggered', joint_inspection: 'Joint', other: 'Other' },
  ),
)

/** The next `count` months from the one of `now`, as 2026-12. */
export function monthsFrom(now: Date, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => {
    const month = now.getMonth() + at
    return `${now.getFullYear() + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`
  })
}
export const percent = (permille: number): string => `${permille / 10}%`
