/**
 * The record text 笔录文字 (D-7): what people read, what `text` hashes and what the PDF sets. No signature,
 * no record code, no coordinates. Twin of `server/inspections/record_text.py`.
 */
import { compare } from './foldOrder'
import { oneLine } from './items'
import type { Mode, Pack } from './pack'
import { findings, results, samples } from './recordResults'
import { annex, evidence, statement } from './recordTail'
import { TOLD_ZH, toldKeys } from './steps'
import type { GapReason, NoticeGiven, Outcome, Visit } from './visit'
import { clockZh, minuteZh } from './wording'

const BLANK = '／'
export const TITLES = {
  fire_record: '消防监督检查记录',
  onsite_record: '现场检查笔录',
  sampling_sheet: '消防产品监督检查记录',
  not_possible: '现场检查记录（未能实施检查）',
  refused_entry: '现场检查记录（拒绝检查）',
} as const
export type TextKind = keyof typeof TITLES

const MODES: Readonly<Record<Mode, string>> = {
  on_site: '现场检查',
  document_review: '书面检查',
  network_monitoring: '网络监测',
}
export const REASONS: Readonly<Record<NonNullable<Outcome['reason']>, string>> = {
  closed: '停业、关门',
  moved: '已搬迁',
  not_found: '查无此地址',
  no_business: '未开展业务活动',
}
const NOTICE_MODES: Readonly<Record<NoticeGiven['mode'], string>> = {
  received: '签收',
  refused: '拒收',
  left: '留置送达',
}
export const GAP_REASONS: Readonly<Record<GapReason, string>> = {
  battery: '电量不足',
  storage_full: '存储已满',
  fault: '设备故障',
  weather: '天气或环境',
  classified_area: '涉密区域',
  party_privacy: '涉及隐私',
  safety_explosive_atmosphere: '爆炸危险场所',
  other: '其他',
}
const NUMERALS = '一二三四五六七八九十'

/** Which template: the outcome when nothing was checked, else the strongest checklist kind. */
export function kindOf(visit: Pick<Visit, 'outcome'>, pack: Pack): TextKind {
  const { outcome } = visit
  if (outcome !== null && outcome.kind !== 'completed') return outcome.kind
  for (const kind of ['fire_record', 'onsite_record', 'sampling_sheet'] as const)
    if (pack.checklists.some((checklist) => checklist.record_kind === kind)) return kind
  return 'onsite_record'
}

/** The text as it stands, lines ended by LF; without the annex it is the text the party signed. */
export function recordText(visit: Visit, pack: Pack, withAnnex = true): string {
  const kind = kindOf(visit, pack)
  const lines = [pack.agency.name, TITLES[kind], `编号：${oneLine(pack.number)}`]
  const parts: [string, string[]][] = [
    ['被检查单位', unit(pack, kind)],
    ['检查基本情况', basics(visit, pack)],
  ]
  if (kind === 'not_possible' || kind === 'refused_entry') parts.push(['未能检查的情形', outcomeLines(visit)])
  else {
    parts.push(['告知和送达', told(visit, pack)])
    parts.push(['检查内容和情况', results(visit, pack)])
    parts.push(['发现的问题', findings(visit, pack)])
    if (visit.samples.length > 0) parts.push(['抽样情况', samples(visit)])
  }
  parts.push(['照片和证据目录', evidence(visit, pack)])
  if (kind !== 'not_possible') parts.push(['被检查单位陈述意见', statement(visit)])
  parts.forEach(([title, body], index) => lines.push('', `${NUMERALS.charAt(index)}、${title}`, ...body))
  lines.push('', `核对：${readBack(pack, kind)}`)
  if (withAnnex) lines.push(...annex(visit, pack))
  return lines.map((line) => line.replace(/ +$/, '')).join('\n') + '\n'
}

/** `label：value`; a blank cell is crossed out. */
function field(label: string, value: unknown): string {
  return `${label}：${oneLine(value) || BLANK}`
}

function readBack(pack: Pack, kind: TextKind): string {
  if (kind === 'not_possible') return '以上记录由检查人员核对，与实际相符。'
  return oneLine(pack.texts.read_back) || '以上笔录已阅，与实际相符。'
}

function person(value: unknown): string {
  if (typeof value !== 'object' || value === null) return oneLine(value)
  const { name, phone } = value as { name?: unknown; phone?: unknown }
  const number = oneLine(phone)
  return oneLine(name) + (number !== '' ? `（电话 ${number}）` : '')
}

function firstOf(...values: readonly unknown[]): string {
  return values.map(person).find((words) => words !== '') ?? ''
}

