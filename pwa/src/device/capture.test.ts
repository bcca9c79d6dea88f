import { beforeEach, describe, expect, it, vi } from 'vitest'
import { concat } from './bytes'
import { InAppCamera, type CameraParts } from './camera'
import { stampLayout, type LabAnswer, type LabAsk } from './labWire'
import { EventLog } from './log'
import { WorkerLab, type WorkerLike } from './photoLab'
import { positionWatch, type Geo } from './position'
import { recoverVoices, VoiceRecording, type Microphone, type RecorderLike } from './recorder'
import { makeKeys, signerOf } from './signer'
import { Dice, MemoryDisk, Platter, TestClock, TestLifecycle, vaultKey } from './testing/memory'
import { Vault } from './vault'

const dice = new Dice(5)
const INSP = '0195f0a0-0000-7000-8000-000000000001'

class FakeRecorder implements RecorderLike {
  readonly mimeType = 'audio/webm;codecs=opus'
  private data: ((event: { data: Blob }) => void)[] = []
  private ended: (() => void)[] = []
  start(): void {}
  addEventListener(type: string, hear: unknown): void {
    if (type === 'stop') this.ended.push(hear as () => void)
    else this.data.push(hear as (event: { data: Blob }) => void)
  }
  give(text: string): void {
    for (const hear of this.data) hear({ data: new Blob([text]) })
  }
  stop(): void {
    this.give('尾')
    for (const end of this.ended) end()
  }
}

describe('voice notes', () => {
  let platter: Platter
  let raw: Uint8Array<ArrayBuffer>
  let keys: CryptoKeyPair
  let recorder: FakeRecorder
  const clock = new TestClock()
  const microphone: Microphone = { open: async () => ({ recorder, release: () => undefined }) }

  beforeEach(async () => {
    platter = new Platter()
    raw = dice.bytes(32)
    keys = (await makeKeys()).keys
    recorder = new FakeRecorder()
  })
  async function parts(full: () => boolean = () => false) {
    const disk = new MemoryDisk(platter, { onCommit: (writes) => (full() && writes.some(({ store }) => store === 'bytes') ? 'full' : 'fine') })
    const vault = new Vault(disk, 'devA', await vaultKey(raw), dice)
    return { vault, clock, random: dice, log: new EventLog({ vault, signer: signerOf(keys), clock, random: dice, user: 'u' }) }
  }
  async function recording(from: Awaited<ReturnType<typeof parts>>) {
    const begun = await VoiceRecording.start(from, microphone, { insp: INSP, item: 'FB-A01' })
    if (!begun.ok) throw new Error(begun.text)
    return begun.recording
  }

  it('become one file and one event, and leave no chunk behind', async () => {
    const on = await parts()
    const note = await recording(on)
    recorder.give('一')
    recorder.give('')
    clock.pass(5_000)
    recorder.give('二')
    const done = await note.stop()
    if (!done.ok) throw new Error(done.text)
    expect(done.events[0]?.body).toMatchObject({ mime: 'audio/webm', size: 9, duration_ms: 5_000, item: 'FB-A01', sha256: done.sha256 })
    expect(new TextDecoder().decode(await on.vault.bytes(done.sha256, 9))).toBe('一二尾')
    expect([...platter.bytes.keys()].filter((key) => key.includes('voice-'))).toEqual([])
    expect(await on.vault.keys('voice/')).toEqual([])
    expect(await note.stop()).toEqual(done)
  })

  it('survive a kill: what was given is finished at the next start', async () => {
    const on = await parts()
    await recording(on)
    recorder.give('一')
    recorder.give('二')
    await vi.waitFor(async () => expect((await on.vault.get<{ sizes: number[] }>((await on.vault.keys('voice/'))[0] ?? ''))?.sizes).toHaveLength(2))
    const again = await parts()
    expect(await recoverVoices(again)).toBe(1)
    const [event] = await again.log.events(INSP)
    expect(event?.body).toMatchObject({ size: 6 })
    expect(await recoverVoices(again)).toBe(0)
  })

  it('stop by themselves when the phone is full and keep what came before', async () => {
    let full = false
    const on = await parts(() => full)
    const note = await recording(on)
    recorder.give('一')
    await vi.waitFor(async () => expect(await on.vault.keys('voice/')).toHaveLength(1))
    full = true
    recorder.give('二')
    expect(await note.stop()).toMatchObject({ ok: false, reason: 'storage_full' })
    full = false
    expect(await recoverVoices(on)).toBe(1)
    expect((await on.log.events(INSP))[0]?.body).toMatchObject({ size: 3 })
  })

  it('say so when there is no microphone', async () => {
    const none: Microphone = { open: async () => Promise.reject(new DOMException('', 'NotAllowedError')) }
    expect(await VoiceRecording.start(await parts(), none, { insp: INSP })).toMatchObject({ ok: false, reason: 'camera_failed' })
  })
})

