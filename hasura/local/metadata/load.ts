import { mergeActions } from './actions.ts'
import { MetadataFiles } from './files.ts'
import { parseMetadata } from './parse.ts'
import type { Metadata } from './types.ts'

const READ_SEPARATELY = ['version', 'actions']

/** Reads a Hasura CLI v3 metadata directory. Throws one Error naming the file and the key it does not implement. */
export async function loadMetadata(directory: string): Promise<Metadata> {
  const files = new MetadataFiles(directory)
  const version = await files.read('version.yaml', ['version'])
  const sources = await files.read('databases/databases.yaml', ['sources'])
  if (version === undefined || sources === undefined) {
    throw new Error(`Bad metadata:\n  ${directory}: version.yaml and databases/databases.yaml must be there`)
  }
  const whole = {
    ...(isMapping(version) ? version : {}),
    sources,
    ...mergeActions({
      yaml: (await files.read('actions.yaml', ['actions'])) ?? {},
      sdl: (await files.readText('actions.graphql')) ?? '',
      sdlFile: `${directory}/actions.graphql`,
    }),
    ...(await readOthers(files)),
  }
  return parseMetadata(whole, (path) => files.fileOf(path[0] === 'custom_types' ? ['actions'] : path))
}

/** The CLI exports every object it knows, most of them empty; an empty one asks for nothing. */
async function readOthers(files: MetadataFiles): Promise<Record<string, unknown>> {
  const names = (await files.topLevelNames()).filter((name) => !READ_SEPARATELY.includes(name)).sort()
  const values = await Promise.all(names.map(async (name) => [name, await files.read(`${name}.yaml`, [name])] as const))
  return Object.fromEntries(values.filter(([, value]) => !isEmpty(value)))
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true
  return typeof value === 'object' && Object.values(value).every(isEmpty)
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
