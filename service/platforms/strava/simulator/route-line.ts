import { seeded } from './random.ts'

export type Position = readonly [latitude: number, longitude: number]
const M_PER_DEGREE = 111_320

/**
 * A closed loop from near a place and back to it, of that length. Answers the position at each share of the way (0 to 1),
 * rounded to the six decimals that Strava gives.
 */
export function loopRoute(options: { seed: string; from: Position; distanceM: number }): (share: number) => Position {
  const random = seeded('route', options.seed)
  const [wave2, wave3, wave5] = [random.between(0, 0.3), random.between(0, 0.25), random.between(0, 0.1)]
  const [turn, phase] = [random.between(0, 2 * Math.PI), random.between(0, 2 * Math.PI)]
  const shape = (share: number): Position => {
    const angle = turn + share * 2 * Math.PI
    const radius =
      1 + wave2 * Math.sin(2 * angle + phase) + wave3 * Math.sin(3 * angle - phase) + wave5 * Math.sin(5 * angle)
    return [radius * Math.sin(angle), radius * Math.cos(angle)]
  }
  const [originY, originX] = shape(0)
  const mPerUnit = options.distanceM / lengthOf(shape)
  const [latitude, longitude] = options.from
  const mPerLongitude = M_PER_DEGREE * Math.cos((latitude * Math.PI) / 180)
  return (share) => {
    const [y, x] = shape(share)
    return [
      rounded(latitude + ((y - originY) * mPerUnit) / M_PER_DEGREE),
      rounded(longitude + ((x - originX) * mPerUnit) / mPerLongitude),
    ]
  }
}

const rounded = (degrees: number) => Math.round(degrees * 1e6) / 1e6

function lengthOf(shape: (share: number) => Position): number {
  const steps = 64
  let length = 0
  let [fromY, fromX] = shape(0)
  for (let step = 1; step <= steps; step += 1) {
    const [y, x] = shape(step / steps)
    length += Math.hypot(y - fromY, x - fromX)
    ;[fromY, fromX] = [y, x]
  }
  return length
}

/** Google's encoded polyline, precision 5: developers.google.com/maps/documentation/utilities/polylinealgorithm */
export function encodePolyline(positions: readonly Position[]): string {
  let text = ''
  let before: Position = [0, 0]
  for (const position of positions) {
    const now: Position = [Math.round(position[0] * 1e5), Math.round(position[1] * 1e5)]
    text += encodeNumber(now[0] - before[0]) + encodeNumber(now[1] - before[1])
    before = now
  }
  return text
}

function encodeNumber(value: number): string {
  let rest = value < 0 ? ~(value << 1) : value << 1
  let text = ''
  while (rest >= 0x20) {
    text += String.fromCharCode((0x20 | (rest & 0x1f)) + 63)
    rest >>>= 5
  }
  return text + String.fromCharCode(rest + 63)
}

/** Positions at even distances along a route, both ends included. */
export function pointsAlong(route: (share: number) => Position, count: number): Position[] {
  return Array.from({ length: count }, (_, index) => route(index / (count - 1)))
}
