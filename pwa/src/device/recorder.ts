/**
 * Voice notes: every chunk is on the disk as soon as the recorder gives it (phone-stack 3.6), so a
 * kill costs seconds at most. At the end the chunks become one file and its `audio.add`, and go in
 * the same transaction. Chunks left by a kill are finished at the next start.
 */
import { concat, sha256Hex, type Bytes } from './bytes'
import { keepChanges, type FileFact } from './files'
import { refuse, storeTrouble } from './refusals'
import type { EventLog } from './log'
import type { Clock, JsonObject, LogEvent, PhotoReason, Random, Result } from './ports'
import { chunkCount, type Vault, type VaultChange } from './vault'

/** The server takes 20 MB; at 24 kbit/s that is about 110 minutes. */
export const AUDIO_MAX_BYTES = 18 * 1024 * 1024
const SLICE_MS = 5_000
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus', 'audio/webm']

export interface RecorderLike {
  readonly mimeType: string
  start(slice: number): void
  stop(): void
  addEventListener(type: 'dataavailable', hear: (event: { data: Blob }) => void): void
  addEventListener(type: 'stop', hear: () => void): void
}
export interface Microphone {
  /** Audio only: a stream with video refuses an audio type (P24). */
  open(types: readonly string[]): Promise<{ recorder: RecorderLike; release: () => void }>
}
export interface VoiceTarget {
  readonly insp: string
  readonly checklist?: string
  readonly item?: string
}
/** What a kill leaves behind: enough to finish the note without the person. */
interface VoiceFact extends VoiceTarget {
  readonly id: string
  readonly mime: string
  readonly started: number
  readonly last: number
  readonly sizes: readonly number[]
}
export type KeptVoice = Result<
  { readonly h: string; readonly sha256: string; readonly events: readonly LogEvent[] }, PhotoReason
>
export interface VoiceParts {
  readonly vault: Vault
  readonly log: EventLog
  readonly clock: Clock
  readonly random: Random
}

export const browserMicrophone: Microphone = {
  async open(types) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: false })
    const mimeType = types.find((type) => MediaRecorder.isTypeSupported(type))
    const recorder = new MediaRecorder(stream, {
      ...(mimeType === undefined ? {} : { mimeType }), audioBitsPerSecond: 24_000,
    })
    return { recorder, release: () => stream.getTracks().forEach((track) => track.stop()) }
  },
}

export class VoiceRecording {
  private tail: Promise<unknown> = Promise.resolve()
  private broken: Awaited<KeptVoice> | undefined
  private finished: Promise<KeptVoice> | undefined

  private constructor(
    private readonly parts: VoiceParts,
    private fact: VoiceFact,
    private readonly recorder: RecorderLike,
    private readonly release: () => void,
    private readonly stopped: Promise<void>,
  ) {}

  static async start(parts: VoiceParts, microphone: Microphone, target: VoiceTarget): Promise<Result<{ recording: VoiceRecording }, PhotoReason>> {
    const opened = await microphone.open(TYPES).catch((error: unknown) => error)
    if (opened instanceof Error || typeof opened !== 'object' || opened === null || !('recorder' in opened)) {
      return refuse('camera_failed', '没有麦克风权限或麦克风不可用，不能录音。')
    }
    const { recorder, release } = opened as Awaited<ReturnType<Microphone['open']>>
    const id = await sha256Hex(parts.random.bytes(16))
    const now = parts.clock.wall()
    const mime = recorder.mimeType.split(';')[0] ?? 'audio/webm'
    const fact: VoiceFact = { ...target, id, mime: mime === '' ? 'audio/webm' : mime, started: now, last: now, sizes: [] }
    const stopped = new Promise<void>((done) => recorder.addEventListener('stop', () => done()))
    const recording = new VoiceRecording(parts, fact, recorder, release, stopped)
    recorder.addEventListener('dataavailable', ({ data }) => recording.take(data))
    recorder.start(SLICE_MS)
    return { ok: true, recording }
  }

  elapsed(): number {
    return this.parts.clock.wall() - this.fact.started
  }

  /** Safari gives empty blobs now and then: nothing to keep. */
  private take(data: Blob): void {
    if (data.size === 0) return
    this.tail = this.tail.then(async () => {
      if (this.broken !== undefined) return
      try {
        const bytes = new Uint8Array(await data.arrayBuffer())
        const next: VoiceFact = {
          ...this.fact, last: this.parts.clock.wall(), sizes: [...this.fact.sizes, bytes.length],
        }
        const outcome = await this.parts.vault.write([
          { bytes: chunkId(next.id, this.fact.sizes.length), data: bytes },
          { put: `voice/${next.id}`, value: next },
        ])
        if (outcome === 'done') this.fact = next
        else this.broken = refuse('storage_full')
      } catch (error) {
        this.broken = storeTrouble(error)
      }
      const total = this.fact.sizes.reduce((sum, size) => sum + size, 0)
      if (this.broken !== undefined || total > AUDIO_MAX_BYTES) void this.stop()
    })
  }

  stop(): Promise<KeptVoice> {
    this.finished ??= this.finish()
    return this.finished
  }

  private async finish(): Promise<KeptVoice> {
    this.recorder.stop()
    await this.stopped
    this.release()
    // The last chunk arrives before `stop`; `take` may itself be waiting for this promise, never the reverse.
    await this.tail
    if (this.fact.sizes.length === 0) return this.broken ?? refuse('camera_failed', '没有录到声音。')
    return finishVoice(this.parts, this.fact)
  }
}

function chunkId(id: string, index: number): string {
  return `voice-${id}-${index}`
}

async function finishVoice({ vault, log }: VoiceParts, fact: VoiceFact): Promise<KeptVoice> {
  const parts: Bytes[] = []
  for (const [i, size] of fact.sizes.entries()) {
    const part = await vault.bytes(chunkId(fact.id, i), size)
    // A hole makes every later chunk unplayable; what stands before it is kept.
    if (part === undefined) break
    parts.push(part)
  }
  const bytes = concat(...parts)
  const sha256 = await sha256Hex(bytes)
  const body: JsonObject = {
    sha256, size: bytes.length, mime: fact.mime, duration_ms: Math.max(0, fact.last - fact.started),
    ...(fact.item === undefined ? {} : { item: fact.item }),
    ...(fact.checklist === undefined ? {} : { checklist: fact.checklist }),
  }
  const file: FileFact = {
    sha256, size: bytes.length, mime: fact.mime, kind: 'audio', origin: 'own', insp: fact.insp, at: fact.started,
  }
  const away: VaultChange[] = fact.sizes.map((size, i) => ({ dropBytes: chunkId(fact.id, i), chunks: chunkCount(size) }))
  const done = await log.append(
    [{ type: 'audio.add', body, insp: fact.insp }],
    [...keepChanges(file, bytes), ...away, { del: `voice/${fact.id}` }],
  )
  return done.ok ? { ok: true, h: done.h, sha256, events: done.events } : done
}

/** At unlock: notes a kill interrupted become files. Returns how many. */
export async function recoverVoices(parts: VoiceParts): Promise<number> {
  let count = 0
  for (const { value } of await parts.vault.list<VoiceFact>('voice/')) {
    if ((await finishVoice(parts, value)).ok) count++
  }
  return count
}
