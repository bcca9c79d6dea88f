import type { components } from '../api.gen'

type Schemas = components['schemas']
export type Draw = Schemas['DrawOut']
export type Setup = Schemas['SetupOut']
export type Feasibility = Schemas['FeasibilityOut']
export type PoolLine = Schemas['PoolLineOut']
export type Result = Schemas['ResultOut']
export type Campaign = Schemas['CampaignOut']
export type Opening = Schemas['OpeningOut']
export type Fate = Schemas['FateOut']
export type LentDraw = Schemas['LentDrawOut']
export type Counts = Schemas['DrawCountsOut']
export interface Named { unit_id: string; reason: string; note: string }
/** What the form sends; the server keeps it verbatim. */
export interface Wish {
  title: string
  purpose: string
  period: string
  items: string[]
  official_a: string
  official_b: string
  n: number
  mode: string
  filter: Record<string, unknown>
  section: string
  source_doc: string
  team: number
  general_min_permille: number | null
  skip_visited: boolean
  by_sector_group: boolean
  exclusions: Named[]
  forces: Named[]
  objects: Named[]
  witness_name: string
  witness_user: string
  superior: string
  prev_void: string
  registers: string[]
  districts: string[]
}
