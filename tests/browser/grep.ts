/** Looks for texts and bytes in a whole folder as they would lie in a browser's files, spelt in every way it spells. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/** UTF-8, UTF-16 (as V8 stores Chinese), JSON escapes, percent escapes. */
export function spellings(text: string): readonly Buffer[] {
  const escaped = [...text].map((char) => (char.charCodeAt(0) < 128 ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)).join('')
  const utf16be = Buffer.from(text, 'utf16le').swap16()
  return [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le'), utf16be, Buffer.from(escaped), Buffer.from(encodeURIComponent(text))]
}

export function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    // The film of the fake camera is put there by the scenario, not by the browser.
    .filter((path) => !path.endsWith('film.mjpeg') && statSync(path, { throwIfNoEntry: false })?.isFile() === true)
}

/** `what` → the files it stands in. */
export function found(folder: string, wanted: Readonly<Record<string, readonly Buffer[]>>): Record<string, string[]> {
  const hits: Record<string, string[]> = {}
  for (const path of files(folder)) {
    const content = readFileSync(path)
    for (const [what, needles] of Object.entries(wanted)) {
      if (needles.some((needle) => content.includes(needle))) (hits[what] ??= []).push(relative(folder, path))
    }
  }
  return hits
}
