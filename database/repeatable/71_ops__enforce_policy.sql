-- drops: drop function if exists ops.enforce_policy(uuid, text); drop function if exists ops.remove_data_from_before(uuid, text, timestamptz); drop function if exists ops.remove_record_from_payloads(uuid, text, text, timestamptz);
create or replace function ops.remove_data_from_before(p_user_id uuid, p_platform text, p_before timestamptz, out removed jsonb, out days date[])
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_samples boolean := (select 'samples' = any (p.coverage) from public.platforms p where p.id = p_platform);
begin
  with raw as (
    delete from public.raw_fitness_data r
    where r.user_id = p_user_id and r.platform = p_platform and r.created_at < p_before and r.received_at < p_before returning 1
  ), streams as (
    delete from public.activity_streams s using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and s.user_id = a.user_id and s.activity_id = a.id and s.observed_at < p_before
    returning 1
  ), laps as (
    delete from public.activity_laps l using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and l.user_id = a.user_id and l.activity_id = a.id and l.observed_at < p_before
    returning 1
  ), zones as (
    delete from public.activity_zones z using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and z.user_id = a.user_id and z.activity_id = a.id and z.observed_at < p_before
    returning 1
  ), workouts as (
    delete from public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and greatest(a.observed_at, a.details_observed_at) < p_before
    returning a.local_day
  ), sleep as (
    delete from public.sleep_sessions s where s.user_id = p_user_id and s.platform = p_platform and s.observed_at < p_before
    returning s.local_day
  ), measured as (
    delete from public.samples s
    where v_samples and s.user_id = p_user_id and s.platform = p_platform and s.observed_at < p_before returning s.local_day
  ), reported as (
    delete from public.daily_metrics d
    where d.user_id = p_user_id and d.platform = p_platform and not d.derived and d.observed_at < p_before returning d.local_day
  )
  select jsonb_build_object(
      'raw_fitness_data', (select count(*) from raw), 'activity_streams', (select count(*) from streams),
      'activity_laps', (select count(*) from laps), 'activity_zones', (select count(*) from zones), 'activities', (select count(*) from workouts),
      'sleep_sessions', (select count(*) from sleep), 'samples', (select count(*) from measured),
      'daily_metrics', (select count(*) from reported)),
    array(select local_day from workouts union select local_day from sleep union select local_day from measured
      union select local_day from reported)
  into removed, days;
  perform ops.rebuild_daily_metrics(p_user_id, p_platform, days);
  perform ops.follow_time_zone(p_user_id);
  -- With everything gone, what was asked for says nothing: whoever connects again gets the history again.
  if p_before = 'infinity' then
    delete from ops.requested_windows w where w.user_id = p_user_id and w.platform = p_platform;
    update public.connections c set synced_through = null where c.user_id = p_user_id and c.platform = p_platform;
  end if;
end $$;
comment on function ops.remove_data_from_before(uuid, text, timestamptz) is
  'Deletes what was received of a platform before a time, payloads and rows, and answers how many of each and the days they were about.';
revoke all on function ops.remove_data_from_before(uuid, text, timestamptz) from public;
grant execute on function ops.remove_data_from_before(uuid, text, timestamptz) to tributary_service;

