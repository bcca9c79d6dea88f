/** The closed lists that several screens show in words. */
import { messages } from '@/ui/i18n'

export const roleWords = messages(
  { inspector: '执法检查人员', reviewer: '大队/股室负责人', plan_officer: '计划承办人', superior: '上级机关', auditor: '审计员', administrator: '系统管理员' },
  { inspector: 'Inspector', reviewer: 'Team leader', plan_officer: 'Plan officer', superior: 'Superior agency', auditor: 'Auditor', administrator: 'Administrator' },
)
export type Role = Parameters<typeof roleWords>[0]
export const ROLES: readonly Role[] = ['inspector', 'reviewer', 'plan_officer', 'superior', 'auditor', 'administrator']

const states = messages(
  { assigned: '正在准备资料', prepared: '未开始', in_progress: '进行中', attested: '已核验，待封存', sealed: '已封存', awaiting_second: '已封存，等第二人核验', cancelled: '已取消' },
  { assigned: 'Being prepared', prepared: 'Not started', in_progress: 'In progress', attested: 'Attested, not sealed', sealed: 'Sealed', awaiting_second: 'Sealed, second attestation missing', cancelled: 'Cancelled' },
)
const reports = messages(
  { draft: '报告起草中', submitted: '报告待审核', held: '报告暂缓', returned: '报告已退回', approved: '报告已通过' },
  { draft: 'Report in draft', submitted: 'Report to be reviewed', held: 'Report on hold', returned: 'Report returned', approved: 'Report approved' },
)
const modes = messages(
  { on_site: '现场检查', document_review: '书面检查', network_monitoring: '网络监测' },
  { on_site: 'On site', document_review: 'Document review', network_monitoring: 'Network monitoring' },
)
const sources = messages(
  { external_import: '外部系统抽取', internal: '本机关抽取', undrawn: '非随机检查', undrawn_people_drawn: '对象确定，人员抽取' },
  { external_import: 'Drawn elsewhere', internal: 'Drawn here', undrawn: 'Not drawn', undrawn_people_drawn: 'People drawn' },
)
const shown = <T extends (key: never) => string>(t: T) => (key: string): string => t(key as Parameters<T>[0]) ?? key

/** A value that this version does not know is shown as it is. */
export const stateWords = shown(states)
export const reportWords = shown(reports)
export const modeWords = shown(modes)
export const sourceWords = shown(sources)
export const roleName = shown(roleWords)
