import type pg from 'pg'

interface Note {
  readonly oid: string
  readonly statement: string
}

/** What is said about an object (comments, then grants), as complete statements by the object's oid. */
export type Notes = ReadonlyMap<string, readonly string[]>

// An object's own comment comes first, then its columns' in their order; grants are in order of their text.
const COMMENTS = `
with ours as (select oid, nspname from pg_namespace where nspname = any ($1)), spoken as (
  select c.oid, d.objsubid as position,
    case when d.objsubid > 0 then format('column %s.%I', c.oid::regclass, a.attname)
      else format('%s %s', case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'i' then 'index'
        when 'I' then 'index' else 'table' end, c.oid::regclass) end as object, d.description
  from pg_class c join ours on ours.oid = c.relnamespace
  join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid
  left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid
  where not c.relispartition
  union all
  select p.oid, 0, format('function %s', p.oid::regprocedure), d.description
  from pg_proc p join ours on ours.oid = p.pronamespace
  join pg_description d on d.classoid = 'pg_proc'::regclass and d.objoid = p.oid
  union all
  select ours.oid, 0, format('schema %I', ours.nspname), d.description
  from ours join pg_description d on d.classoid = 'pg_namespace'::regclass and d.objoid = ours.oid
)
select oid::text as oid, format('comment on %s is %L;', object, description) as statement
from spoken order by spoken.oid, position`

// A function nobody granted anything on can be executed by everybody: acldefault says so, and the dump has to.
const GRANTS = `
with ours as (select oid, nspname, nspacl, nspowner from pg_namespace where nspname = any ($1)), given as (
  select c.oid, c.oid::regclass::text as object, c.relowner as owner, acl.*, '' as columns
  from pg_class c join ours on ours.oid = c.relnamespace, aclexplode(c.relacl) acl where not c.relispartition
  union all
  select c.oid, c.oid::regclass::text, c.relowner, acl.*, format(' (%I)', a.attname)
  from pg_class c join ours on ours.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid, aclexplode(a.attacl) acl
  where not c.relispartition
  union all
  select p.oid, 'function ' || p.oid::regprocedure::text, p.proowner, acl.*, ''
  from pg_proc p join ours on ours.oid = p.pronamespace, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
  union all
  select ours.oid, format('schema %I', ours.nspname), ours.nspowner, acl.*, ''
  from ours, aclexplode(coalesce(ours.nspacl, acldefault('n', ours.nspowner))) acl
), privileges as (
  select given.oid, object, columns, coalesce(r.rolname, 'public') as grantee, is_grantable,
    string_agg(distinct lower(privilege_type) || columns, ', ' order by lower(privilege_type) || columns) as privileges
  from given left join pg_roles r on r.oid = grantee
  where grantee <> owner
  group by given.oid, object, columns, r.rolname, is_grantable
)
select oid::text as oid,
  format('grant %s on %s to %s%s;', privileges, object, grantee, case when is_grantable then ' with grant option' else '' end) as statement
from privileges order by privileges.oid, grantee collate "C", privileges collate "C"`

export async function readNotes(client: pg.ClientBase, schemas: readonly string[]): Promise<Notes> {
  const comments = await client.query<Note>(COMMENTS, [schemas])
  const grants = await client.query<Note>(GRANTS, [schemas])
  const byObject = Map.groupBy([...comments.rows, ...grants.rows], ({ oid }) => oid)
  return new Map([...byObject].map(([oid, notes]) => [oid, notes.map(({ statement }) => statement)]))
}