describe('positions', () => {
  function geo() {
    let tell: ((fix: GeolocationPosition) => void) | undefined
    const cleared: number[] = []
    const made: Geo = {
      watchPosition: (hear) => {
        tell = hear
        return 4
      },
      clearWatch: (id) => void cleared.push(id),
    }
    const fix = (latitude: number, accuracy: number, timestamp: number) =>
      tell?.({ coords: { latitude, longitude: 113.5, accuracy }, timestamp } as GeolocationPosition)
    return { made, fix, cleared }
  }

  it('touch nothing of the browser where the agency forbids them', () => {
    const touched = vi.fn()
    const watch = positionWatch(false, touched)
    watch.start()
    expect(touched).not.toHaveBeenCalled()
    expect(watch.best()).toBeUndefined()
  })

  it('say when they are refused, and take it back when they are allowed after all', () => {
    let refuse: ((error: GeolocationPositionError) => void) | undefined
    let tell: ((fix: GeolocationPosition) => void) | undefined
    const made: Geo = {
      watchPosition: (good, bad) => {
        tell = good
        refuse = bad ?? undefined
        return 1
      },
      clearWatch: () => undefined,
    }
    const watch = positionWatch(true, () => made)
    watch.start()
    expect(watch.denied()).toBe(false)
    refuse?.({ code: 3 } as GeolocationPositionError)
    expect(watch.denied()).toBe(false)
    refuse?.({ code: 1 } as GeolocationPositionError)
    expect([watch.denied(), watch.best()]).toEqual([true, undefined])
    tell?.({ coords: { latitude: 31, longitude: 113, accuracy: 9 }, timestamp: 1 } as GeolocationPosition)
    expect(watch.denied()).toBe(false)
  })

  it('keep the best fix as integers until it is two minutes old', () => {
    const { made, fix, cleared } = geo()
    const watch = positionWatch(true, () => made)
    watch.start()
    fix(31.12345678, 12.5, 1_000)
    fix(31.9, 80, 60_000)
    expect(watch.best()).toEqual({ lat: 311234568, lon: 1135000000, acc: 1250, at: 1_000 })
    fix(31.9, 80, 122_000)
    expect(watch.best()?.acc).toBe(8_000)
    watch.stop()
    expect(cleared).toEqual([4])
  })
})

describe('the in-app camera', () => {
  function stage(media: CameraParts['media'] = undefined) {
    const lifecycle = new TestLifecycle()
    const tracks: { stopped: boolean; readyState: string; stop(): void; getCapabilities(): object; applyConstraints: ReturnType<typeof vi.fn> }[] = []
    const open = vi.fn(async () => {
      const track = {
        stopped: false, readyState: 'live', getCapabilities: () => ({ torch: true }), applyConstraints: vi.fn(async () => undefined),
        stop() { this.stopped = true; this.readyState = 'ended' },
      }
      tracks.push(track)
      return { getTracks: () => [track], getVideoTracks: () => [track] } as unknown as MediaStream
    })
    const lab = { encode: async () => ({ bytes: new Uint8Array([1, 2]), width: 4, height: 3 }), stamp: async () => undefined }
    const camera = new InAppCamera({ media: media ?? { getUserMedia: open }, lab, lifecycle, grab: async () => ({}) as ImageBitmap })
    const video = { srcObject: null, videoWidth: 1920, play: async () => undefined } as unknown as HTMLVideoElement
    return { camera, video, lifecycle, tracks, open }
  }

  it('gives a frame, and a torch where the phone has one', async () => {
    const { camera, video, tracks } = stage()
    expect(await camera.open(video)).toEqual({ ok: true, torch: true })
    expect(await camera.frame()).toMatchObject({ ok: true, width: 4, height: 3 })
    expect(await camera.torch(true)).toBe(true)
    expect(tracks[0]?.applyConstraints).toHaveBeenCalledWith({ advanced: [{ torch: true }] })
  })

  it('lets go of the camera when the page hides and takes a new stream when it shows again', async () => {
    const { camera, video, lifecycle, tracks, open } = stage()
    await camera.open(video)
    lifecycle.goAway()
    expect(tracks[0]?.stopped).toBe(true)
    expect(await camera.frame()).toMatchObject({ ok: false, reason: 'camera_failed' })
    lifecycle.comeBack()
    await vi.waitFor(() => expect(open).toHaveBeenCalledTimes(2))
    await vi.waitFor(async () => expect(await camera.frame()).toMatchObject({ ok: true }))
    camera.close()
    expect(tracks[1]?.stopped).toBe(true)
    lifecycle.comeBack()
    expect(open).toHaveBeenCalledTimes(2)
  })

  it('stops a stream that arrives after the screen was left', async () => {
    const { camera, video, tracks } = stage()
    const opening = camera.open(video)
    camera.close()
    expect(await opening).toMatchObject({ ok: false })
    expect(tracks[0]?.stopped).toBe(true)
  })

  it.each([['NotAllowedError', '权限'], ['NotFoundError', '没有找到'], ['NotReadableError', '占用']])('says what to do on %s', async (name, word) => {
    const { camera, video } = stage({ getUserMedia: async () => Promise.reject(new DOMException('', name)) })
    const done = await camera.open(video)
    expect(done.ok ? '' : done.text).toContain(word)
  })
})

