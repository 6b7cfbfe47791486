-- drops: drop function if exists ops.join_sleep_parts(uuid, text, uuid, timestamptz, timestamptz, jsonb);
create or replace function ops.join_sleep_parts(
  p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamptz, p_observed_at timestamptz, p_records jsonb
) returns jsonb
language sql stable
begin atomic
  with parts as (
    select r.* from jsonb_to_recordset(p_records) as r (
      parts text, source text, "startedAt" timestamptz, "endedAt" timestamptz, "endOffsetSeconds" integer, stages jsonb)
    where r.parts = 'some'
      -- What told the whole night later knows better.
      and not exists (
        select 1 from public.sleep_sessions s
        where s.user_id = p_user_id and s.platform = p_platform and s.source = r.source and s.observed_at > p_observed_at
          and s.started_at <= r."endedAt" + interval '90 minutes' and s.ended_at >= r."startedAt" - interval '90 minutes'
          and exists (select 1 from public.sleep_stages t where t.user_id = s.user_id and t.sleep_session_id = s.id and t.raw_id is null))
  ), known as (
    select s.* from public.sleep_sessions s
    where s.user_id = p_user_id and s.platform = p_platform and exists (
      select 1 from parts p where p.source = s.source
        and s.started_at <= p."endedAt" + interval '90 minutes' and s.ended_at >= p."startedAt" - interval '90 minutes')
  ), told as (
    select p.source, t.stage, t."startedAt" as started_at, t."endedAt" as ended_at, t."sourceId" as source_id, p."endOffsetSeconds" as offset_s,
      p_raw_id as stage_raw_id, p_raw_id as raw_id, p_raw_created_at as raw_created_at, p_observed_at as observed_at, 1 as latest
    from parts p cross join lateral jsonb_to_recordset(p.stages) as t (stage text, "startedAt" timestamptz, "endedAt" timestamptz, "sourceId" text)
    where not exists (
      select 1 from ops.deleted_records d
      where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sleep_session' and d.source_id = t."sourceId"
        and d.observed_at >= p_observed_at)
    union all
    -- What this payload told before is told anew, or no longer.
    select k.source, t.stage, t.started_at, t.ended_at, t.source_id, k.end_offset_seconds, t.raw_id, k.raw_id, k.raw_created_at, k.observed_at, 0
    from known k join public.sleep_stages t on t.user_id = k.user_id and t.sleep_session_id = k.id
    where t.raw_id is distinct from p_raw_id
  ), segments as (
    select distinct on (source, started_at, stage) * from told order by source, started_at, stage, latest, ended_at desc
  ), begun as (
    select *, started_at > max(ended_at) over (partition by source order by started_at, ended_at, stage
      rows between unbounded preceding and 1 preceding) + interval '90 minutes' as is_first
    from segments
  ), numbered as (
    select *, count(*) filter (where is_first) over (partition by source order by started_at, ended_at, stage) as night from begun
  ), nights as (
    select n.source, min(n.started_at) as started_at, max(n.ended_at) as ended_at, max(n.observed_at) as observed_at,
      (array_agg(n.offset_s order by n.ended_at desc) filter (where n.offset_s is not null))[1] as offset_s,
      (array_agg(n.raw_id order by n.observed_at desc))[1] as raw_id,
      (array_agg(n.raw_created_at order by n.observed_at desc))[1] as raw_created_at,
      range_agg(tstzrange(n.started_at, n.ended_at)) filter (where n.stage in ('asleep', 'light', 'deep', 'rem')) as asleep,
      range_agg(tstzrange(n.started_at, n.ended_at)) filter (where n.stage = 'in_bed') as in_bed,
      range_agg(tstzrange(n.started_at, n.ended_at)) filter (where n.stage = 'awake') as awake,
      range_agg(tstzrange(n.started_at, n.ended_at)) filter (where n.stage = 'light') as light,
      range_agg(tstzrange(n.started_at, n.ended_at)) filter (where n.stage = 'deep') as deep,
      range_agg(tstzrange(n.started_at, n.ended_at)) filter (where n.stage = 'rem') as rem,
      jsonb_agg(jsonb_build_object('stage', n.stage, 'startedAt', n.started_at, 'endedAt', n.ended_at, 'sourceId', n.source_id,
        'rawId', n.stage_raw_id)) as stages
    from numbered n group by n.source, n.night
  )
  select coalesce((select jsonb_agg(r) from jsonb_array_elements(p_records) as r where r ->> 'parts' is distinct from 'some'), '[]')
    || coalesce((
      select jsonb_agg(jsonb_build_object('parts', 'some', 'source', n.source, 'startedAt', n.started_at, 'endedAt', n.ended_at,
        'sourceId', n.source || '|' || to_char(n.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'endOffsetSeconds', n.offset_s, 'timeZone', null, 'nap', false, 'finality', 0, 'asleepS', ops.covered_seconds(n.asleep),
        'inBedS', ops.covered_seconds(n.in_bed), 'awakeS', ops.covered_seconds(n.awake), 'lightS', ops.covered_seconds(n.light),
        'deepS', ops.covered_seconds(n.deep), 'remS', ops.covered_seconds(n.rem), 'stages', n.stages,
        'rawId', n.raw_id, 'rawCreatedAt', n.raw_created_at, 'observedAt', n.observed_at))
      from nights n), '[]');
end;
comment on function ops.join_sleep_parts(uuid, text, uuid, timestamptz, timestamptz, jsonb) is
  'Of sleep that arrives in parts (parts: some): whole nights, made of these parts and of what is known of the same source no further than 90 minutes away. Other records are answered as they are.';
grant execute on function ops.join_sleep_parts(uuid, text, uuid, timestamptz, timestamptz, jsonb) to tributary_service;
