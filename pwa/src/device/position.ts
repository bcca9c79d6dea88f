/**
 * Where the phone is: the one gate to the browser's geolocation (D-22, P19).
 *
 * With positions switched off by the agency `start` does nothing at all; there is no other caller.
 * GPS may need minutes for a first fix, so it is watched from the moment the visit is open, the best
 * fix is kept, and nobody ever waits for it.
 */
import type { Position, PositionWatch } from './ports'

export type Geo = Pick<Geolocation, 'watchPosition' | 'clearWatch'>
/** A better accuracy wins; an old fix loses to a new one after this time. */
const STALE_MS = 120_000
const PERMISSION_DENIED = 1

export function browserGeo(): Geo | undefined {
  return 'geolocation' in navigator ? navigator.geolocation : undefined
}

/** `geo` is a function so that a forbidden phone never even reads `navigator.geolocation`. */
export function positionWatch(allowed: boolean, geo: () => Geo | undefined): PositionWatch {
  let watching: { geo: Geo; id: number } | undefined
  let best: Position | undefined
  let denied = false
  const take = ({ coords, timestamp }: GeolocationPosition): void => {
    const fix: Position = {
      lat: Math.round(coords.latitude * 1e7),
      lon: Math.round(coords.longitude * 1e7),
      acc: Math.round(coords.accuracy * 100),
      at: Math.round(timestamp),
    }
    denied = false
    if (best === undefined || fix.acc <= best.acc || fix.at - best.at > STALE_MS) best = fix
  }
  return {
    allowed,
    start() {
      if (!allowed || watching !== undefined) return
      const found = geo()
      if (found === undefined) return
      // A refused or failing fix leaves `best` as it is: a position is never demanded.
      const refused = (error: GeolocationPositionError): void => {
        denied = error.code === PERMISSION_DENIED
      }
      const id = found.watchPosition(take, refused, { enableHighAccuracy: true, maximumAge: 15_000 })
      watching = { geo: found, id }
    },
    stop() {
      if (watching !== undefined) watching.geo.clearWatch(watching.id)
      watching = undefined
    },
    best: () => best,
    denied: () => denied,
  }
}