function unit(pack: Pack, kind: TextKind): string[] {
  const masked = pack.profile['secrecy.fields_masked']
  const hidden = new Set<unknown>(Array.isArray(masked) ? masked : [])
  const known = (name: string): unknown => (hidden.has(name) ? '（依规定不记载）' : pack.unit[name])
  const lines = [
    field('单位（场所）名称', pack.unit.name),
    field('地址', pack.unit.address),
    field('统一社会信用代码（注册号）', firstOf(known('uscc'), known('registration_no'))),
    field('法定代表人（主要负责人）', firstOf(known('principal'), known('legal_rep'), known('responsible_person'))),
  ]
  if (kind !== 'fire_record') return lines
  return [
    ...lines,
    field('消防安全责任人', person(known('responsible_person'))),
    field('消防安全管理人', person(known('safety_manager'))),
    field('单位性质', known('unit_type')),
    field('使用的建筑面积（㎡）', known('floor_area')),
    field('使用的建筑层数', known('floors')),
    field('所在建筑高度（m）', firstOf(known('building_height'), known('height'))),
  ]
}

function team(pack: Pack): string {
  return pack.team
    .map(
      (member) =>
        `${oneLine(member.name)}（执法证号 ${oneLine(member.certificate_no) || BLANK}${member.lead ? '，组长' : ''}）`,
    )
    .join('、')
}

function nonEmpty(...words: readonly string[]): string[] {
  return words.filter((word) => word !== '')
}

function basics(visit: Visit, pack: Pack): string[] {
  const { from, to } = visit.span
  const lines = [
    field('检查机关', pack.agency.name),
    field('检查方式', MODES[visit.mode]),
    field('检查时间', `${minuteZh(from)}至${minuteZh(to)}`),
    field('检查人员', team(pack)),
  ]
  for (const assignment of pack.assignments) {
    const batch = oneLine(assignment.batch_no)
    const name = oneLine(assignment.item_name)
    lines.push(field('检查事项', batch !== '' ? `${name}（抽查批次 ${batch}）` : name))
  }
  for (const helper of visit.assistants) {
    const where = nonEmpty(oneLine(helper.org), oneLine(helper.scope)).join('，')
    lines.push(field('协助检查人员', `${oneLine(helper.name)}（${where || BLANK}）`))
  }
  if (visit.mode === 'on_site') lines.push(field('执法记录仪', recorders(visit)), ...gaps(visit))
  return lines
}

function recorders(visit: Visit): string {
  return visit.recorder
    .flatMap(({ started, device_no: number, wearer }) =>
      started === null ? [] : [`${oneLine(number)}（${oneLine(wearer)}佩戴，${clockZh(started)}开启）`],
    )
    .join('；')
}

function gaps(visit: Visit): string[] {
  return visit.recorder.flatMap((session) =>
    session.gaps.map((gap) => {
      const reason = nonEmpty(GAP_REASONS[gap.reason], oneLine(gap.note)).join('，')
      return field('记录中断', `${clockZh(gap.from)}至${clockZh(gap.to)}，${reason}`)
    }),
  )
}

function told(visit: Visit, pack: Pack): string[] {
  const lines: string[] = []
  const shown = visit.credentials
  if (shown !== null) {
    const people = shown.inspectors
      .map(({ name, certificate_no: number }) => `${oneLine(name)}（${oneLine(number) || BLANK}）`)
      .join('、')
    const party = oneLine(shown.party_name)
    const whom = party !== '' ? `，向${party}出示` : ''
    lines.push(field('出示执法证件', `${clockZh(shown.wall)}，${people}${whom}`))
    const sentence = oneLine(pack.texts.credentials_sentence)
    if (sentence !== '') lines.push(sentence)
  }
  const notice = visit.notice
  if (notice !== null) {
    const served = nonEmpty(
      NOTICE_MODES[notice.mode], oneLine(notice.receiver), oneLine(notice.role), oneLine(notice.reason),
    ).join('，')
    lines.push(field('检查通知书', `${oneLine(notice.number)}，${clockZh(notice.wall)}${served}`))
  }
  const order = toldKeys(pack.profile)
  const keys = order.filter((key) => Object.hasOwn(visit.told, key))
  keys.push(...Object.keys(visit.told).filter((key) => !order.includes(key)).sort(compare))
  const zh = (key: string): string => (Object.hasOwn(TOLD_ZH, key) ? (TOLD_ZH[key] ?? key) : key)
  if (keys.length > 0) lines.push(field('已告知', keys.map(zh).join('、')))
  for (const entry of visit.recusals)
    if (entry.kind === 'request')
      lines.push(field('回避申请', `${oneLine(entry.party_name)}：${oneLine(entry.reason)}`))
  return lines.length > 0 ? lines : [BLANK]
}

function outcomeLines(visit: Visit): string[] {
  const { outcome, credentials } = visit
  if (outcome === null) return [BLANK]
  const reason = outcome.reason === undefined ? '' : REASONS[outcome.reason]
  const lines = [
    field('情形', outcome.kind === 'refused_entry' ? '拒绝、阻碍检查' : reason),
    field('说明', outcome.note),
  ]
  if (credentials !== null) {
    const people = credentials.inspectors.map(({ name }) => oneLine(name)).join('、')
    lines.push(field('出示执法证件', `${clockZh(credentials.wall)}，${people}`))
  }
  return lines
}
