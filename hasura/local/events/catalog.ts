import type pg from 'pg'

/** Any number; engines that start together take turns. */
const INSTALLATION_LOCK = 4_807_311_150

/** The event log in the shape that application SQL and clean-up jobs know from Hasura. */
const TABLES = `
create table hdb_catalog.event_log (
  id text primary key default gen_random_uuid()::text,
  schema_name text not null,
  table_name text not null,
  trigger_name text not null,
  payload jsonb not null,
  delivered boolean not null default false,
  error boolean not null default false,
  tries integer not null default 0,
  created_at timestamp without time zone default now(),
  locked timestamp with time zone,
  next_retry_at timestamp without time zone,
  archived boolean not null default false
);
create index event_log_trigger_name_idx on hdb_catalog.event_log (trigger_name);
create index event_log_fetch_events on hdb_catalog.event_log
  (locked nulls first, next_retry_at nulls first, created_at)
  where not delivered and not error and not archived;

create table hdb_catalog.event_invocation_logs (
  id text primary key default gen_random_uuid()::text,
  trigger_name text,
  event_id text,
  status integer,
  request json,
  response json,
  created_at timestamp without time zone default now()
);
create index event_invocation_logs_event_id_idx on hdb_catalog.event_invocation_logs (event_id);

create table hdb_catalog.hdb_event_log_cleanups (
  id text primary key default gen_random_uuid()::text,
  trigger_name text not null,
  scheduled_at timestamp without time zone not null,
  deleted_event_logs integer,
  deleted_event_invocation_logs integer,
  status text not null check (status in ('scheduled', 'paused', 'completed', 'dead')),
  unique (trigger_name, scheduled_at)
);

create table hdb_catalog.hdb_source_catalog_version (
  version text not null,
  upgraded_on timestamp with time zone not null
);
create unique index hdb_source_catalog_version_one_row on hdb_catalog.hdb_source_catalog_version ((version is not null));
`

/**
 * The writer of a row runs it with its own rights: USAGE on the schema, INSERT on event_log and EXECUTE on the functions
 * are all it needs, so nothing may be read back.
 */
const INSERT_FUNCTION = `
create or replace function hdb_catalog.insert_event_log(
  schema_name text, table_name text, trigger_name text, op text, row_data json
) returns text language plpgsql volatile as $function$
declare
  event_id text := gen_random_uuid()::text;
begin
  insert into hdb_catalog.event_log (id, schema_name, table_name, trigger_name, payload)
  values (event_id, schema_name, table_name, trigger_name, jsonb_build_object(
    'op', op,
    'data', row_data,
    'session_variables', nullif(current_setting('hasura.user', true), '')::jsonb,
    'trace_context', nullif(current_setting('hasura.tracecontext', true), '')::jsonb
  ));
  return event_id;
end
$function$;
`

/** Creates what is missing. Call it inside a transaction; other engines wait for that transaction. */
export async function installEventCatalog(client: pg.ClientBase): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1)', [INSTALLATION_LOCK])
  // "if not exists" would ask for the right to create, or for locks, even where there is nothing to do.
  const { rows } = await client.query<{ hasSchema: boolean; hasLog: boolean }>(
    `select to_regnamespace('hdb_catalog') is not null as "hasSchema", to_regclass('hdb_catalog.event_log') is not null as "hasLog"`,
  )
  if (rows[0]?.hasSchema !== true) await client.query('create schema hdb_catalog')
  if (rows[0]?.hasLog !== true) await client.query(TABLES)
  await client.query(INSERT_FUNCTION)
}
