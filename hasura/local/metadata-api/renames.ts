import type pg from 'pg'
import type { TableName } from '../metadata/types.ts'
import { isJsonObject } from './arguments.ts'
import type { Draft } from './draft.ts'

/** By the number that Postgres gives a relation for its life. */
type RelationNames = ReadonlyMap<string, TableName>

export async function readRelationNames(client: pg.ClientBase): Promise<RelationNames> {
  const { rows } = await client.query<TableName & { id: string }>(
    `select c.oid::text as id, n.nspname as schema, c.relname as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'v', 'm', 'f', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'hdb_catalog')`,
  )
  return new Map(rows.map(({ id, schema, name }) => [id, { schema, name }]))
}

/** A tracked table stays tracked under its new name, and whatever names it follows. */
export function followRenames(draft: Draft, before: RelationNames, after: RelationNames): void {
  for (const [id, old] of before) {
    const now = after.get(id)
    if (now !== undefined && (now.schema !== old.schema || now.name !== old.name)) rename(draft.sources, old, now)
  }
}

function rename(value: unknown, old: TableName, now: TableName): void {
  if (Array.isArray(value)) for (const item of value) rename(item, old, now)
  if (!isJsonObject(value)) return
  for (const [key, inner] of Object.entries(value)) {
    const isTable = ['table', 'remote_table', '_table'].includes(key)
    if (isTable && names(inner, old)) value[key] = { ...now }
    else rename(inner, old, now)
  }
}

function names(value: unknown, { schema, name }: TableName): boolean {
  if (typeof value === 'string') return schema === 'public' && value === name
  return isJsonObject(value) && (value['schema'] ?? 'public') === schema && value['name'] === name
}
