/** The messages between the page and the photo worker, and the geometry of the stamp. */
export const STAMP_MAX_PX = 1600

export type LabAsk =
  | { readonly id: number; readonly do: 'encode'; readonly frame: ImageBitmap }
  | { readonly id: number; readonly do: 'stamp'; readonly bytes: ArrayBuffer; readonly mime: string; readonly lines: readonly string[] }
export type LabAnswer =
  | { readonly id: number; readonly ok: true; readonly bytes: ArrayBuffer; readonly width: number; readonly height: number }
  | { readonly id: number; readonly ok: false; readonly why: string }

/** Letter size follows the short side, so that a portrait and a landscape photo read alike. */
export function stampLayout(width: number, height: number, lines: number): { size: number; pad: number; band: number } {
  const size = Math.max(14, Math.round(Math.min(width, height) * 0.032))
  const pad = Math.round(size * 0.6)
  return { size, pad, band: lines === 0 ? 0 : Math.min(height, 2 * pad + lines * Math.round(size * 1.35)) }
}
