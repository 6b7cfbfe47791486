-- drops: drop trigger if exists note_received on public.raw_fitness_data; drop trigger if exists note_normalized on public.raw_fitness_data; drop trigger if exists note_connection on public.connections; drop trigger if exists note_merged_insert on public.daily_summaries; drop trigger if exists note_merged_update on public.daily_summaries; drop trigger if exists note_expired on public.policy_effects; drop trigger if exists note_export on public.data_exports; drop trigger if exists note_access on audit.personal_values; drop function if exists ops.note_received(); drop function if exists ops.note_normalized(); drop function if exists ops.note_connection(); drop function if exists ops.note_merged(); drop function if exists ops.note_expired(); drop function if exists ops.note_export(); drop function if exists ops.note_access(); drop function if exists ops.note_processing(uuid, text, text, text, bigint);
create or replace function ops.note_processing(p_user_id uuid, p_activity text, p_platform text, p_purpose text, p_times bigint) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  insert into public.processing_activities as p (user_id, day, activity, platform, purpose, times)
  select u.user_id, (now() at time zone 'UTC')::date, p_activity, p_platform, p_purpose, p_times
  from public.app_users u where u.user_id = p_user_id
  on conflict (user_id, day, activity, platform, purpose) do update
    set times = p.times + excluded.times, last_at = clock_timestamp();
end;
comment on function ops.note_processing(uuid, text, text, text, bigint) is 'Counts what is done with a person''s data, in the transaction that does it. Does nothing for a person who is gone.';
revoke all on function ops.note_processing(uuid, text, text, text, bigint) from public;

-- Triggers and not calls: no way of writing the data, present or future, is without its record.
create or replace function ops.note_received() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform ops.note_processing(a.user_id, 'receive', a.platform, 'collection', count(*)) from added a group by a.user_id, a.platform;
  perform ops.note_processing(a.user_id, 'normalize', a.platform, 'collection', count(*)) from added a
    where a.processed_at is not null group by a.user_id, a.platform;
  return null;
end $$;
create or replace trigger note_received after insert on public.raw_fitness_data
  referencing new table as added for each statement execute function ops.note_received();

create or replace function ops.note_normalized() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform ops.note_processing(a.user_id, 'normalize', a.platform, 'collection', count(*))
    from after_it a join before_it b on b.user_id = a.user_id and b.created_at = a.created_at and b.id = a.id
    where b.processed_at is null and a.processed_at is not null group by a.user_id, a.platform;
  return null;
end $$;
create or replace trigger note_normalized after update on public.raw_fitness_data
  referencing old table as before_it new table as after_it for each statement execute function ops.note_normalized();

create or replace function ops.note_connection() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if new.status = 'disconnected' then
    perform ops.note_processing(new.user_id, 'disconnect', new.platform, 'connection', 1);
  elsif tg_op = 'INSERT' or new.connected_at is distinct from old.connected_at then
    perform ops.note_processing(new.user_id, 'connect', new.platform, 'connection', 1);
  end if;
  return null;
end $$;
create or replace trigger note_connection after insert or update of status, connected_at on public.connections
  for each row execute function ops.note_connection();

create or replace function ops.note_merged() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform ops.note_processing(m.user_id, 'merge', '', 'merging', count(*)) from merged m group by m.user_id;
  return null;
end $$;
create or replace trigger note_merged_insert after insert on public.daily_summaries
  referencing new table as merged for each statement execute function ops.note_merged();
create or replace trigger note_merged_update after update on public.daily_summaries
  referencing new table as merged for each statement execute function ops.note_merged();

create or replace function ops.note_expired() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform ops.note_processing(new.user_id, 'expire', new.platform, 'collection', 1);
  return null;
end $$;
create or replace trigger note_expired after insert or update on public.policy_effects
  for each row execute function ops.note_expired();

create or replace function ops.note_export() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform ops.note_processing(new.user_id, 'export', '', 'rights', 1);
  return null;
end $$;
create or replace trigger note_export after insert on public.data_exports
  for each row execute function ops.note_export();

create or replace function ops.note_access() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (
    select from audit.events e where e.id = new.event_id and e.outcome = 'success'
      and e.action in ('emergency.read', 'export.downloaded', 'export.written_by_operator'))
  then
    perform ops.note_processing(new.subject_user_id, 'access', '', 'rights', 1);
  end if;
  return null;
end $$;
create or replace trigger note_access after insert on audit.personal_values
  for each row when (new.subject_user_id is not null) execute function ops.note_access();
comment on function ops.note_received() is 'Notes what was received.';
comment on function ops.note_normalized() is 'Notes what was read.';
comment on function ops.note_connection() is 'Notes that a connection began or ended.';
comment on function ops.note_merged() is 'Notes days that were merged.';
comment on function ops.note_expired() is 'Notes what a platform''s policy removed.';
comment on function ops.note_export() is 'Notes that a copy was asked for.';
comment on function ops.note_access() is 'Notes that somebody read the data.';
