/** The page's side of the photo worker: made at the first photo, thrown away when it fails. */
import { ownBuffer } from './bytes'
import type { LabAnswer, LabAsk } from './labWire'
import type { PhotoLab } from './ports'

type Done = Extract<LabAnswer, { ok: true }>
/** A worker the system killed never answers; the shutter must not wait for it for ever. */
const PATIENCE_MS = 20_000

export interface WorkerLike {
  postMessage(message: LabAsk, transfer: Transferable[]): void
  addEventListener(type: 'message', hear: (event: MessageEvent<LabAnswer>) => void): void
  addEventListener(type: 'error', hear: () => void): void
  terminate(): void
}

export function startWorker(): WorkerLike {
  return new Worker(new URL('./photo.worker.ts', import.meta.url), { type: 'module' })
}

export class WorkerLab implements PhotoLab {
  private worker: WorkerLike | undefined
  private next = 0
  private readonly waiting = new Map<number, { done: (answer: Done) => void; fail: (why: Error) => void }>()

  constructor(private readonly start: () => WorkerLike = startWorker, private readonly patience = PATIENCE_MS) {}

  async encode(frame: ImageBitmap) {
    const { bytes, width, height } = await this.ask((id) => ({ id, do: 'encode', frame }), [frame])
    return { bytes: new Uint8Array(bytes), width, height }
  }

  async stamp(bytes: Uint8Array<ArrayBuffer>, mime: string, lines: readonly string[]) {
    // Copied, not transferred: the caller's original stays readable.
    const copy = ownBuffer(bytes).slice(0)
    return this.ask((id) => ({ id, do: 'stamp', bytes: copy, mime, lines }), [copy]).then(
      (answer) => new Uint8Array(answer.bytes),
      () => undefined,
    )
  }

  private ask(make: (id: number) => LabAsk, transfer: Transferable[]): Promise<Done> {
    const id = this.next++
    return new Promise((done, fail) => {
      const timer = setTimeout(() => this.reset('the photo worker does not answer'), this.patience)
      const settle = (): void => {
        clearTimeout(timer)
        this.waiting.delete(id)
      }
      this.waiting.set(id, {
        done: (answer) => { settle(); done(answer) },
        fail: (why) => { settle(); fail(why) },
      })
      this.running().postMessage(make(id), transfer)
    })
  }

  private running(): WorkerLike {
    if (this.worker !== undefined) return this.worker
    const worker = this.start()
    worker.addEventListener('message', ({ data }) => {
      const who = this.waiting.get(data.id)
      if (data.ok) who?.done(data)
      else who?.fail(new Error(data.why))
    })
    worker.addEventListener('error', () => this.reset('the photo worker failed'))
    this.worker = worker
    return worker
  }

  private reset(why: string): void {
    this.worker?.terminate()
    this.worker = undefined
    for (const { fail } of [...this.waiting.values()]) fail(new Error(why))
  }
}
