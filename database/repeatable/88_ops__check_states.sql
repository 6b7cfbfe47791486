-- drops: drop trigger if exists check_delivery_state on ops.webhook_deliveries; drop function if exists ops.check_delivery_state(); drop trigger if exists check_run_status on public.sync_runs; drop function if exists ops.check_run_status(); drop trigger if exists check_revocation_status on public.connections; drop function if exists ops.check_revocation_status(); drop trigger if exists check_callback_state on ops.callbacks; drop function if exists ops.check_callback_state();
create or replace function ops.check_delivery_state() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  if (old.state, new.state) not in (('receiving', 'received'), ('received', 'processed'), ('received', 'dropped')) then
    raise exception 'a delivery cannot go from % to %', old.state, new.state using errcode = 'TB012';
  end if;
  return new;
end $$;
comment on function ops.check_delivery_state() is 'Refuses the changes of webhook_deliveries.state that docs/operations/states.md does not have.';

create or replace trigger check_delivery_state before update of state on ops.webhook_deliveries
  for each row when (old.state is distinct from new.state) execute function ops.check_delivery_state();

create or replace function ops.check_run_status() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  -- What has ended stays as it ended; only a run that failed goes on, when its dead letter is retried.
  if old.status <> 'running' and (old.status, new.status) <> ('failed', 'running') then
    raise exception 'a sync run cannot go from % to %', old.status, new.status using errcode = 'TB013';
  end if;
  return new;
end $$;
comment on function ops.check_run_status() is 'Refuses the changes of sync_runs.status that docs/operations/states.md does not have.';

create or replace trigger check_run_status before update of status on public.sync_runs
  for each row when (old.status is distinct from new.status) execute function ops.check_run_status();

create or replace function ops.check_revocation_status() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  -- A pair that a refresh brought late is revoked after an earlier one was.
  if old.revocation_status is null and new.revocation_status <> 'pending' then
    raise exception 'a revocation cannot be % before it was asked for', new.revocation_status using errcode = 'TB014';
  end if;
  return new;
end $$;
comment on function ops.check_revocation_status() is 'Refuses the changes of connections.revocation_status that docs/operations/states.md does not have.';

create or replace trigger check_revocation_status before update of revocation_status on public.connections
  for each row when (old.revocation_status is distinct from new.revocation_status) execute function ops.check_revocation_status();

create or replace function ops.check_callback_state() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  if (old.state, new.state) not in (('waiting', 'stored'), ('waiting', 'failed'), ('failed', 'waiting')) then
    raise exception 'an address cannot go from % to %', old.state, new.state using errcode = 'TB015';
  end if;
  return new;
end $$;
comment on function ops.check_callback_state() is 'Refuses the changes of callbacks.state that docs/operations/states.md does not have.';

create or replace trigger check_callback_state before update of state on ops.callbacks
  for each row when (old.state is distinct from new.state) execute function ops.check_callback_state();
