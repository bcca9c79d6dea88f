/** What a visit still lacks, named in Chinese, stage by stage; twin of `server/inspections/needs.py`. */
import { agreed } from './attest'
import {
  answerOf, hasValue, type ItemEntry, oneLine, photosOf, sheetWords, toLaboratory, verdictOf, visibleItems,
} from './items'
import { type Add, beforeChecks, type Need, recordingClosed, shortRecord } from './needsScene'
import { minTeam, type Pack } from './pack'
import { minPhotos } from './steps'
import type { AnswerHead, Visit } from './visit'

export { answerOf, entries, oneLine, sheetsOf, verdictOf, visibleItems, VERDICT_ZH } from './items'
export type { ItemEntry } from './items'
export type { Need } from './needsScene'
export { steps, toldKeys, recorderDemand, minPhotos, TOLD_ZH } from './steps'
export type { Step, StepId } from './steps'

/** The moments at which somebody asks; each stage includes the ones before. */
export const STAGES = ['attest', 'sign', 'seal', 'approval'] as const
export type Stage = (typeof STAGES)[number]

/** Everything demanded and not there, up to `stage`. */
export function missing(visit: Visit, pack: Pack, stage: Stage = 'approval'): Need[] {
  const reach = STAGES.indexOf(stage)
  const needs: Need[] = []
  const add: Add = (code, text, where = {}) => needs.push({ code, text, ...where })

  const { outcome } = visit
  const short = outcome !== null && outcome.kind !== 'completed' ? outcome : null
  if (visit.opened === null) add('M_OPEN', '检查尚未开始')
  if (short !== null) shortRecord(visit, short, pack, add)
  else {
    beforeChecks(visit, pack, add)
    items(visit, pack, add)
    photoCount(visit, pack, add)
  }
  conflicts(visit, pack, add)
  if (reach >= 1 && agreed(visit).length === 0)
    add('M_ATTEST', '检查人员尚未核验（或核验后内容有变化，需重新核验）')
  if (reach >= 2) {
    if (visit.mode === 'on_site' && short === null) party(visit, add)
    recordingClosed(visit, pack, add)
  }
  if (reach >= 3) closed(visit, pack, add)
  return needs
}

function named(entry: ItemEntry): string {
  const sheet = sheetWords(entry)
  return `“${oneLine(entry.item.text)}”${sheet !== '' ? `（${sheet}）` : ''}`
}

type Spot = { readonly checklist: string; readonly sheet: number; readonly item: string }

function items(visit: Visit, pack: Pack, add: Add): void {
  for (const entry of visibleItems(visit, pack)) {
    const found = answerOf(visit, entry)
    const where: Spot = { checklist: entry.checklist, sheet: entry.sheet, item: entry.item.id }
    const head = found?.heads[0]
    if (found === undefined || head === undefined) add('M_ITEM', `${named(entry)}尚未填写`, where)
    else if (!found.conflict) oneAnswer(visit, entry, head, where, add)
  }
}

function oneAnswer(visit: Visit, entry: ItemEntry, head: AnswerHead, where: Spot, add: Add): void {
  const { item } = entry
  const name = named(entry)
  if (!hasValue(item, head)) add('M_VALUE', `${name}缺少填写内容`, where)
  const demanded = verdictOf(item, head)
  const chosen = item.answer.type === 'choice' || item.answer.type === 'multi'
  if (chosen && demanded !== '' && demanded !== head.val) add('M_VERDICT', `${name}的结论与所选内容不一致`, where)
  const fail = head.val === 'fail'
  if (fail && oneLine(head.part) === '') add('M_PART', `${name}不符合，缺少部位`, where)
  if (fail && oneLine(head.note) === '') add('M_NOTE', `${name}不符合，缺少具体问题`, where)
  const rule = item.evidence?.photo ?? 'never'
  const wanted = rule === 'on_fail' ? fail : rule === 'always' && head.val !== 'na'
  // Where phones are forbidden the item is completed at the gate, and no photo can be asked for.
  if (wanted && head.gate !== true && photosOf(visit, where.checklist, where.item, where.sheet).length === 0)
    add('M_PHOTO', `${name}${fail ? '不符合，' : ''}缺少现场照片`, where)
  const sampled = visit.samples.some(
    (sample) => sample.checklist === entry.checklist && sample.sheet === entry.sheet,
  )
  if (toLaboratory(item, head) && !sampled) add('M_SAMPLE', `${name}需送检，缺少抽样信息`, where)
}

function photoCount(visit: Visit, pack: Pack, add: Add): void {
  const least = minPhotos(pack.profile)
  const usable = [...visit.photos, ...visit.supplements].filter((photo) => photo.void === null && photo.purpose !== 'derived')
  const count = new Set(usable.map((photo) => photo.sha256)).size
  if (count < least) add('M_MIN_PHOTOS', `现场照片至少 ${least} 张，现有 ${count} 张`)
}

function conflicts(visit: Visit, pack: Pack, add: Add): void {
  const names = new Map<string, string>()
  for (const checklist of pack.checklists)
    for (const section of checklist.sections)
      for (const item of section.items) names.set(`${checklist.id}/${item.id}`, oneLine(item.text))
  for (const { heads, conflict } of Object.values(visit.answers)) {
    const head = heads[0]
    if (!conflict || head === undefined) continue
    const { checklist, item, sheet } = head
    const name = names.get(`${checklist}/${item}`) ?? item
    add('M_CONFLICT', `“${name}”有 ${heads.length} 个不同答案，需选定一个`, { checklist, item, sheet })
  }
}

function party(visit: Visit, add: Add): void {
  const signed = visit.party
  if (signed === null) {
    add('M_PARTY', '被检查单位尚未签名（或未注明拒签、不能签名、不在场）')
    return
  }
  if (!signed.stands) add('M_PARTY_STALE', '签名所对应的笔录已有变化，需重新签名')
  if (signed.mode === 'signed' && signed.ink === undefined) add('M_PARTY_INK', '签名缺少笔迹')
  if (signed.mode !== 'signed' && oneLine(signed.reason) === '') add('M_PARTY_REASON', '未签名，缺少原因')
}

function closed(visit: Visit, pack: Pack, add: Add): void {
  if (pack.profile['team.lead'] === 'required' && !pack.team.some((member) => member.lead))
    add('M_LEAD', '未确定检查组长')
  if (!visit.sealed) add('M_SEAL', '记录尚未封存')
  else if (visit.open_round) add('M_SEAL', '退回后的补充尚未重新封存')
  const users = agreed(visit)
  if (users.length >= minTeam(pack)) return
  const names = pack.team.filter(({ user }) => users.includes(user)).map(({ name }) => oneLine(name))
  const done = names.length > 0 ? `已核验：${names.join('、')}` : '尚无人核验'
  add('M_ATTEST_TWO', `须有 ${minTeam(pack)} 名检查人员核验同一份记录（${done}）`)
}
