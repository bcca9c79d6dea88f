/** Which places of the desk which roles may enter; the server decides again on every request. */
export const PLACES = [
  ['reports', ['reviewer', 'auditor', 'inspector']],
  ['inspections', ['plan_officer', 'reviewer', 'auditor']],
  ['draws', ['plan_officer', 'reviewer', 'auditor', 'superior']],
  ['levels', ['reviewer', 'auditor']],
  ['plans', ['plan_officer', 'reviewer', 'auditor']],
  ['calendar', ['plan_officer', 'reviewer', 'auditor']],
  ['changes', ['plan_officer', 'reviewer', 'auditor']],
  ['documents', ['plan_officer', 'reviewer', 'auditor']],
  ['inbox', ['superior']],
  ['batches', ['plan_officer', 'reviewer', 'auditor']],
  ['units', ['plan_officer', 'reviewer', 'administrator', 'auditor']],
  ['inspectors', ['plan_officer', 'reviewer', 'administrator', 'auditor']],
  ['item-lists', ['plan_officer', 'reviewer', 'administrator', 'auditor']],
  ['people', ['administrator']],
  ['devices', ['administrator', 'auditor']],
  ['quarantine', ['administrator', 'reviewer', 'auditor']],
  ['audit', ['auditor']],
] as const
export type Place = (typeof PLACES)[number][0]

export function placeOf(path: string): (typeof PLACES)[number] | undefined {
  return PLACES.find(([name]) => path.split('/')[1] === name)
}