describe('the photo worker seen from the page', () => {
  class FakeWorker implements WorkerLike {
    asked: LabAsk[] = []
    terminated = false
    private hear: ((event: MessageEvent<LabAnswer>) => void)[] = []
    private broke: (() => void)[] = []
    postMessage(message: LabAsk): void {
      this.asked.push(message)
    }
    addEventListener(type: 'message' | 'error', hear: unknown): void {
      if (type === 'message') this.hear.push(hear as (event: MessageEvent<LabAnswer>) => void)
      else this.broke.push(hear as () => void)
    }
    answer(answer: LabAnswer): void {
      for (const hear of this.hear) hear({ data: answer } as MessageEvent<LabAnswer>)
    }
    fail(): void {
      for (const hear of this.broke) hear()
    }
    terminate(): void {
      this.terminated = true
    }
  }
  const done = (id: number, byte: number): LabAnswer => ({ id, ok: true, bytes: new Uint8Array([byte]).buffer, width: 1, height: 1 })

  it('gives each asker its own answer, whatever the order', async () => {
    const worker = new FakeWorker()
    const lab = new WorkerLab(() => worker)
    const first = lab.encode({} as ImageBitmap)
    const second = lab.encode({} as ImageBitmap)
    worker.answer(done(1, 2))
    worker.answer(done(0, 1))
    expect([(await first).bytes[0], (await second).bytes[0]]).toEqual([1, 2])
  })

  it('does not wait for ever for a worker the system killed, and starts a new one', async () => {
    const made: FakeWorker[] = []
    const lab = new WorkerLab(() => {
      made.push(new FakeWorker())
      return made[made.length - 1] as FakeWorker
    }, 10)
    await expect(lab.encode({} as ImageBitmap)).rejects.toThrow('does not answer')
    expect(made[0]?.terminated).toBe(true)
    const next = lab.encode({} as ImageBitmap)
    made[1]?.answer(done(1, 7))
    expect((await next).bytes[0]).toBe(7)
    const third = lab.encode({} as ImageBitmap)
    made[1]?.fail()
    await expect(third).rejects.toThrow('failed')
  })

  it('leaves the original readable after stamping and takes a failed stamp lightly', async () => {
    const worker = new FakeWorker()
    const lab = new WorkerLab(() => worker)
    const original = concat(new Uint8Array([9, 9]))
    const stamped = lab.stamp(original, 'image/jpeg', ['一'])
    worker.answer({ id: 0, ok: false, why: 'cannot decode' })
    expect(await stamped).toBeUndefined()
    expect(original.byteLength).toBe(2)
  })

  it('lays the lines inside the picture at any size', () => {
    for (const [width, height] of [[1600, 1200], [1200, 1600], [320, 240], [40, 30]] as const) {
      const { size, band } = stampLayout(width, height, 4)
      expect(band).toBeLessThanOrEqual(height)
      expect(size).toBeGreaterThanOrEqual(14)
    }
    expect(stampLayout(1600, 1200, 0).band).toBe(0)
  })
})
