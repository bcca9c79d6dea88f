/** What a fact of the audit means in words. A verb that is not listed is shown as it is. */
import { messages } from '@/ui/i18n'
import { roleName } from '../words'

export const verbWords = messages(
  {
    'accounts.login': '登录', 'accounts.login_failed': '登录失败', 'accounts.logout': '退出', 'accounts.refresh_reused': '登录凭据被重复使用', 'accounts.password_changed': '修改密码', 'accounts.person_added': '增加人员', 'accounts.person_changed': '修改人员', 'accounts.enrolment_code': '发登记码', 'accounts.enrol': '登记手机', 'accounts.device_revoked': '停用手机', 'accounts.agency_added': '增加机关', 'accounts.recovery_asked': '申请重设 PIN 码', 'accounts.recovery_released': '同意重设 PIN 码', 'accounts.recovery_refused': '不同意重设 PIN 码', 'accounts.recovery_check_wrong': '核对码不一致', 'accounts.recovery_done': '已重设 PIN 码',
    'audit.read': '查看审计', 'log.equivocation': '手机记得的日志与服务器不一致', 'log.checkpoint': '公布日志检查点', 'log.key': '更换日志密钥', 'log.witness_trouble': '见证机关没有签署', 'server.epoch': '从备份恢复', 'secrecy.read': '查看未公开名单', 'secrecy.refused': '查看未公开名单被拒绝', 'documents.number_voided': '文书编号作废', 'evidence.original': '查看原始证据', 'inspections.created': '形成检查', 'inspections.cancelled': '取消检查', 'inspections.exported': '导出检查记录', 'inspections.fork': '同一编号出现两条记录', 'inspections.team_changed': '更换检查人员', 'plans.batch_imported': '导入批次',
    'draw.proposed': '提出抽取', 'draw.changed': '修改抽取方案', 'draw.discarded': '放弃抽取方案', 'draw.frozen': '冻结名录', 'draw.committed': '作出承诺', 'draw.announced': '公布抽取公告', 'draw.witness_present': '见证人到场', 'draw.witness_word': '见证人核对点数', 'draw.rolled': '录入骰子点数', 'draw.photo_kept': '保存骰子照片', 'draw.revealed': '揭示随机数', 'draw.commitment_broken': '揭示与承诺不符', 'draw.made': '完成抽取', 'draw.published': '公开抽取记录', 'draw.void_asked': '申请作废抽取', 'draw.void_granted': '同意作废抽取', 'draw.void_refused': '不同意作废抽取', 'draw.void_by_server': '名录被改动，抽取自动作废', 'draw.list_read': '查看抽取名单', 'draw.list_refused': '查看抽取名单被拒绝', 'draw.export_refused': '导出抽取名单被拒绝', 'draw.opening_read': '取出单位的核对信息', 'registry.import_failed': '导入没有完成', 'draw.replacement_declared': '登记更换检查人员', 'draw.unit_exchanged': '递补检查对象', 'draw.joint_proposed': '提出联合抽查', 'draw.joined': '参加联合抽查',
    'registry.units_imported': '导入检查对象', 'registry.inspector_registered': '登记执法证', 'registry.conflict_declared': '登记利害关系', 'reports.drafted': '报告起草', 'reports.opinion': '填写评价意见', 'reports.submitted': '提交报告', 'reports.approved': '报告通过', 'reports.held': '报告暂缓', 'reports.returned': '报告退回',
  },
  {
    'accounts.login': 'signed in', 'accounts.login_failed': 'sign-in failed', 'accounts.logout': 'signed out', 'accounts.refresh_reused': 'token used twice', 'accounts.password_changed': 'changed password', 'accounts.person_added': 'added a person', 'accounts.person_changed': 'changed a person', 'accounts.enrolment_code': 'issued a code', 'accounts.enrol': 'enrolled a phone', 'accounts.device_revoked': 'revoked a phone', 'accounts.agency_added': 'added an agency', 'accounts.recovery_asked': 'asked for a new PIN', 'accounts.recovery_released': 'approved a new PIN', 'accounts.recovery_refused': 'refused a new PIN', 'accounts.recovery_check_wrong': 'wrong check number', 'accounts.recovery_done': 'set a new PIN',
    'audit.read': 'read the audit', 'log.equivocation': 'a phone knows another log', 'log.checkpoint': 'published a checkpoint', 'log.key': 'changed the log key', 'log.witness_trouble': 'a witness did not sign', 'server.epoch': 'restored from a backup', 'secrecy.read': 'read an unpublished list', 'secrecy.refused': 'refused an unpublished list', 'documents.number_voided': 'voided a document number', 'evidence.original': 'read original evidence', 'inspections.created': 'made an inspection', 'inspections.cancelled': 'cancelled an inspection', 'inspections.exported': 'exported a record', 'inspections.fork': 'two events with one number', 'inspections.team_changed': 'changed a team', 'plans.batch_imported': 'imported a batch',
    'draw.proposed': 'proposed a draw', 'draw.changed': 'changed a proposal', 'draw.discarded': 'discarded a proposal', 'draw.frozen': 'froze the tables', 'draw.committed': 'committed', 'draw.announced': 'announced a draw', 'draw.witness_present': 'witness present', 'draw.witness_word': 'witness checked the dice', 'draw.rolled': 'typed the dice', 'draw.photo_kept': 'kept a photo of dice', 'draw.revealed': 'revealed a number', 'draw.commitment_broken': 'reveal against its commitment', 'draw.made': 'made a draw', 'draw.published': 'published a draw', 'draw.void_asked': 'asked for a void', 'draw.void_granted': 'granted a void', 'draw.void_refused': 'refused a void', 'draw.void_by_server': 'void: tables were changed', 'draw.list_read': 'read a drawn list', 'draw.list_refused': 'refused a drawn list', 'draw.export_refused': 'refused an export', 'draw.opening_read': 'took out the opening of a unit', 'registry.import_failed': 'an import failed', 'draw.replacement_declared': 'declared a replacement', 'draw.unit_exchanged': 'exchanged a unit', 'draw.joint_proposed': 'proposed a joint draw', 'draw.joined': 'joined a joint draw',
    'registry.units_imported': 'imported units', 'registry.inspector_registered': 'registered a certificate', 'registry.conflict_declared': 'recorded a conflict', 'reports.drafted': 'report drafted', 'reports.opinion': 'wrote an opinion', 'reports.submitted': 'handed in a report', 'reports.approved': 'approved a report', 'reports.held': 'put a report on hold', 'reports.returned': 'returned a report',
  },
)
export type Verb = Parameters<typeof verbWords>[0]
export const VERBS: readonly Verb[] = [
  'accounts.login', 'accounts.login_failed', 'accounts.logout', 'accounts.refresh_reused', 'accounts.password_changed', 'accounts.person_added', 'accounts.person_changed', 'accounts.enrolment_code', 'accounts.enrol', 'accounts.device_revoked', 'accounts.recovery_asked', 'accounts.recovery_released', 'accounts.recovery_refused', 'accounts.recovery_done',
  'plans.batch_imported', 'registry.units_imported', 'registry.inspector_registered', 'registry.conflict_declared', 'inspections.created', 'inspections.cancelled', 'inspections.team_changed', 'inspections.exported', 'inspections.fork', 'evidence.original',
  'reports.drafted', 'reports.opinion', 'reports.submitted', 'reports.approved', 'reports.held', 'reports.returned', 'documents.number_voided', 'secrecy.read', 'secrecy.refused', 'audit.read', 'log.equivocation',
  'draw.announced', 'draw.made', 'draw.published', 'draw.void_asked', 'draw.void_granted', 'draw.void_by_server', 'draw.commitment_broken', 'draw.list_read', 'draw.list_refused', 'draw.export_refused', 'draw.opening_read', 'draw.replacement_declared', 'draw.unit_exchanged',
]
const kinds = messages(
  { person: '人员', device: '手机', agency: '机关', unit: '检查对象', inspector: '执法人员', inspection: '检查', report: '报告', draw: '抽取', audit: '审计', evidence: '证据', session: '登录' },
  { person: 'person', device: 'phone', agency: 'agency', unit: 'unit', inspector: 'inspector', inspection: 'inspection', report: 'report', draw: 'draw', audit: 'audit', evidence: 'evidence', session: 'session' },
)
export const verbName = (verb: string): string => verbWords(verb as Verb) ?? verb
export const kindName = (kind: string): string => kinds(kind as Parameters<typeof kinds>[0]) ?? kind

