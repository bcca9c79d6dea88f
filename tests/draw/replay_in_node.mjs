// Replays transcripts, one JSON document a line, with the script of the page people save; answers one line each.
import { readFileSync } from 'node:fs'
import vm from 'node:vm'

globalThis.document = { querySelectorAll: () => Array(10).fill({}) }
vm.runInThisContext(/<script>([^]*)<\/script>/.exec(readFileSync(process.argv[2], 'utf8'))[1])
for (const line of readFileSync(0, 'utf8').trimEnd().split('\n')) {
  try {
    console.log(JSON.stringify(globalThis.verifier.replay(JSON.parse(line))))
  } catch (fault) {
    console.log(JSON.stringify(typeof fault === 'string' ? fault : `E_FORM ${fault}`))
  }
}
