/** The messages between the page and the worker that reads QR codes. */
export interface CodeAsk {
  readonly id: number
  readonly frame: ImageBitmap
}
export type CodeAnswer =
  | { readonly id: number; readonly ok: true; readonly texts: readonly string[] }
  | { readonly id: number; readonly ok: false; readonly why: string }

/** A bigger picture takes longer and reads no better (phone-stack 5). */
export const MOST_PIXELS = 1280
