/** Before the first scenario: the demo is loaded once for all of them; after the last it is thrown away. */
import { rmSync } from 'node:fs'
import { loadDemo, TEMPLATE } from './office'

export default function prepare(): () => void {
  const made = loadDemo()
  process.env[TEMPLATE] = made
  return () => rmSync(made, { recursive: true, force: true })
}
