/** Inspections as lists show them, and asking for exactly those of a batch. */
import type { Assignment, InspectionLine } from '../api'
import { get } from '../useDesk'

export interface Visit {
  readonly id: string
  readonly unit: string
  readonly items: readonly Assignment[]
  readonly team: readonly string[]
  readonly lead: string | null
  readonly inspectBy: string
  readonly mode: string
}

/** Assignments of one visit stand together, in the order of the file. */
export function visitsOf(assignments: readonly Assignment[]): readonly Visit[] {
  const found = new Map<string, Assignment[]>()
  for (const one of assignments) found.set(one.visit_group, [...(found.get(one.visit_group) ?? []), one])
  return [...found].flatMap(([id, items]) => {
    const first = items[0]
    if (!first) return []
    const inspectBy = items.map((one) => one.inspect_by).reduce((a, b) => (a < b ? a : b))
    return [{ id, unit: first.unit_name, items, team: first.inspectors, lead: items.find((one) => one.lead)?.lead ?? null, inspectBy, mode: first.mode }]
  })
}

// 100 ids are 3.7 kB of address: every proxy lets that through.
const AT_ONCE = 100

export async function linesOf(ids: readonly string[]): Promise<ReadonlyMap<string, InspectionLine>> {
  const found = new Map<string, InspectionLine>()
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE)
    const { inspections } = await get<{ inspections: InspectionLine[] }>(`inspections?which=all&limit=${AT_ONCE}&ids=${some.join(',')}`)
    for (const line of inspections) found.set(line.id, line)
  }
  return found
}
