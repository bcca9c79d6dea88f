/** Pixels off the main thread: 2–5 s of stall on a cheap phone otherwise (P30). One message, one answer. */
import { STAMP_MAX_PX, stampLayout, type LabAnswer, type LabAsk } from './labWire'

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<LabAsk>) => void) | null
  postMessage(message: LabAnswer, transfer: Transferable[]): void
}

async function jpegOf(canvas: OffscreenCanvas, quality: number): Promise<ArrayBuffer> {
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality })
  return blob.arrayBuffer()
}

function paintOn(width: number, height: number): { canvas: OffscreenCanvas; pen: OffscreenCanvasRenderingContext2D } {
  const canvas = new OffscreenCanvas(width, height)
  const pen = canvas.getContext('2d')
  if (pen === null) throw new Error('no 2d context in the worker')
  return { canvas, pen }
}

async function encode(frame: ImageBitmap): Promise<{ bytes: ArrayBuffer; width: number; height: number }> {
  const { width, height } = frame
  const { canvas, pen } = paintOn(width, height)
  pen.drawImage(frame, 0, 0)
  frame.close()
  return { bytes: await jpegOf(canvas, 0.9), width, height }
}

async function stamp(bytes: ArrayBuffer, mime: string, lines: readonly string[]) {
  // `from-image` turns the picture upright by its EXIF; the derived copy carries no EXIF itself.
  const picture = await createImageBitmap(new Blob([bytes], { type: mime }), { imageOrientation: 'from-image' })
  const shrink = Math.min(1, STAMP_MAX_PX / Math.max(picture.width, picture.height))
  const width = Math.max(1, Math.round(picture.width * shrink))
  const height = Math.max(1, Math.round(picture.height * shrink))
  const { canvas, pen } = paintOn(width, height)
  pen.drawImage(picture, 0, 0, width, height)
  picture.close()
  const { size, pad, band } = stampLayout(width, height, lines.length)
  pen.fillStyle = 'rgba(0, 0, 0, 0.55)'
  pen.fillRect(0, height - band, width, band)
  pen.fillStyle = '#ffffff'
  pen.font = `${size}px sans-serif`
  pen.textBaseline = 'top'
  lines.forEach((line, i) => pen.fillText(line, pad, height - band + pad + i * Math.round(size * 1.35), width - 2 * pad))
  return { bytes: await jpegOf(canvas, 0.8), width, height }
}

scope.onmessage = ({ data }) => {
  const work = data.do === 'encode' ? encode(data.frame) : stamp(data.bytes, data.mime, data.lines)
  work.then(
    ({ bytes, width, height }) => scope.postMessage({ id: data.id, ok: true, bytes, width, height }, [bytes]),
    (error: unknown) => scope.postMessage({ id: data.id, ok: false, why: String(error) }, []),
  )
}
