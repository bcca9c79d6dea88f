/**
 * Vant's icon style sheet carries 25 kB of font as a data URL and names a second copy on a
 * foreign host. Both go: a page under our content policy may load fonts from itself only, and a
 * phone should not download 200 glyphs to show forty. The subset is made once by
 * tools/subset_icons.py from the names in assets/icons.txt.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Plugin } from 'vite'

const SHEET = /[\\/]vant[\\/]es[\\/]icon[\\/]index\.css(?:\?.*)?$/

export function readIconNames(root: string): ReadonlySet<string> {
  const lines = readFileSync(resolve(root, 'assets/icons.txt'), 'utf8').split('\n')
  return new Set(lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')))
}

/** Drops the rules of icons we do not ship and points the font face at `fontUrl`. */
export function rewriteIconSheet(css: string, names: ReadonlySet<string>, fontUrl: string): string {
  const kept = css.replace(/\.van-icon-([a-z0-9-]+):before\{content:[^}]*\}/g, (rule, name: string) =>
    names.has(name) ? rule : '',
  )
  const face = `@font-face{font-family:vant-icon;font-style:normal;font-weight:400;font-display:block;src:url("${fontUrl}") format("woff2")}`
  const faces = kept.match(/@font-face\{[^}]*\}/g) ?? []
  if (faces.length !== 1) throw new Error(`vant icon sheet: expected one @font-face, found ${faces.length}`)
  return kept.replace(/@font-face\{[^}]*\}/, face)
}

export function iconFont(root: string): Plugin {
  return {
    name: 'suijian:icon-font',
    enforce: 'pre',
    transform(css, id) {
      if (!SHEET.test(id)) return null
      const font = resolve(root, 'assets/vant-icon.woff2').replaceAll('\\', '/')
      return { code: rewriteIconSheet(css, readIconNames(root), font), map: null }
    },
  }
}
