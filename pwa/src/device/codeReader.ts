/** The page's side of the code worker, and the loop that looks at one frame after the other. */
import type { InAppCamera } from './camera'
import type { CodeAnswer, CodeAsk } from './codeWire'
import type { Result } from './ports'

export interface CodeReader {
  /** The texts of the codes on the picture; takes over `frame`. */
  read(frame: ImageBitmap): Promise<readonly string[]>
  close(): void
}

/** A worker the system killed never answers; a new one is started. */
const PATIENCE_MS = 8_000
const PAUSE_MS = 60

export function browserCodeReader(): CodeReader {
  let worker: Worker | undefined
  let next = 0
  let waiting: { id: number; done: (texts: readonly string[]) => void } | undefined
  function settle(texts: readonly string[]): void {
    waiting?.done(texts)
    waiting = undefined
  }
  function reset(): void {
    worker?.terminate()
    worker = undefined
    settle([])
  }
  function running(): Worker {
    if (worker !== undefined) return worker
    worker = new Worker(new URL('./code.worker.ts', import.meta.url), { type: 'module' })
    worker.addEventListener('message', ({ data }: MessageEvent<CodeAnswer>) => {
      if (data.id === waiting?.id) settle(data.ok ? data.texts : [])
    })
    worker.addEventListener('error', reset)
    return worker
  }
  return {
    read(frame) {
      settle([])
      const id = next++
      return new Promise((done) => {
        const timer = setTimeout(reset, PATIENCE_MS)
        waiting = {
          id,
          done: (texts) => {
            clearTimeout(timer)
            done(texts)
          },
        }
        running().postMessage({ id, frame } satisfies CodeAsk, [frame])
      })
    },
    close: reset,
  }
}

/** One camera looked through for codes; one frame in flight. */
export class CodeScanner {
  private turning = 0

  constructor(
    private readonly camera: Pick<InAppCamera, 'open' | 'grab' | 'torch' | 'close'>, private readonly reader: CodeReader,
    private readonly pause: (ms: number) => Promise<void> = (ms) => new Promise((done) => setTimeout(done, ms)),
  ) {}

  /** `hear` gets every text of every frame, the same one many times. */
  async open(video: HTMLVideoElement, hear: (text: string) => void): Promise<Result<{ torch: boolean }, 'camera_failed'>> {
    const opened = await this.camera.open(video)
    if (opened.ok) void this.look(++this.turning, hear)
    return opened
  }

  private async look(turn: number, hear: (text: string) => void): Promise<void> {
    while (turn === this.turning) {
      const frame = await this.camera.grab()
      const texts = frame === undefined ? [] : await this.reader.read(frame)
      if (turn === this.turning) texts.forEach(hear)
      await this.pause(PAUSE_MS)
    }
  }

  torch(on: boolean): Promise<boolean> {
    return this.camera.torch(on)
  }

  close(): void {
    this.turning++
    this.camera.close()
    this.reader.close()
  }
}
