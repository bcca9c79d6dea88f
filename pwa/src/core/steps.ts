/** The steps of a visit, driven by profile keys only; twin of `server/inspections/steps.py`. */
import type { Pack, Profile } from './pack'
import type { Outcome } from './visit'

export type StepId =
  | 'recusal' | 'arrive' | 'scan_in' | 'recorder' | 'credentials' | 'notice' | 'told' | 'unit' | 'checklist'
  | 'outcome' | 'evidence' | 'record' | 'attest' | 'party' | 'leave' | 'opinion'
export type Demand = 'required' | 'recommended' | 'optional'
export interface Step {
  readonly id: StepId
  readonly title: string
  readonly demand: Demand
  /** arrive */
  readonly geotag?: 'on' | 'off'
  readonly door_photo?: boolean
  /** told */
  readonly keys?: readonly string[]
  /** checklist */
  readonly checklist?: string
  /** evidence */
  readonly min_photos?: number
  /** attest */
  readonly count?: number
  /** opinion */
  readonly lead?: 'required' | 'optional' | 'none'
}

export const TOLD_ZH: Readonly<Record<string, string>> = {
  basis: '检查依据',
  content: '检查内容',
  period: '检查期限',
  requirements: '检查要求',
  inspectors: '检查人员名单',
  rights: '权利和义务',
  integrity: '廉洁纪律',
}

/** The told list in order; the integrity statement is ticked under the key `integrity`. */
export function toldKeys(profile: Profile): string[] {
  const told = profile['onsite.told']
  const keys = Array.isArray(told) ? told.filter((key) => key !== 'integrity') : []
  return profile['onsite.integrity_statement'] === true ? [...keys, 'integrity'] : [...keys]
}

export function recorderDemand(profile: Profile): 'required' | 'recommended' | 'none' {
  const value = profile['onsite.recorder']
  return value === 'required' || value === 'recommended' ? value : 'none'
}

/** The least number of photos of a visit; 0 when the profile says nothing. */
export function minPhotos(profile: Profile): number {
  const value = profile['onsite.min_photos']
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : 0
}

type Stepped = { readonly mode?: Pack['mode']; readonly checklists?: readonly { id: string; title: string }[] }

/** The step list of a visit in this profile, mode and outcome. */
export function steps(profile: Profile, pack: Stepped, outcome: Outcome['kind'] = 'completed'): Step[] {
  const onSite = (pack.mode ?? 'on_site') === 'on_site'
  const short = outcome !== 'completed'
  const found: Step[] = []
  const add = (id: StepId, title: string, demand: Demand = 'required', facts: Partial<Step> = {}): void => {
    found.push({ id, title, demand, ...facts })
  }

  if (profile['team.recusal'] !== false) add('recusal', '回避声明', short ? 'recommended' : 'required')
  if (onSite) {
    const geotag = profile['secrecy.geotag']
    add('arrive', '到场', 'required', {
      geotag: geotag === 'off' || geotag === false ? 'off' : 'on',
      door_photo: short,
    })
    if (profile['onsite.scan_in'] === true && !short) add('scan_in', '扫码入企')
    const recorder = recorderDemand(profile)
    if (recorder !== 'none') add('recorder', '执法记录仪', short ? 'recommended' : recorder)
    if (profile['onsite.credentials'] !== false)
      add('credentials', '出示证件', outcome === 'not_possible' ? 'optional' : 'required')
  }
  if (short) add('outcome', '未能检查的原因')
  else {
    if (pack.mode !== 'network_monitoring' && profile['onsite.notice'] === true) add('notice', '送达检查通知书')
    const keys = toldKeys(profile)
    if (onSite && keys.length > 0) add('told', '告知事项', 'required', { keys })
    add('unit', '核对单位信息', 'recommended')
    for (const { id, title } of pack.checklists ?? []) add('checklist', title, 'required', { checklist: id })
    const least = minPhotos(profile)
    add('evidence', '取证', least > 0 ? 'required' : 'optional', { min_photos: least })
  }
  add('record', '阅读笔录')
  const team = profile['team.min']
  add('attest', '双人核验', 'required', {
    count: Math.max(2, typeof team === 'number' && Number.isInteger(team) ? team : 2),
  })
  if (onSite && !short) add('party', '被检查单位签名')
  add('leave', '离场封存')
  const lead = profile['team.lead']
  add('opinion', '评价与处理意见', 'required', { lead: lead === 'required' || lead === 'optional' ? lead : 'none' })
  return found
}
