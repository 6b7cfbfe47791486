import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parse } from 'yaml'

export type Json = Record<string, unknown>

/** One request and what must come back, in Hasura's own format. */
export interface Case {
  readonly description?: string
  readonly url: string
  readonly method?: string
  readonly headers?: Json
  readonly query?: unknown
  readonly status?: number
  readonly response?: unknown
  readonly allowed_responses?: readonly { readonly response: unknown }[]
  readonly resp_headers?: Json
}

export interface Folder {
  readonly path: string
  /** As it is shown. */
  readonly name: string
  /** Command bodies that come before the first case; before and after each case file. */
  readonly setup: readonly unknown[]
  readonly before: readonly unknown[]
  readonly after: readonly unknown[]
  /** In the order of their names; the cases of one file see each other's changes. */
  readonly files: readonly { readonly name: string; readonly cases: readonly Case[] }[]
}

const NO_CASES = /setup|teardown|^(drop|enabled|disabled|steps)/
const OTHER_DATABASES = /_(citus|cockroach|mssql|bigquery)\b/

/** Every folder at or below `path` that holds cases. */
export function findFolders(path: string): readonly Folder[] {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  return [path, ...below.sort()].map((folder) => readFolder(folder, path)).filter(({ files }) => files.length > 0)
}

function readFolder(path: string, root: string): Folder {
  const names = readdirSync(path).filter((name) => name.endsWith('.yaml') && !OTHER_DATABASES.test(name))
  const read = (name: string) => readYaml(join(path, name))
  const pick = (base: string) => [`${base}_postgres.yaml`, `${base}.yaml`].find((name) => names.includes(name))
  const all = (...bases: readonly string[]) => bases.flatMap((base) => pick(base) ?? []).map(read)
  const files = names.filter((name) => !NO_CASES.test(name)).sort()
  return {
    path,
    name: relative(root, path) || path,
    setup: all('setup', 'schema_setup'),
    before: all('values_setup'),
    after: all('values_teardown'),
    files: files.map((name) => ({ name, cases: [read(name)].flat().filter(isCase) })),
  }
}

function isCase(value: unknown): value is Case {
  return isObject(value) && typeof value['url'] === 'string'
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readYaml(file: string): unknown {
  return parse(readFileSync(file, 'utf8'), { uniqueKeys: false })
}