const keys = messages(
  { roles: '角色', count: '条数', file: '文件', batches: '批次', lines: '行数', visits: '检查次数', added: '新增', updated: '更新', errors: '错误', reason: '原因', number: '编号', valid_to: '有效期至', installation: '安装', made_by: '发码人', user: '人员', inspector: '人员', rev: '版本', clash: '同时写成', round: '轮次', due_on: '期限', calendar: '日历', clamped: '时间经校正', password: '密码已改', active: '在用', name: '姓名', old: '原', new: '新', dev: '设备', team: '检查人员', kind: '种类', sha256: '校验值', login: '账号' },
  { roles: 'roles', count: 'count', file: 'file', batches: 'batches', lines: 'rows', visits: 'inspections', added: 'added', updated: 'updated', errors: 'errors', reason: 'reason', number: 'number', valid_to: 'valid until', installation: 'installation', made_by: 'issued by', user: 'person', inspector: 'person', rev: 'revision', clash: 'clash', round: 'round', due_on: 'due', calendar: 'calendar', clamped: 'time corrected', password: 'password changed', active: 'open', name: 'name', old: 'old', new: 'new', dev: 'phone', team: 'inspectors', kind: 'kind', sha256: 'checksum', login: 'login' },
)
const truths = messages({ true: '是', false: '否' }, { true: 'yes', false: 'no' })

/** The content of a fact in words: ids of people by name, roles by name, nothing left out. */
export function factWords(facts: Readonly<Record<string, unknown>>, names: ReadonlyMap<string, string>): string {
  const worded = (value: unknown): string => {
    if (typeof value === 'boolean') return truths(value ? 'true' : 'false')
    if (Array.isArray(value)) return value.map(worded).join('、')
    if (typeof value === 'object' && value !== null) return factWords(value as Record<string, unknown>, names)
    return names.get(String(value)) ?? roleName(String(value))
  }
  return Object.entries(facts).filter(([, value]) => value !== '' && value !== null).map(([key, value]) => `${keys(key as Parameters<typeof keys>[0]) ?? key}：${worded(value)}`).join('；')
}
