/** The unit registry as a table with the very headers that the import reads: what goes out can come in again. */
import type { Headers, Unit } from '../api'
import { saveTable } from '../parts/tables'
import { get } from '../useDesk'

const AT_ONCE = 200
const FACT_WORDS: Readonly<Record<string, string>> = { yes: '是', no: '否' }

/** One cell of a unit by the field names of `server/registry/domain.py`. */
export function fieldOf(unit: Unit, key: string): string {
  switch (key) {
    case 'name':
    case 'address':
    case 'uscc':
    case 'registration_no':
      return unit[key]
    case 'entity_name':
      return unit.entity_name === unit.name ? '' : unit.entity_name
    case 'blacklisted':
      return unit.blacklisted ? '是' : '否'
    default:
      return unit.details[key] ?? ''
  }
}

export function tableOf(headers: Headers, units: readonly Unit[]): string[][] {
  const names = [...headers.columns, ...headers.facts].map((one) => one.label)
  const rows = units.map((unit) => [...headers.columns.map((one) => fieldOf(unit, one.key)), ...headers.facts.map((one) => FACT_WORDS[unit.facts[one.key] ?? ''] ?? '')])
  return [names, ...rows]
}

export async function exportUnits(headers: Headers, name: string): Promise<number> {
  const units: Unit[] = []
  for (;;) {
    const page = (await get<{ units: Unit[] }>(`registry/units?limit=${AT_ONCE}&offset=${units.length}`)).units
    units.push(...page)
    if (page.length < AT_ONCE) break
  }
  saveTable(tableOf(headers, units), name)
  return units.length
}
