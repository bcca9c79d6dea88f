/** Before the first scenario: what all of them need is made once; after the last it is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FILMS, loadDemo, LOOKED_AT, run, TEMPLATE } from './office'

export default async function prepare(): Promise<() => void> {
  const folder = (name: string): string => mkdtempSync(join(tmpdir(), `suijian-${name}-`))
  const made = { [TEMPLATE]: folder('demo'), [LOOKED_AT]: folder('looked'), [FILMS]: folder('films') }
  const demo = loadDemo(made[TEMPLATE]!)
  run('fake_camera.py', made[FILMS]!)
  await demo
  Object.assign(process.env, made)
  return () => {
    for (const each of Object.values(made)) rmSync(each, { recursive: true, force: true })
  }
}
