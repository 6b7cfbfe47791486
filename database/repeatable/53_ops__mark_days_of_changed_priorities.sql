-- drops: drop trigger if exists mark_days_of_changed_priorities on public.source_priorities; drop trigger if exists mark_days_of_changed_policy on public.platforms; drop function if exists ops.mark_days_of_changed_priorities(); drop function if exists ops.mark_days_of_changed_policy();
create or replace function ops.mark_days_of_changed_priorities() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into ops.summary_rebuilds (user_id, local_day)
  select s.user_id, s.local_day from public.daily_summaries s where s.user_id = coalesce(new.user_id, old.user_id)
  on conflict (user_id, local_day) do update set requested_at = now();
  return null;
end $$;
comment on function ops.mark_days_of_changed_priorities() is 'Has all days of a person merged again whose order of devices changed.';
revoke all on function ops.mark_days_of_changed_priorities() from public;

create or replace function ops.mark_days_of_changed_policy() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into ops.summary_rebuilds (user_id, local_day)
  select s.user_id, s.local_day from public.daily_summaries s
  where s.user_id in (select f.user_id from public.user_fitness_summary f where f.platform = new.id)
  on conflict (user_id, local_day) do update set requested_at = now();
  return null;
end $$;
comment on function ops.mark_days_of_changed_policy() is 'Has all days of a platform''s people merged again when its data may be combined from now on, or no longer.';
revoke all on function ops.mark_days_of_changed_policy() from public;

create or replace trigger mark_days_of_changed_priorities after insert or update or delete on public.source_priorities
  for each row execute function ops.mark_days_of_changed_priorities();
create or replace trigger mark_days_of_changed_policy after update of policy on public.platforms
  for each row when (old.combinable is distinct from new.combinable) execute function ops.mark_days_of_changed_policy();
