/**
 * What a phone has to fetch and read before it shows 今日, measured on the finished bundle (design/stack.md, budgets).
 * Sizes are the same on every machine, so a build above them fails: what is new belongs behind an `import()`.
 */
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

export const BUDGET = { script: 80_000, styleAndFont: 14_000, precache: 1_000_000, decoder: 1_000_000 } as const

export interface Piece {
  readonly type: 'chunk' | 'asset'
  readonly fileName: string
  readonly code?: string
  readonly source?: string | Uint8Array
  readonly isEntry?: boolean
  readonly name?: string | undefined
  readonly facadeModuleId?: string | null
  readonly imports?: readonly string[]
  readonly viteMetadata?: { readonly importedCss: Set<string> }
}
type Bundle = Readonly<Record<string, Piece>>
export interface Weight {
  /** Bytes after gzip -9. */
  readonly script: number
  readonly styleAndFont: number
  readonly files: readonly string[]
}

/** The screens a start may show: the lock and the list. */
const SCREENS = /[\\/](StartScreen|TodayScreen)\.vue$/

function squeezed(piece: Piece | undefined): number {
  const content = piece?.code ?? piece?.source ?? ''
  return gzipSync(typeof content === 'string' ? Buffer.from(content) : content, { level: 9 }).length
}

/** The entry called field and the first screens with everything they import statically; dynamic imports come later. */
export function firstRoute(bundle: Bundle): Weight {
  const open = Object.values(bundle).filter(
    ({ isEntry, name, facadeModuleId }) => (isEntry === true && name === 'field') || SCREENS.test(facadeModuleId ?? ''),
  )
  if (open.length < 3) throw new Error('budget: the entry and the two first screens are not in the bundle')
  const scripts = new Set<string>()
  const styles = new Set<string>()
  for (let piece = open.pop(); piece !== undefined; piece = open.pop()) {
    if (scripts.has(piece.fileName)) continue
    scripts.add(piece.fileName)
    for (const css of piece.viteMetadata?.importedCss ?? []) styles.add(css)
    open.push(...(piece.imports ?? []).flatMap((file) => bundle[file] ?? []))
  }
  // A font is fetched when a style names it; woff2 is compressed already.
  const sheets = [...styles].map((file) => String(bundle[file]?.source ?? '')).join('')
  const fonts = Object.values(bundle).filter(({ fileName }) => fileName.endsWith('.woff2') && sheets.includes(fileName.split('/').pop() ?? ''))
  const sum = (files: readonly (Piece | undefined)[]): number => files.reduce((total, piece) => total + squeezed(piece), 0)
  return {
    script: sum([...scripts].map((file) => bundle[file])),
    styleAndFont: sum([...styles].map((file) => bundle[file])) + sum(fonts),
    files: [...scripts, ...styles, ...fonts.map(({ fileName }) => fileName)].sort(),
  }
}

/** One line per number; `over` names what is too heavy. */
export function verdict(sizes: Readonly<Record<keyof typeof BUDGET, number>>): { lines: string[]; over: string[] } {
  const names: readonly (keyof typeof BUDGET)[] = ['script', 'styleAndFont', 'precache', 'decoder']
  const words = { script: 'first route, script (gzip)', styleAndFont: 'first route, style and font (gzip)', precache: 'whole precache without the decoder (not compressed)', decoder: 'decoder of QR codes, wasm (not compressed)' }
  const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
  return {
    lines: names.map((name) => `${words[name]}: ${kb(sizes[name])} of ${kb(BUDGET[name])}`),
    over: names.filter((name) => sizes[name] > BUDGET[name]).map((name) => words[name]),
  }
}

/** Measures the bundle; `precached` is called by the service worker's plugin with the list it writes. */
export function budget(): Plugin & { precached(entries: readonly { url: string; size: number }[]): void } {
  let weight: Weight | undefined
  return {
    name: 'suijian:budget',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        weight = firstRoute(bundle as unknown as Bundle)
      },
    },
    precached(entries) {
      if (weight === undefined) throw new Error('budget: the bundle was not measured')
      const sizeOf = (wasm: boolean): number => entries.filter(({ url }) => url.endsWith('.wasm') === wasm).reduce((total, { size }) => total + size, 0)
      const { lines, over } = verdict({ ...weight, precache: sizeOf(false), decoder: sizeOf(true) })
      for (const line of lines) console.log(`budget  ${line}`)
      if (over.length > 0) throw new Error(`over budget: ${over.join(', ')}`)
    },
  }
}
