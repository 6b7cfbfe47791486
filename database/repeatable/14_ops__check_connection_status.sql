-- drops: drop trigger if exists check_connection_status on public.connections; drop function if exists ops.check_connection_status();
create or replace function ops.check_connection_status() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  -- What has ended comes back with a new consent, and with nothing else.
  if old.status = 'disconnected' and (new.status = 'needs_reauth' or new.connected_at <= old.connected_at) then
    raise exception 'a connection cannot go from % to % without a new consent', old.status, new.status using errcode = 'TB001';
  end if;
  return new;
end $$;
comment on function ops.check_connection_status() is 'Refuses the changes of connections.status that docs/operations/states.md does not have.';

create or replace trigger check_connection_status before update of status on public.connections
  for each row when (old.status is distinct from new.status) execute function ops.check_connection_status();
