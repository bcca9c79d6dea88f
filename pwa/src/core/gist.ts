/**
 * The gist 要点 of a record: what an inspector sees before attesting by QR code a record that lies on another
 * phone; twin of `server/inspections/gist.py`. It stands in the attestation that is signed.
 */
import { answerOf, oneLine, visibleItems } from './items'
import type { Pack } from './pack'
import type { Outcome, Visit } from './visit'

// A type and not an interface: it stands in a signed body, which is plain JSON.
export type Finding = {
  readonly checklist: string
  readonly item: string
  readonly sheet: number
  readonly text: string
}
export type Gist = {
  readonly outcome: Outcome['kind']
  /** ms; 0 when nothing has happened yet. */
  readonly from: number
  readonly to: number
  readonly answered: number
  readonly open: number
  readonly fails: number
  readonly conflicts: number
  readonly photos: number
  readonly audio: number
  /** The first twenty; `fails` says how many there are. */
  readonly findings: readonly Finding[]
}

export const FINDINGS_SHOWN = 20
const FINDING_CHARS = 60

export function gist(visit: Visit, pack: Pack): Gist {
  const outcome = visit.outcome?.kind ?? 'completed'
  let open = 0
  const findings: Finding[] = []
  for (const entry of visibleItems(visit, pack)) {
    const found = answerOf(visit, entry)
    const head = found?.heads[0]
    if (found === undefined || head === undefined) open += 1
    else if (!found.conflict && head.val === 'fail')
      findings.push({ checklist: entry.checklist, item: entry.item.id, sheet: entry.sheet, text: words(head.part, head.note) })
  }
  return {
    outcome,
    from: visit.span.from ?? 0,
    to: visit.span.to ?? 0,
    answered: visit.counts.answered,
    // A visit that could not take place asks for no answers.
    open: outcome === 'completed' ? open : 0,
    fails: findings.length,
    conflicts: visit.counts.conflicts,
    photos: visit.counts.photos,
    audio: visit.counts.audio,
    findings: findings.slice(0, FINDINGS_SHOWN),
  }
}

function words(part: string | undefined, note: string | undefined): string {
  const said = [oneLine(part), oneLine(note)].filter((one) => one !== '').join('：')
  const chars = [...said]
  return chars.length <= FINDING_CHARS ? said : `${chars.slice(0, FINDING_CHARS).join('')}…`
}
