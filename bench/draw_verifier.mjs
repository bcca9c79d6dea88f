// The browser verifier's share of bench/draw.py: node bench/draw_verifier.mjs PAGE UNITS PLACES
import { readFileSync } from 'node:fs'
import vm from 'node:vm'

const [page, units, places] = process.argv.slice(2)
globalThis.document = { querySelectorAll: () => Array(10).fill({}) }
vm.runInThisContext(/<script>([^]*)<\/script>/.exec(readFileSync(page, 'utf8'))[1])
const weights = [1, 2, 4, 8]
const all = Array.from({ length: Number(units) }, (_, i) => ({ raw: Uint32Array.of(i * 2654435761, i, 7, 9), w: weights[i % 20 < 10 ? 0 : i % 20 < 16 ? 1 : i % 20 < 19 ? 2 : 3] }))
let [wall, own] = [Infinity, Infinity]
for (let round = 0; round < (all.length > 100_000 ? 1 : 5); round++) {
  const [started, used] = [performance.now(), process.cpuUsage()]
  globalThis.verifier.first(new Uint8Array(32), 'gen', all).slice(0, Number(places))
  wall = Math.min(wall, performance.now() - started)
  own = Math.min(own, process.cpuUsage(used).user)
}
console.log(wall / 1e3, own / 1e6)
