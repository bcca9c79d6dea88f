/** Before the first scenario: the demo is loaded once for all of them; after the last it is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDemo, LOOKED_AT, TEMPLATE } from './office'

export default function prepare(): () => void {
  const made = loadDemo()
  const looked = mkdtempSync(join(tmpdir(), 'suijian-looked-'))
  Object.assign(process.env, { [TEMPLATE]: made, [LOOKED_AT]: looked })
  return () => {
    for (const folder of [made, looked]) rmSync(folder, { recursive: true, force: true })
  }
}
