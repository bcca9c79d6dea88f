import { describe, expect, it } from 'vitest'
import { BUDGET, firstRoute, verdict, type Piece } from './budget'

function chunk(fileName: string, rest: Partial<Piece> = {}): Piece {
  return { type: 'chunk', fileName, code: `// ${fileName}`, ...rest }
}
/** Text that gzip cannot make smaller than half. */
const heavy = Array.from({ length: 40_000 }, (_, i) => ((i * 2654435761) >>> 0).toString(36)).join('')

function bundle(...more: Piece[]): Record<string, Piece> {
  const base = [
    chunk('field.js', { isEntry: true, name: 'field', imports: ['vue.js'], viteMetadata: { importedCss: new Set(['base.css']) } }),
    chunk('vue.js'),
    chunk('today.js', { facadeModuleId: '/app/src/field/today/TodayScreen.vue', imports: ['vue.js', 'badge.js'] }),
    chunk('badge.js'),
    chunk('start.js', { facadeModuleId: '/app/src/field/start/StartScreen.vue' }),
    chunk('camera.js', { facadeModuleId: '/app/src/field/evidence/Camera.vue', code: heavy }),
    chunk('desk.js', { isEntry: true, name: 'desk', code: heavy }),
    { type: 'asset', fileName: 'base.css', source: '@font-face{src:url(/assets/icons-1.woff2)}' } as const,
    { type: 'asset', fileName: 'assets/icons-1.woff2', source: new Uint8Array(50) } as const,
    { type: 'asset', fileName: 'assets/other-2.woff2', source: new Uint8Array(50) } as const,
  ]
  return Object.fromEntries([...base, ...more].map((piece) => [piece.fileName, piece]))
}

describe('the first route', () => {
  it('is the entry, the two first screens and what they import, with styles and their fonts', () => {
    const weight = firstRoute(bundle())
    expect(weight.files).toEqual(['assets/icons-1.woff2', 'badge.js', 'base.css', 'field.js', 'start.js', 'today.js', 'vue.js'])
    expect(weight.script).toBeLessThan(1_000)
  })

  it('weighs what a static import drags in', () => {
    const drags = chunk('badge.js', { imports: ['camera.js'] })
    expect(firstRoute(bundle(drags)).script).toBeGreaterThan(BUDGET.script)
  })

  it('does not pass a bundle in which it cannot find the screens', () => {
    const rest = Object.values(bundle()).filter(({ fileName }) => fileName !== 'today.js')
    expect(() => firstRoute(Object.fromEntries(rest.map((piece) => [piece.fileName, piece])))).toThrow('first screens')
  })
})

describe('the verdict', () => {
  it('names what is over, and nothing at the limit', () => {
    expect(verdict(BUDGET).over).toEqual([])
    expect(verdict({ ...BUDGET, precache: BUDGET.precache + 1 }).over).toEqual(['whole precache without the decoder (not compressed)'])
    expect(verdict({ ...BUDGET, script: 90_000 }).lines[0]).toBe('first route, script (gzip): 90.0 kB of 80.0 kB')
  })
})
