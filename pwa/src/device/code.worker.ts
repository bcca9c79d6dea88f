/** Reads QR codes out of camera frames, away from the page. The decoder is ours to serve: nothing comes from elsewhere. */
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import wasmUrl from 'zxing-wasm/reader/zxing_reader.wasm?url'
import { MOST_PIXELS, type CodeAnswer, type CodeAsk } from './codeWire'

// By default the library fetches its decoder from a public server: in a basement that is none (P8).
prepareZXingModule({ overrides: { locateFile: (path: string, prefix: string) => (path.endsWith('.wasm') ? wasmUrl : prefix + path) } })

let canvas: OffscreenCanvas | undefined

async function read(frame: ImageBitmap): Promise<string[]> {
  const scale = Math.min(1, MOST_PIXELS / Math.max(frame.width, frame.height))
  const [width, height] = [Math.max(1, Math.round(frame.width * scale)), Math.max(1, Math.round(frame.height * scale))]
  if (canvas?.width !== width || canvas.height !== height) canvas = new OffscreenCanvas(width, height)
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  if (pen === null) throw new Error('no canvas')
  pen.drawImage(frame, 0, 0, width, height)
  const found = await readBarcodes(pen.getImageData(0, 0, width, height), { formats: ['QRCode'], tryHarder: true, maxNumberOfSymbols: 1 })
  return found.filter((one) => one.isValid).map((one) => one.text)
}

self.addEventListener('message', ({ data: { id, frame } }: MessageEvent<CodeAsk>) => {
  const say = (answer: CodeAnswer): void => self.postMessage(answer)
  void read(frame)
    .then((texts) => say({ id, ok: true, texts }), (error: unknown) => say({ id, ok: false, why: String(error) }))
    .finally(() => frame.close())
})