create or replace function ops.remove_record_from_payloads(p_user_id uuid, p_platform text, p_source_id text, p_before timestamptz) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_changed bigint;
begin
  with about as (
    select r.user_id, r.created_at, r.id, left_over.items,
      r.metadata ->> 'source_id' = p_source_id or r.raw_data ->> 'id' = p_source_id as whole
    from public.raw_fitness_data r
    left join lateral (
      select jsonb_agg(item order by place) filter (where item ->> 'id' is distinct from p_source_id) as items,
        bool_or(item ->> 'id' = p_source_id) as found
      from jsonb_array_elements(case jsonb_typeof(r.raw_data) when 'array' then r.raw_data else '[]' end) with ordinality as e (item, place)
    ) left_over on true
    -- Our own note that it is gone came with the deletion, not before it: a replay still needs it.
    where r.user_id = p_user_id and r.platform = p_platform and r.received_at < p_before
      and (r.metadata ->> 'source_id' = p_source_id or r.raw_data ->> 'id' = p_source_id or left_over.found)
  ), gone as (
    delete from public.raw_fitness_data r using about a
    where r.user_id = a.user_id and r.created_at = a.created_at and r.id = a.id and (a.whole or a.items is null) returning 1
  ), shortened as (
    update public.raw_fitness_data r set raw_data = a.items from about a
    where r.user_id = a.user_id and r.created_at = a.created_at and r.id = a.id and not coalesce(a.whole, false) and a.items is not null
    returning 1
  )
  select (select count(*) from gone) + (select count(*) from shortened) into v_changed;
  return v_changed;
end $$;
comment on function ops.remove_record_from_payloads(uuid, text, text, timestamptz) is
  'Removes one record from the payloads received before a time: a payload about it alone goes, a list loses the entry with that id. Answers how many payloads changed.';
revoke all on function ops.remove_record_from_payloads(uuid, text, text, timestamptz) from public;
grant execute on function ops.remove_record_from_payloads(uuid, text, text, timestamptz) to tributary_service;

create or replace function ops.enforce_policy(p_user_id uuid, p_platform text)
returns table (effect text, record_type text, records bigint, days date[])
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_policy record;
  v_deauthorized boolean;
begin
  perform pg_advisory_xact_lock(hashtextextended('person:' || p_user_id, 0));
  select p.retention_days, p.source_deletion_hours, p.deauthorization_days into v_policy from public.platforms p where p.id = p_platform;
  v_deauthorized := exists (
    select 1 from public.connections c
    where c.user_id = p_user_id and c.platform = p_platform and c.status = 'disconnected'
      and c.disconnected_at <= now() - make_interval(days => v_policy.deauthorization_days));
  if v_deauthorized then
    delete from ops.deleted_records d where d.user_id = p_user_id and d.platform = p_platform;
  end if;
  return query
  with due as (
    select 'deauthorized' as effect, 'infinity'::timestamptz as before where v_deauthorized
    union all
    select 'expired', now() - make_interval(days => v_policy.retention_days) where not v_deauthorized and v_policy.retention_days is not null
  ), done as (
    select d.effect, r.* from due d cross join lateral ops.remove_data_from_before(p_user_id, p_platform, d.before) r
  ), scrubbed as (
    update ops.deleted_records d set payloads_removed_at = now()
    where d.user_id = p_user_id and d.platform = p_platform and d.payloads_removed_at is null
      and v_policy.source_deletion_hours is not null
    returning ops.remove_record_from_payloads(p_user_id, p_platform, d.source_id, d.observed_at) as payloads
  ), effects as (
    select done.effect, n.key as record_type, n.value::bigint as records, done.days
    from done cross join lateral jsonb_each_text(done.removed) as n
    union all
    select 'deleted_at_source', 'raw_fitness_data', sum(s.payloads)::bigint, '{}'::date[] from scrubbed s
  ), counted as (
    insert into public.policy_effects as p (user_id, platform, effect, record_type, records)
    select p_user_id, p_platform, e.effect, e.record_type, e.records from effects e where e.records > 0
    on conflict on constraint policy_effects_pkey do update set records = p.records + excluded.records, updated_at = now()
  )
  select e.effect, e.record_type, e.records, e.days from effects e where e.records > 0;
end $$;
comment on function ops.enforce_policy(uuid, text) is
  'Deletes what a platform''s policy no longer allows to keep of one person, counts it, and answers what it was and the days to be merged again. Safe to run twice.';
revoke all on function ops.enforce_policy(uuid, text) from public;
grant execute on function ops.enforce_policy(uuid, text) to tributary_service;
