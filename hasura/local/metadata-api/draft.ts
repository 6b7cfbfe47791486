import { HasuraError } from '../errors.ts'
import type { Metadata, TableName } from '../metadata/types.ts'

/** JSON of a client. */
export type Json = Record<string, unknown>

/** An entry of a metadata list, found by `name`, or by `role` in lists of permissions. */
export type Entry = Json

export interface TableDraft {
  table: TableName
  [key: string]: unknown
}

/** Metadata while commands change it; what it holds is checked by `parseMetadata` afterwards. */
export interface Draft extends Json {
  sources: { name: string; tables: TableDraft[]; [key: string]: unknown }[]
  actions: Entry[]
  custom_types: Json
  query_collections: Entry[]
  allow_list: Entry[]
}

export function copyToDraft(metadata: Metadata): Draft {
  const { sources, ...rest } = structuredClone(metadata)
  const drafts = sources.map((source) => ({ ...source, tables: source.tables.map((table) => ({ ...table })) }))
  return {
    ...rest,
    sources: drafts,
    actions: rest.actions.map((action) => ({ ...action })),
    custom_types: { ...rest.custom_types },
    query_collections: rest.query_collections.map((collection) => ({ ...collection })),
    allow_list: rest.allow_list.map((entry) => ({ ...entry })),
  }
}

export function tablesOf(draft: Draft): TableDraft[] {
  return draft.sources[0]?.tables ?? []
}

export function findTable(draft: Draft, { schema, name }: TableName): TableDraft | undefined {
  return tablesOf(draft).find(({ table }) => table.schema === schema && table.name === name)
}

/** Throws `not-exists`. */
export function getTable(draft: Draft, table: TableName): TableDraft {
  const found = findTable(draft, table)
  if (found === undefined) throw notExists(`table "${spell(table)}" does not exist`)
  return found
}

/** The list under `key`, made when there is none. */
export function listOf(owner: Json, key: string): Entry[] {
  const list = owner[key]
  if (Array.isArray(list)) return list
  const made: Entry[] = []
  owner[key] = made
  return made
}

/** Throws `not-exists`. */
export function removeEntry(list: Entry[], key: 'name' | 'role' | 'collection', value: string): void {
  const index = list.findIndex((entry) => entry[key] === value)
  if (index === -1) throw notExists(`${key} "${value}" does not exist`)
  list.splice(index, 1)
}

/** Throws `already-exists` with `message` when an entry of that key is there. */
export function addEntry(
  list: Entry[],
  entry: Entry,
  unique: { key: 'name' | 'role' | 'collection'; message: string },
) {
  if (list.some((other) => other[unique.key] === entry[unique.key]))
    throw new HasuraError({ code: 'already-exists', message: unique.message, path: '$.args' })
  list.push(entry)
}

export function notExists(message: string): HasuraError {
  return new HasuraError({ code: 'not-exists', message, path: '$.args' })
}

/** As messages name a table: the schema is left out when it is public. */
export function spell({ schema, name }: TableName): string {
  return schema === 'public' ? name : `${schema}.${name}`
}
