/** The ports only an open visit needs: camera, microphone, photo worker, position. Loaded with the first visit. */
import { browserCameraParts, type CameraParts } from './camera'
import { browserCodeReader, type CodeReader } from './codeReader'
import { WorkerLab } from './photoLab'
import type { Lifecycle, PhotoLab } from './ports'
import { browserGeo, type Geo } from './position'
import { browserMicrophone, type Microphone } from './recorder'

export interface VisitTools {
  readonly lab: PhotoLab
  readonly camera: CameraParts
  readonly codes: () => CodeReader
  readonly microphone: Microphone
  readonly geo: () => Geo | undefined
}

export function browserTools(lifecycle: Lifecycle): VisitTools {
  const lab = new WorkerLab()
  return { lab, camera: browserCameraParts(lab, lifecycle), codes: browserCodeReader, microphone: browserMicrophone, geo: browserGeo }
}
