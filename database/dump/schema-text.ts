import type pg from 'pg'
import { type Notes, readNotes } from './notes.ts'
import { type Relation, readRelations } from './relations.ts'

/** The audiences of the product; the queue's schema and Hasura's belong to them. */
export const DUMPED_SCHEMAS: readonly string[] = ['audit', 'ops', 'public', 'vault']

interface Named {
  readonly oid: string
  readonly text: string
}

const NAMESPACES = `select oid::text as oid, nspname as text from pg_namespace where nspname = any ($1) order by nspname collate "C"`

// What an extension brings along is the extension's.
const FUNCTIONS = `
select p.oid::text as oid, pg_get_functiondef(p.oid) as text
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = any ($1) and p.prokind in ('f', 'p')
  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
order by n.nspname collate "C", p.proname collate "C", p.oid::regprocedure::text collate "C"`

const EXTENSIONS = `
select format('create extension %I with schema %I;', e.extname, n.nspname) as text
from pg_extension e join pg_namespace n on n.oid = e.extnamespace where n.nspname = any ($1) order by e.extname`

const NOT_DUMPED = `
select 'sequence ' || c.oid::regclass::text as object from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any ($1) and c.relkind = 'S'
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'i')
union all
select 'type ' || t.oid::regtype::text from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
where n.nspname = any ($1) and (t.typtype in ('e', 'd', 'r') or c.relkind = 'c')
union all
select 'policy on ' || p.polrelid::regclass::text from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any ($1)
union all
select 'aggregate ' || p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = any ($1) and p.prokind not in ('f', 'p')`

/**
 * The structure of a database as SQL to read and to compare: the same structure gives the same text. Partitions and rows
 * are left out. Throws when it meets a kind of object it does not know, rather than leave it out unseen.
 */
export async function dumpSchema(client: pg.ClientBase): Promise<string> {
  // With an empty path PostgreSQL writes every name with its schema.
  await client.query("set search_path = ''")
  const unknown = await client.query<{ object: string }>(NOT_DUMPED, [DUMPED_SCHEMAS])
  if (unknown.rows.length > 0)
    throw new Error(`The dump cannot write: ${unknown.rows.map(({ object }) => object).join(', ')}`)

  const read = async (text: string) => (await client.query<Named>(text, [DUMPED_SCHEMAS])).rows
  const notes = await readNotes(client, DUMPED_SCHEMAS)
  const sections = [
    ['-- Written by `npm run db:dump` from migrations and repeatable files; do not edit.'],
    ...(await read(NAMESPACES)).map(({ oid, text }) => [`create schema if not exists ${text};`, ...about(notes, oid)]),
    (await read(EXTENSIONS)).map(({ text }) => text),
    ...(await readRelations(client, DUMPED_SCHEMAS)).map((relation) => [
      ...describeRelation(relation),
      ...about(notes, relation.oid),
    ]),
    ...(await read(FUNCTIONS)).map(({ oid, text }) => [`${text.trimEnd()};`, ...about(notes, oid)]),
  ]
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function about(notes: Notes, oid: string): readonly string[] {
  return notes.get(oid) ?? []
}

function describeRelation({
  name,
  kind,
  definition,
  partition_key,
  columns,
  constraints,
  statements,
}: Relation): string[] {
  const indented = [...columns, ...constraints].map((line) => `  ${line}`).join(',\n')
  const partition = partition_key === null ? '' : ` partition by ${partition_key}`
  const head =
    definition === null
      ? `create table ${name} (\n${indented}\n)${partition};`
      : `create ${kind} ${name} as\n${definition}`
  return [head, ...statements.map((statement) => `${statement};`)]
}
