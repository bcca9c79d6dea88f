/** The three ways to a photo, for every place that takes one: in-app camera, system camera, file. */
import { onScopeDispose, type Ref, ref } from 'vue'
import { holdUnlocked } from '@/device/hold'
import type { PhotoTarget } from '@/sync/session'
import type { OpenVisit } from '../visit/useVisit'
import { stampLines } from './stamp'

export interface PhotoSources {
  readonly camera: Ref<boolean>
  readonly busy: Ref<boolean>
  /** The sentence of the last refusal; empty after a photo was kept. */
  readonly trouble: Ref<string>
  openSystem(): Promise<void>
  openFile(): void
  tookSystem(event: Event): Promise<void>
  /** The system camera was left without a picture. */
  leftSystem(): void
  tookFile(event: Event): Promise<void>
}

/** The two file inputs, as template refs of the component. */
export interface FileInputs {
  readonly system: Readonly<Ref<HTMLInputElement | null>>
  readonly file: Readonly<Ref<HTMLInputElement | null>>
}

export function usePhotoSources(open: OpenVisit, target: () => PhotoTarget, { system, file }: FileInputs): PhotoSources {
  const camera = ref(false)
  const busy = ref(false)
  const trouble = ref('')
  /** The picture of the system camera comes back to this screen: no lock in between. */
  let release: () => void = () => undefined
  onScopeDispose(() => release())
  const lines = () => stampLines(open.visit, target(), Date.now())

  async function keep(event: Event, how: (picture: File) => ReturnType<OpenVisit['visit']['finishSystemCapture']>): Promise<void> {
    const input = event.target as HTMLInputElement
    const picture = input.files?.[0]
    if (!picture) return
    busy.value = true
    const kept = await open.after(how(picture))
    trouble.value = kept.ok ? '' : kept.text
    busy.value = false
    // The same file may be chosen again after a refusal.
    input.value = ''
  }
  return {
    camera,
    busy,
    trouble,
    async openSystem() {
      // Before the camera app opens: Android may kill this page behind it (P18).
      const marked = await open.visit.beginSystemCapture(target(), lines())
      trouble.value = marked.ok ? '' : marked.text
      if (!marked.ok) return
      release()
      release = holdUnlocked()
      system.value?.click()
    },
    openFile: () => file.value?.click(),
    tookSystem(event) {
      release()
      return keep(event, (picture) => open.visit.finishSystemCapture(picture))
    },
    leftSystem() {
      release()
      void open.phone.dropPendingCapture()
    },
    tookFile: (event) => keep(event, (picture) => open.visit.importPhoto(picture, target(), lines())),
  }
}
