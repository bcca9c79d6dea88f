/** The closed lists that several screens show in words. */
import { lang, messages } from '@/ui/i18n'

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

/** Types of events as the server's event_words.py calls them; English readers see the type itself. */
const events: Readonly<Record<string, string>> = {
  'insp.open': '开始检查', 'recusal.declare': '回避声明', 'recusal.request': '回避申请', 'rec.mark': '时间标记', 'outcome': '检查结果', 'id.show': '出示证件',
  'notice.give': '送达通知书', 'told.tick': '告知', 'rec.start': '记录仪开启', 'rec.stop': '记录仪关闭', 'rec.gap': '记录中断', 'unit.propose': '单位信息更正建议',
  'unit.fact': '单位情况', 'check.answer': '检查项答案', 'check.change': '修改答案', 'item.na': '不适用', 'photo.add': '照片', 'photo.void': '照片作废', 'audio.add': '录音',
  'doc.add': '证据材料', 'note.add': '备注', 'interview.add': '询问', 'sample.add': '抽样', 'assist.add': '协助人员', 'party.statement': '陈述意见',
  'supplement.photo': '补充照片', 'attest': '核验', 'attest.in': '扫码带入的核验', 'attest.late': '本人账号确认', 'sign.party': '被检查单位签名', 'seal': '封存', 'reply': '答复',
  'report.opinion': '评价与处理意见', 'late.note': '事后备注', 'late.photo': '事后照片', 'correct': '更正', 'correct.approve': '更正确认', 'objection': '异议',
  'gps.fix': '定位', 'app.background': '应用转入后台', 'app.resume': '应用恢复', 'storage.low': '存储空间不足', 'clock.jump': '手机时间跳变', 'sync.anchor': '取得时间锚点',
  'sync.receipt': '取得回执', 'dev.genesis': '登记本机', 'dev.health': '手机自检', 'key.rotate': '更换密钥',
}
export const eventWords = (type: string): string => (lang.value === 'en' ? type : events[type] ?? type)
