/**
 * Phones precache the field app and nothing else. Which files belong only to the desk is read
 * from the module graph of the finished bundle, not from names: a chunk both use stays in.
 */
import type { Plugin } from 'vite'

interface Piece {
  readonly type: 'chunk' | 'asset'
  readonly fileName: string
  readonly isEntry?: boolean
  readonly name?: string | undefined
  readonly imports?: readonly string[]
  readonly dynamicImports?: readonly string[]
  readonly viteMetadata?: { readonly importedCss: Set<string>; readonly importedAssets: Set<string> }
}
type Bundle = Readonly<Record<string, Piece>>

function reachable(bundle: Bundle, entry: string): Set<string> {
  const seen = new Set<string>()
  const open = Object.values(bundle)
    .filter((piece) => piece.isEntry === true && piece.name === entry)
    .map((piece) => piece.fileName)
  if (open.length === 0) throw new Error(`no entry called ${entry} in the bundle`)
  while (open.length > 0) {
    const file = open.pop()
    if (file === undefined || seen.has(file)) continue
    seen.add(file)
    const piece = bundle[file]
    if (piece === undefined) continue
    open.push(...(piece.imports ?? []), ...(piece.dynamicImports ?? []))
    for (const css of piece.viteMetadata?.importedCss ?? []) seen.add(css)
    for (const asset of piece.viteMetadata?.importedAssets ?? []) seen.add(asset)
  }
  return seen
}

/** Files of `bundle` that only the desk entry needs, its page included. */
export function deskOnly(bundle: Bundle): Set<string> {
  const field = reachable(bundle, 'field')
  const only = new Set([...reachable(bundle, 'desk')].filter((file) => !field.has(file)))
  only.add('desk.html')
  return only
}

export function deskFiles(found: Set<string>): Plugin {
  return {
    name: 'suijian:desk-files',
    apply: 'build',
    generateBundle(_options, bundle) {
      for (const file of deskOnly(bundle as unknown as Bundle)) found.add(file)
    },
  }
}
