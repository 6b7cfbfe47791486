-- drops: drop function if exists ops.remove_unproduced(uuid, text, uuid, timestamptz, jsonb);
create or replace function ops.remove_unproduced(
  p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamptz, p_records jsonb
) returns date[]
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_days date[];
  v_from timestamptz;
  v_to timestamptz;
  v_nights uuid[];
begin
  -- The table of samples has no index for payloads: what one produced lies near what it produces now.
  select min(s."startedAt") - interval '2 days', max(s."startedAt") + interval '2 days' into v_from, v_to
  from jsonb_to_recordset(p_records -> 'samples') as s ("startedAt" timestamptz);
  with workouts as (
    delete from public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and a.raw_id = p_raw_id and a.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'activities') r where r ->> 'sourceId' = a.source_id)
    returning a.local_day
  ), sleep as (
    delete from public.sleep_sessions s
    where s.user_id = p_user_id and s.platform = p_platform and s.raw_id = p_raw_id and s.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'sleepSessions') r where r ->> 'sourceId' = s.source_id)
      -- A night that was told in parts is looked at part by part, below.
      and not exists (select 1 from public.sleep_stages t where t.user_id = s.user_id and t.sleep_session_id = s.id and t.raw_id is not null)
    returning s.local_day
  ), reported as (
    delete from public.daily_metrics d
    where d.user_id = p_user_id and d.platform = p_platform and not d.derived and d.raw_id = p_raw_id and d.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'dailyMetrics') r
        where r ->> 'kind' = d.kind and (r ->> 'localDay')::date = d.local_day)
    returning d.local_day
  ), measured as (
    delete from public.samples s
    where s.user_id = p_user_id and s.platform = p_platform and s.raw_id = p_raw_id and s.raw_created_at = p_raw_created_at
      and s.started_at >= coalesce(v_from, '-infinity') and s.started_at <= coalesce(v_to, 'infinity')
      and not exists (
        select 1 from jsonb_to_recordset(p_records -> 'samples') as r (kind text, "startedAt" timestamptz, "endedAt" timestamptz, source text, variant text)
        where r.kind = s.kind and r."startedAt" = s.started_at and r."endedAt" = s.ended_at and r.source = s.source and r.variant = s.variant)
    returning s.local_day
  ), streams as (
    delete from public.activity_streams t using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and t.user_id = a.user_id and t.activity_id = a.id
      and t.raw_id = p_raw_id and t.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'activityStreams') r
        where r ->> 'sourceId' = a.source_id and r ->> 'kind' = t.kind)
  ), laps as (
    delete from public.activity_laps l using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and l.user_id = a.user_id and l.activity_id = a.id
      and l.raw_id = p_raw_id and l.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'activityLaps') r
        where r ->> 'sourceId' = a.source_id and (r ->> 'lapNumber')::integer = l.lap_number)
  ), zones as (
    delete from public.activity_zones z using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and z.user_id = a.user_id and z.activity_id = a.id
      and z.raw_id = p_raw_id and z.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'activityZones') r
        where r ->> 'sourceId' = a.source_id and r ->> 'kind' = z.kind and (r ->> 'zoneNumber')::integer = z.zone_number)
  )
  select array(select local_day from workouts union select local_day from sleep union select local_day from reported
    union select local_day from measured) into v_days;

  with parts as (
    delete from public.sleep_stages t using public.sleep_sessions s
    where s.user_id = p_user_id and s.platform = p_platform and t.user_id = s.user_id and t.sleep_session_id = s.id and t.raw_id = p_raw_id
      and not exists (
        select 1 from jsonb_to_recordset(p_records -> 'sleepSessions') as r (source text, stages jsonb)
        cross join lateral jsonb_to_recordset(r.stages) as o (stage text, "startedAt" timestamptz)
        where r.source = s.source and o.stage = t.stage and o."startedAt" = t.started_at)
    returning t.sleep_session_id
  )
  select array_agg(distinct sleep_session_id) into v_nights from parts;
  if v_nights is not null then
    v_days := v_days || ops.recompute_sleep(p_user_id, v_nights);
  end if;
  return v_days;
end $$;
comment on function ops.remove_unproduced(uuid, text, uuid, timestamptz, jsonb) is
  'For a replay: removes rows that a payload once produced and, read by today''s normalizer, no longer does. Answers their days.';
revoke all on function ops.remove_unproduced(uuid, text, uuid, timestamptz, jsonb) from public;
grant execute on function ops.remove_unproduced(uuid, text, uuid, timestamptz, jsonb) to tributary_service;
