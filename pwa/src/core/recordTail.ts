/** Evidence, the party's words and the annex of later rounds; twin of `server/inspections/record_tail.py`. */
import { oneLine } from './items'
import type { Pack } from './pack'
import type { Doc, Photo, Visit } from './visit'
import { clockZh, minuteZh } from './wording'

const BLANK = '／'
export const PURPOSES: Readonly<Record<Photo['purpose'], string>> = {
  door: '门牌',
  item: '检查项',
  general: '现场',
  document: '文件',
  derived: '标注副本',
}
const SOURCES: Readonly<Record<Photo['src'], string>> = { inapp: '', system: '系统相机', import: '导入' }
const DOC_KINDS: Readonly<Record<Doc['kind'], string>> = {
  documentary: '书证',
  physical: '物证',
  av: '视听资料',
  electronic: '电子数据',
  testimony: '证人证言',
}
/** Words for the fields of a unit that a person may propose to change. */
export const FIELDS: ReadonlyMap<string, string> = new Map([
  ['name', '单位名称'],
  ['entity_name', '市场主体名称'],
  ['address', '地址'],
  ['uscc', '统一社会信用代码'],
  ['registration_no', '注册号'],
  ['responsible_person', '消防安全责任人'],
  ['safety_manager', '消防安全管理人'],
  ['unit_type', '单位性质'],
  ['floor_area', '建筑面积'],
  ['floors', '建筑层数'],
  ['height', '建筑高度'],
  ['phone', '联系电话'],
])

/** Item id to its text, of all checklists of the pack (the first one wins). */
export function itemNames(pack: Pack): Map<string, string> {
  const names = new Map<string, string>()
  for (const checklist of pack.checklists)
    for (const section of checklist.sections)
      for (const item of section.items) if (!names.has(item.id)) names.set(item.id, oneLine(item.text))
  return names
}

/** Photos with the first 12 digits of their hash, then documents, recordings and interviews. */
export function evidence(visit: Visit, pack: Pack): string[] {
  const names = itemNames(pack)
  const lines: string[] = []
  const usable = visit.photos.filter((photo) => photo.purpose !== 'derived')
  usable.forEach((photo, index) => lines.push(`照片${index + 1}：${photoWords(photo, names)}`))
  visit.docs.forEach((doc, index) => {
    const words = [DOC_KINDS[doc.kind], oneLine(doc.title), `来源：${oneLine(doc.source) || BLANK}`]
    if (oneLine(doc.provider) !== '') words.push(`提供人：${oneLine(doc.provider)}`)
    words.push(doc.attested ? '提供人已确认' : '提供人未确认')
    lines.push(`证据${index + 1}：${words.join('；')}`)
  })
  visit.audio.forEach((audio, index) => {
    const seconds = Math.floor(audio.duration_ms / 1000)
    const words = [clockZh(audio.wall), `${seconds}秒`, `摘要 ${audio.sha256.slice(0, 12)}`]
    lines.push(`录音${index + 1}：${words.join('；')}`)
  })
  visit.notes.forEach((note, index) => lines.push(`备注${index + 1}：${oneLine(note.text)}`))
  visit.interviews.forEach((talk, index) => {
    const role = oneLine(talk.role)
    lines.push(`询问${index + 1}：${oneLine(talk.name)}${role !== '' ? `（${role}）` : ''}`)
    for (const { q, a } of talk.qa) lines.push(`问：${oneLine(q)}`, `答：${oneLine(a)}`)
  })
  for (const change of visit.proposals) {
    const was = oneLine(change.old) || BLANK
    const should = oneLine(change.new) || BLANK
    lines.push(`单位信息更正建议：${FIELDS.get(change.field) ?? change.field}，${was} 应为 ${should}`)
  }
  return lines.length > 0 ? lines : [BLANK]
}

function photoWords(photo: Photo, names: ReadonlyMap<string, string>): string {
  const words = [PURPOSES[photo.purpose], clockZh(photo.wall)]
  if (photo.item !== undefined) words.push(names.get(photo.item) ?? photo.item)
  words.push(oneLine(photo.caption), SOURCES[photo.src], `摘要 ${photo.sha256.slice(0, 12)}`)
  if (photo.void !== null) words.push(`作废，${oneLine(photo.void.reason) || BLANK}`)
  return words.filter((word) => word !== '').join('；')
}

/** The party's own words, or that there were none. */
export function statement(visit: Visit): string[] {
  return [oneLine(visit.statement?.text) || '无。']
}

/** 更正说明: replies and supplements to returned reports, by return, after the signed record. */
export function annex(visit: Visit, pack: Pack): string[] {
  const names = itemNames(pack)
  const byReturn = new Map<string, string[]>()
  const put = (name: string, words: string): void => {
    byReturn.set(name, [...(byReturn.get(name) ?? []), words])
  }
  for (const reply of visit.replies) {
    const about = reply.item !== '' ? (names.get(reply.item) ?? reply.item) : '整份记录'
    put(reply.return_id, `${minuteZh(reply.wall)}，${about}：${oneLine(reply.text) || BLANK}`)
  }
  for (const photo of visit.supplements)
    put(photo.return_id, `${minuteZh(photo.wall)}，补充照片：${photoWords(photo, names)}`)
  if (byReturn.size === 0) return []
  const lines = ['', '附：更正说明', '本说明是对退回意见的答复，不改变被检查单位已签名的记录。']
  let round = 0
  for (const each of byReturn.values()) {
    round += 1
    lines.push(`（第${round}次退回）`, ...each.map((words, index) => `${index + 1}. ${words}`))
  }
  return lines
}
