import { type FindRoute, readInlinePoint } from './route-points.ts'
import type { XmlElement } from './xml-element.ts'

/** An element as the JSON that is kept: attributes as they came, metadata by key, everything else below `children`. */
export function toPlainRecord({ attributes, children }: XmlElement): Record<string, unknown> {
  if (children.length === 0) return attributes
  // The attributes are nobody else's.
  const record: Record<string, unknown> = attributes
  const metadata = readMetadata(children)
  if (metadata !== undefined) record['metadata'] = metadata
  const others = children.filter(({ name }) => name !== 'MetadataEntry')
  if (others.length > 0) record['children'] = others.map(toPlainElement)
  return record
}

function toPlainElement(element: XmlElement): Record<string, unknown> {
  return { element: element.name, ...toPlainRecord(element) }
}

function readMetadata(children: readonly XmlElement[]): Record<string, string> | undefined {
  let metadata: Record<string, string> | undefined
  for (const { name, attributes } of children) {
    if (name !== 'MetadataEntry') continue
    metadata ??= {}
    metadata[attributes['key'] ?? ''] = attributes['value'] ?? ''
  }
  return metadata
}

/** A workout with all that belongs to it; its routes hold their points, or say why not. */
export async function toWorkout(element: XmlElement, findRoute: FindRoute): Promise<Record<string, unknown>> {
  const of = (name: string) => element.children.filter((child) => child.name === name)
  const routes = []
  for (const route of of('WorkoutRoute')) routes.push(await toRoute(route, findRoute))
  const metadata = readMetadata(element.children)
  return {
    ...element.attributes,
    ...(metadata !== undefined && { metadata }),
    events: of('WorkoutEvent').map(toPlainRecord),
    statistics: of('WorkoutStatistics').map(toPlainRecord),
    activities: of('WorkoutActivity').map(toPlainRecord),
    routes,
  }
}

async function toRoute(route: XmlElement, findRoute: FindRoute): Promise<Record<string, unknown>> {
  const inline = route.children.filter(({ name }) => name === 'Location').map(readInlinePoint)
  const path = route.children.find(({ name }) => name === 'FileReference')?.attributes['path']
  if (path === undefined) return { ...route.attributes, points: inline }
  const found = await findRoute(path)
  const points = Array.isArray(found) ? { points: found } : { problem: problemOf(found) }
  return { ...route.attributes, path, ...points }
}

function problemOf(found: Awaited<ReturnType<FindRoute>>): string {
  return found !== undefined && 'problem' in found ? found.problem : 'its file is not in the upload'
}
