/**
 * The in-app camera of one visit (phone-stack 3.5, 4; P18, P20, P30).
 *
 * One stream per visit; its tracks are stopped when the page hides and opened again when it shows,
 * because iOS hands back a dead stream. The frame goes to the worker as an ImageBitmap.
 */
import { refuse } from './refusals'
import type { Lifecycle, PhotoLab, Refusal, Result } from './ports'

const WISH: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: 'environment' }, width: { ideal: 1920 }, height: { ideal: 1440 } },
}

/** A code needs no more, and a smaller picture is read sooner (phone-stack 5). */
export const CODE_WISH: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } },
}

/** What the camera needs of the browser, so that its rules can be tried without one. */
export interface CameraParts {
  readonly media: Pick<MediaDevices, 'getUserMedia'> | undefined
  readonly lab: PhotoLab
  readonly lifecycle: Lifecycle
  readonly grab: (video: HTMLVideoElement) => Promise<ImageBitmap>
}

export function browserCameraParts(lab: PhotoLab, lifecycle: Lifecycle): CameraParts {
  return { media: navigator.mediaDevices, lab, lifecycle, grab: (video) => createImageBitmap(video) }
}

export interface Frame {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly width: number
  readonly height: number
}

export class InAppCamera {
  private stream: MediaStream | undefined
  private video: HTMLVideoElement | undefined
  private stops: (() => void)[] = []
  private generation = 0

  constructor(private readonly parts: CameraParts, private readonly wish: MediaStreamConstraints = WISH) {}

  async open(video: HTMLVideoElement): Promise<Result<{ torch: boolean }, 'camera_failed'>> {
    this.close()
    this.video = video
    this.stops = [
      this.parts.lifecycle.onHide(() => this.stopTracks()),
      this.parts.lifecycle.onShow(() => {
        void this.start()
      }),
    ]
    return this.start()
  }

  private async start(): Promise<Result<{ torch: boolean }, 'camera_failed'>> {
    const { video } = this
    if (video === undefined || this.parts.media === undefined) return refuse('camera_failed')
    const mine = ++this.generation
    try {
      const stream = await this.parts.media.getUserMedia(this.wish)
      // Closed or hidden while the permission question stood on the screen.
      if (mine !== this.generation) {
        stream.getTracks().forEach((track) => track.stop())
        return refuse('camera_failed')
      }
      this.stopTracks()
      this.generation = mine
      this.stream = stream
      video.srcObject = stream
      await video.play()
      return { ok: true, torch: this.torchTrack() !== undefined }
    } catch (error) {
      return refuse('camera_failed', cameraSentence(error))
    }
  }

  /** The picture of this moment; undefined while there is none. */
  async grab(): Promise<ImageBitmap | undefined> {
    const { video, stream } = this
    const live = stream?.getVideoTracks().some((track) => track.readyState === 'live') ?? false
    if (video === undefined || !live || video.videoWidth === 0) return undefined
    // Between two frames a browser may have none to give; the next look finds one.
    return this.parts.grab(video).catch(() => undefined)
  }

  async frame(): Promise<({ ok: true } & Frame) | Refusal<'camera_failed'>> {
    const { video, stream } = this
    const live = stream?.getVideoTracks().some((track) => track.readyState === 'live') ?? false
    if (video === undefined || !live || video.videoWidth === 0) return refuse('camera_failed')
    try {
      return { ok: true, ...(await this.parts.lab.encode(await this.parts.grab(video))) }
    } catch (error) {
      return refuse('camera_failed', cameraSentence(error))
    }
  }

  async torch(on: boolean): Promise<boolean> {
    const track = this.torchTrack()
    if (track === undefined) return false
    return track.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] }).then(
      () => true,
      () => false,
    )
  }

  close(): void {
    this.stops.forEach((stop) => stop())
    this.stops = []
    this.stopTracks()
    if (this.video !== undefined) this.video.srcObject = null
    this.video = undefined
  }

  private torchTrack(): MediaStreamTrack | undefined {
    const track = this.stream?.getVideoTracks()[0]
    // Firefox has no getCapabilities; the DOM types know nothing of the torch.
    const can = track?.getCapabilities?.() as { torch?: boolean } | undefined
    return can?.torch === true ? track : undefined
  }

  private stopTracks(): void {
    this.generation++
    this.stream?.getTracks().forEach((track) => track.stop())
    this.stream = undefined
  }
}

function cameraSentence(error: unknown): string {
  const name = error instanceof Error ? error.name : ''
  if (name === 'NotAllowedError') return '没有相机权限。请在浏览器的网站设置里允许相机，或改用「系统相机」。'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return '没有找到可用的相机。请改用「系统相机」。'
  if (name === 'NotReadableError') return '相机正被其他应用占用。请关闭它后重试，或改用「系统相机」。'
  return '相机没有响应。请重试，或改用「系统相机」。'
}
