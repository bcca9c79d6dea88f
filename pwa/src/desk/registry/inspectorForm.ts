/** What a person types about an inspector, and the body the server takes (`InspectorIn`). */
import type { Inspector } from '../api'

export interface InspectorForm {
  name: string
  certificate_no: string
  valid_to: string
  gender: string
  unit: string
  section: string
  position: string
  post: string
  title_class: string
  years_of_service: string
  sector_groups: string
  qualifications: string
}
type Details = Inspector['details']

export function textOf(details: Details, key: string): string {
  const value = details[key]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
export function listOf(details: Details, key: string): readonly string[] {
  const value = details[key]
  return Array.isArray(value) ? value.map(String) : []
}

export function formOf(inspector: Inspector | null, name: string): InspectorForm {
  const details = inspector?.details ?? {}
  return {
    name, certificate_no: inspector?.certificate_no ?? '', valid_to: inspector?.valid_to ?? '',
    gender: textOf(details, 'gender'), unit: textOf(details, 'unit'), section: textOf(details, 'section'), position: textOf(details, 'position'), post: textOf(details, 'post'), title_class: textOf(details, 'title_class'),
    years_of_service: textOf(details, 'years_of_service'), sector_groups: listOf(details, 'sector_groups').join('、'), qualifications: listOf(details, 'qualifications').join('、'),
  }
}

/** Fields left empty are left out: the server keeps exactly what is sent. */
export function bodyOf(form: InspectorForm): Record<string, unknown> {
  const body: Record<string, unknown> = { name: form.name.trim(), certificate_no: form.certificate_no.trim(), valid_to: form.valid_to }
  for (const key of ['gender', 'unit', 'section', 'position', 'post', 'title_class'] as const) if (form[key].trim()) body[key] = form[key].trim()
  for (const key of ['sector_groups', 'qualifications'] as const) {
    const list = form[key].split(/[、,，;；\n]/).map((one) => one.trim()).filter(Boolean)
    if (list.length) body[key] = list
  }
  const years = Number.parseInt(form.years_of_service, 10)
  if (Number.isInteger(years)) body['years_of_service'] = years
  return body
}
