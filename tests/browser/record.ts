/** The record as the server exports it, verified by the tool that needs neither server nor database. */
import { expect } from '@playwright/test'
import { join } from 'node:path'
import { type Office, run } from './office'

export interface RecordFacts {
  readonly insp: string
  readonly types: readonly string[]
  readonly sheets: readonly string[]
  readonly answers: Readonly<Record<string, string>>
  readonly files: Readonly<Record<string, boolean>>
  readonly words: string
}

export async function factsOf(office: Office, insp: string): Promise<RecordFacts> {
  const file = join(office.data, `${insp}.zip`)
  await office.cli('record', 'export', insp, file)
  expect(await office.cli('record', 'verify', file)).toMatch(/^OK/)
  return { ...(JSON.parse(run('record_facts.py', file)) as Omit<RecordFacts, 'insp'>), insp }
}
