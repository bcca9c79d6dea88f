/** Demands of the scene and of the short record; twin of `server/inspections/needs_scene.py`. */
import { compare } from './foldOrder'
import { oneLine } from './items'
import { minTeam, type Pack, type Profile } from './pack'
import { recorderDemand, TOLD_ZH, toldKeys } from './steps'
import type { Outcome, Visit } from './visit'
import { dateIso } from './wording'

/** Where a need lies; further facts by code: `key` of M_TOLD, `user` of M_CERT and M_RECUSAL. */
export interface Where {
  readonly checklist?: string
  readonly item?: string
  readonly sheet?: number
  readonly key?: string
  readonly user?: string
}
export interface Need extends Where {
  readonly code: string
  /** Chinese, to show as it is. */
  readonly text: string
}
export type Add = (code: string, text: string, where?: Where) => void

/** Two recordings of one visit may follow each other this closely without an explanation, in ms. */
const SWITCH_MS = 60_000

/** What must have happened around the checks of a completed visit. */
export function beforeChecks(visit: Visit, pack: Pack, add: Add): void {
  const { profile } = pack
  const onSite = visit.mode === 'on_site'
  team(visit, pack, add)
  recusals(visit, pack, add)
  if (onSite) {
    arrival(visit, profile, add)
    if (recorderDemand(profile) === 'required') recorder(visit, add)
    credentials(visit, pack, add)
  }
  if (visit.mode !== 'network_monitoring' && profile['onsite.notice'] === true) notice(visit, add)
  if (onSite)
    for (const key of toldKeys(profile))
      if (!Object.hasOwn(visit.told, key)) {
        const what = Object.hasOwn(TOLD_ZH, key) ? TOLD_ZH[key] : key
        add(key === 'integrity' ? 'M_INTEGRITY' : 'M_TOLD', `尚未告知${what}`, { key })
      }
}

/** D-13: what a visit that could not be done, or was refused, still needs. */
export function shortRecord(visit: Visit, outcome: Outcome, pack: Pack, add: Add): void {
  const nobody = ['closed', 'moved', 'not_found'].includes(outcome.reason ?? '')
  team(visit, pack, add)
  if (visit.mode === 'on_site') {
    arrival(visit, {}, add)
    if (outcome.kind === 'refused_entry' || !nobody) credentials(visit, pack, add)
    if (!visit.photos.some((photo) => photo.purpose === 'door' && photo.void === null))
      add('M_DOOR', '缺少门牌（门口）照片')
  }
  if (outcome.kind === 'not_possible' && outcome.reason === undefined)
    add('M_OUTCOME_REASON', '未说明不能检查的原因')
  if (outcome.kind === 'refused_entry' && oneLine(outcome.note) === '')
    add('M_OUTCOME_REASON', '未说明拒绝检查的情形')
}

function team(visit: Visit, pack: Pack, add: Add): void {
  if (pack.team.length < minTeam(pack)) add('M_TEAM', `检查人员不得少于 ${minTeam(pack)} 人`)
  if (visit.opened === null) return
  const day = dateIso(visit.opened.wall)
  for (const { name, user, valid_to: validTo } of pack.team)
    if ((validTo || '9999-12-31') < day) add('M_CERT', `${oneLine(name)}的执法证已过有效期`, { user })
}

function recusals(visit: Visit, pack: Pack, add: Add): void {
  if (pack.profile['team.recusal'] === false) return
  const said = new Map<string, boolean>()
  for (const { kind, inspector, conflict } of visit.recusals)
    if (kind === 'declare') said.set(inspector, conflict === true)
  for (const { name, user } of pack.team) {
    const conflict = said.get(user)
    if (conflict === undefined) add('M_RECUSAL', `${oneLine(name)}尚未作回避声明`, { user })
    else if (conflict) add('M_RECUSED', `${oneLine(name)}声明有利害关系，应当回避`, { user })
  }
}

function arrival(visit: Visit, profile: Profile, add: Add): void {
  const marks = new Set(visit.marks.map(({ mark }) => mark))
  if (!marks.has('arrival')) add('M_ARRIVAL', '缺少到场记录')
  if (profile['onsite.scan_in'] === true && !marks.has('scan_in')) add('M_SCAN_IN', '尚未扫码入企')
}

function credentials(visit: Visit, pack: Pack, add: Add): void {
  if (pack.profile['onsite.credentials'] === false) return
  const shown = visit.credentials
  if (shown === null) {
    add('M_CREDENTIALS', '尚未出示执法证件')
    return
  }
  const drawn = new Set(pack.team.map(({ user }) => user))
  const present = new Set(shown.inspectors.map(({ user }) => user).filter((user) => drawn.has(user)))
  if (present.size < minTeam(pack)) add('M_CREDENTIALS', `出示执法证件的检查人员不足 ${minTeam(pack)} 人`)
}

function notice(visit: Visit, add: Add): void {
  const given = visit.notice
  if (given === null) add('M_NOTICE', '尚未送达检查通知书')
  else if (given.mode === 'received' && oneLine(given.receiver) === '') add('M_NOTICE', '通知书缺少签收人')
  else if (given.mode === 'refused' && oneLine(given.reason) === '')
    add('M_NOTICE', '通知书被拒收，缺少情形说明')
}

function recorder(visit: Visit, add: Add): void {
  const started = visit.recorder
    .flatMap(({ started: from, stopped, h }) => (from === null ? [] : [{ from, stopped, h: h ?? '' }]))
    .sort((a, b) => compare(a.from, b.from) || compare(a.h, b.h))
  const gaps = visit.recorder.flatMap((session) => session.gaps)
  if (started.length === 0 && gaps.length === 0) add('M_RECORDER', '执法记录仪尚未开启，也未说明原因')
  for (const gap of gaps)
    if (gap.reason === 'other' && oneLine(gap.note) === '')
      add('M_REC_GAP', '记录中断的原因选了“其他”，缺少说明')
  started.slice(1).forEach((after, index) => {
    const end = started[index]?.stopped ?? null
    if (end === null || after.from - end <= SWITCH_MS) return
    if (!gaps.some((gap) => gap.from <= end + SWITCH_MS && gap.to >= after.from - SWITCH_MS)) {
      const minutes = Math.floor((after.from - end) / 60_000)
      add('M_REC_GAP', `两段记录之间中断 ${minutes} 分钟，缺少说明`)
    }
  })
}

/** Before the seal every recording that was started has been stopped. */
export function recordingClosed(visit: Visit, pack: Pack, add: Add): void {
  if (recorderDemand(pack.profile) !== 'required') return
  for (const session of visit.recorder)
    if (session.started !== null && session.stopped === null)
      add('M_REC_STOP', `执法记录仪 ${oneLine(session.device_no)} 尚未关闭`)
}
