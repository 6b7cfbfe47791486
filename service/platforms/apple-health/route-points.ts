import type { TextElement } from './parse-elements.ts'
import type { XmlElement } from './xml-element.ts'

/** A point of a route, values as they came: degrees, metres, metres per second. */
export interface RoutePoint {
  readonly time?: string
  readonly latitude?: string
  readonly longitude?: string
  readonly altitude?: string
  readonly speed?: string
  readonly course?: string
  readonly horizontalAccuracy?: string
  readonly verticalAccuracy?: string
}

const EXTENSIONS: Readonly<Record<string, keyof RoutePoint>> = {
  ele: 'altitude',
  time: 'time',
  speed: 'speed',
  course: 'course',
  hAcc: 'horizontalAccuracy',
  vAcc: 'verticalAccuracy',
}

/** Finds the points of a route by the path that the export names. Undefined: the file is not there. */
export type FindRoute = (path: string) => Promise<readonly RoutePoint[] | { readonly problem: string } | undefined>

/** The track points of a GPX file beside the export. */
export function readGpxPoints(root: TextElement): RoutePoint[] {
  const points: RoutePoint[] = []
  const visit = (element: XmlElement) => {
    if (element.name === 'trkpt') points.push(readGpxPoint(element))
    else element.children.forEach(visit)
  }
  visit(root)
  return points
}

function readGpxPoint({ attributes, children }: XmlElement): RoutePoint {
  const point: { -readonly [Key in keyof RoutePoint]: string } = {}
  if (attributes['lat'] !== undefined) point.latitude = attributes['lat']
  if (attributes['lon'] !== undefined) point.longitude = attributes['lon']
  const read = (element: XmlElement) => {
    const key = Object.hasOwn(EXTENSIONS, element.name) ? EXTENSIONS[element.name] : undefined
    if (key !== undefined && 'text' in element) point[key] = String(element.text).trim()
    element.children.forEach(read)
  }
  children.forEach(read)
  return point
}

/** Exports of iOS 12 held the points themselves. */
export function readInlinePoint({ attributes }: XmlElement): RoutePoint {
  const { date, latitude, longitude, altitude, speed, course, horizontalAccuracy, verticalAccuracy } = attributes
  const all = { time: date, latitude, longitude, altitude, speed, course, horizontalAccuracy, verticalAccuracy }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as RoutePoint
}
