/** Where a step leads and how far it is. A step is done when nothing it stands for is demanded any more. */
import type { Step } from '@/core/steps'
import type { OpenVisit } from './useVisit'

export type StepState = 'todo' | 'partly' | 'done'

export function pathOf(step: Step): string {
  return step.checklist === undefined ? step.id : `${step.id}~${step.checklist}`
}

/** The need codes that a step answers; `missing` names them. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  recusal: ['M_RECUSAL', 'M_RECUSED'],
  arrive: ['M_ARRIVAL', 'M_DOOR'],
  scan_in: ['M_SCAN_IN'],
  recorder: ['M_RECORDER', 'M_REC_GAP'],
  credentials: ['M_CREDENTIALS', 'M_TEAM', 'M_CERT'],
  outcome: ['M_OUTCOME_REASON', 'M_DOOR'],
  notice: ['M_NOTICE'],
  told: ['M_TOLD', 'M_INTEGRITY'],
  evidence: ['M_MIN_PHOTOS'],
}

export function stateOf(step: Step, open: OpenVisit): StepState {
  const visit = open.state.value
  const own = CODES[step.id]
  if (step.id === 'checklist') {
    const needs = open.lacks('attest').filter((need) => need.checklist === step.checklist)
    const begun = Object.keys(visit.answers).some((key) => key.startsWith(`${step.checklist}/`))
    return needs.length === 0 ? 'done' : begun ? 'partly' : 'todo'
  }
  if (own) {
    if (open.lacks('attest').some((need) => own.includes(need.code))) return 'todo'
    return touched(step.id, open) || step.demand === 'required' ? 'done' : 'todo'
  }
  return touched(step.id, open) ? 'done' : 'todo'
}

/** Whether anything of a step without demands of its own has been done. */
function touched(id: string, open: OpenVisit): boolean {
  const visit = open.state.value
  const standing = visit.attests.filter((one) => one.stands)
  switch (id) {
    case 'recorder': return visit.recorder.some((one) => one.started !== null)
    case 'unit': return visit.marks.some((mark) => mark.mark === 'unit_checked')
    case 'evidence': return visit.photos.some((photo) => photo.void === null) || visit.docs.length + visit.audio.length + visit.notes.length > 0
    case 'record': return standing.length > 0 || visit.marks.some((mark) => mark.mark === 'read_through')
    case 'attest': return !open.lacks('approval').some((need) => need.code === 'M_ATTEST_TWO')
    case 'party': return visit.party !== null && visit.party.stands
    case 'leave': return visit.sealed && !visit.open_round
    case 'opinion': return visit.opinions.length > 0
    default: return true
  }
}

const STEP_OF_CODE: ReadonlyMap<string, string> = new Map([
  ...Object.entries(CODES).flatMap(([step, codes]) => codes.map((code) => [code, step] as const)),
  ['M_REC_STOP', 'leave'], ['M_SEAL', 'leave'], ['M_PARTY', 'party'], ['M_PARTY_STALE', 'party'], ['M_PARTY_INK', 'party'], ['M_PARTY_REASON', 'party'],
  ['M_ATTEST', 'attest'], ['M_ATTEST_TWO', 'attest'],
])

/** The step in which a need is met; the overview when no step of this visit does. */
export function pathForNeed(need: { code: string; checklist?: string; item?: string }, open: OpenVisit): string {
  if (need.checklist !== undefined) return `checklist~${need.checklist}${need.item === undefined ? '' : `?item=${need.item}`}`
  const id = STEP_OF_CODE.get(need.code) ?? ''
  const found = open.steps.value.find((step) => step.id === id) ?? (need.code === 'M_DOOR' ? open.steps.value.find((step) => step.id === 'arrive') : undefined)
  return found ? pathOf(found) : ''
}
