/** Hand a file to the person: the browser's own download and viewer, because sharing is not everywhere. */
import type { Bytes } from './bytes'

// A download or a viewer reads the URL after this turn of the event loop, and slowly on a cheap phone.
const KEEP_MS = 120_000

export function saveFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS)
}

/** Opens a PDF that is on this phone in a tab of its own; returns the way to forget it. */
export function openPdf(bytes: Bytes): () => void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/pdf' }))
  window.open(url, '_blank', 'noopener')
  const timer = setTimeout(() => URL.revokeObjectURL(url), KEEP_MS)
  return () => {
    clearTimeout(timer)
    URL.revokeObjectURL(url)
  }
}
