/** Tables of Hasura's that hold copies of rows and requests; not every installation has all of them. */
const LOGS = ['event_invocation_logs', 'event_log', 'hdb_action_log'].map((name) => `'${name}'`).join(', ')

/**
 * Statements for Hasura's role, safe to run again. The service may not read or delete in `hdb_catalog`; these functions do for it what
 * erasure and retention need, and nothing else. The tables are named at run time: Hasura makes them after us.
 */
export function hasuraUpkeep(serviceRole: string): readonly string[] {
  return [
    `grant usage on schema hasura_upkeep to ${serviceRole}`,
    `create or replace function hasura_upkeep.forget_person(p_user_id uuid) returns bigint
     language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set statement_timeout = 0 as $$
     declare v_name text; v_rows bigint; v_deleted bigint := 0;
     begin
       foreach v_name in array array[${LOGS}] loop
         continue when to_regclass('hdb_catalog.' || v_name) is null;
         execute format('delete from hdb_catalog.%I t where t::text like $1', v_name) using '%' || p_user_id || '%';
         get diagnostics v_rows = row_count;
         v_deleted := v_deleted + v_rows;
       end loop;
       return v_deleted;
     end $$`,
    `create or replace function hasura_upkeep.count_person(p_user_id uuid) returns bigint
     language plpgsql stable security definer set search_path = pg_catalog, pg_temp set statement_timeout = 0 as $$
     declare v_name text; v_rows bigint; v_found bigint := 0;
     begin
       foreach v_name in array array[${LOGS}] loop
         continue when to_regclass('hdb_catalog.' || v_name) is null;
         execute format('select count(*) from hdb_catalog.%I t where t::text like $1', v_name) into v_rows using '%' || p_user_id || '%';
         v_found := v_found + v_rows;
       end loop;
       return v_found;
     end $$`,
    // What is not delivered yet stays: it is still to be done.
    `create or replace function hasura_upkeep.delete_old_events(p_before timestamptz) returns bigint
     language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set statement_timeout = 0 as $$
     declare v_rows bigint; v_deleted bigint := 0;
     begin
       if to_regclass('hdb_catalog.event_invocation_logs') is not null then
         delete from hdb_catalog.event_invocation_logs t where t.created_at < p_before at time zone 'UTC';
         get diagnostics v_deleted = row_count;
       end if;
       if to_regclass('hdb_catalog.event_log') is not null then
         delete from hdb_catalog.event_log t
         where (t.delivered or t.error or t.archived) and t.created_at < p_before at time zone 'UTC';
         get diagnostics v_rows = row_count;
         v_deleted := v_deleted + v_rows;
       end if;
       return v_deleted;
     end $$`,
    ...['forget_person(uuid)', 'count_person(uuid)', 'delete_old_events(timestamptz)'].flatMap((name) => [
      `revoke all on function hasura_upkeep.${name} from public`,
      `grant execute on function hasura_upkeep.${name} to ${serviceRole}`,
    ]),
  ]
}
