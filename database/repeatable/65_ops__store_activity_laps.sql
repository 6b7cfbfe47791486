-- drops: drop function if exists ops.store_activity_laps(uuid, text, uuid, timestamptz, timestamptz, jsonb);
create or replace function ops.store_activity_laps(
  p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamptz, p_observed_at timestamptz, p_records jsonb
) returns text[]
language sql volatile
begin atomic
  with incoming as (
    select r.*, a.id as activity_id
    from jsonb_to_recordset(p_records) as r (
      "sourceId" text, "lapNumber" integer, "startedAt" timestamptz, "elapsedTimeS" numeric, "movingTimeS" numeric, "distanceM" numeric,
      "elevationGainM" numeric, "meanSpeedMPerS" numeric, "maxSpeedMPerS" numeric, "heartRateMeanBpm" numeric,
      "heartRateMaxBpm" numeric, "cadenceMeanRpm" numeric, "powerMeanW" numeric)
    left join public.activities a on a.user_id = p_user_id and a.platform = p_platform and a.source_id = r."sourceId"
  ), current as (
    -- A newer payload has already told the laps of this activity.
    select distinct i.activity_id from incoming i
    where i.activity_id is not null and not exists (
      select 1 from public.activity_laps l where l.user_id = p_user_id and l.activity_id = i.activity_id and l.observed_at > p_observed_at)
  ), gone as (
    delete from public.activity_laps l using current c
    where l.user_id = p_user_id and l.activity_id = c.activity_id
      and not exists (select 1 from incoming i where i.activity_id = l.activity_id and i."lapNumber" = l.lap_number)
  ), written as (
    insert into public.activity_laps (user_id, activity_id, lap_number, started_at, elapsed_time_s, moving_time_s, distance_m,
      elevation_gain_m, mean_speed_m_per_s, max_speed_m_per_s, heart_rate_mean_bpm, heart_rate_max_bpm, cadence_mean_rpm, power_mean_w,
      raw_id, raw_created_at, observed_at)
    select p_user_id, i.activity_id, i."lapNumber", i."startedAt", i."elapsedTimeS", i."movingTimeS", i."distanceM", i."elevationGainM",
      i."meanSpeedMPerS", i."maxSpeedMPerS", i."heartRateMeanBpm", i."heartRateMaxBpm", i."cadenceMeanRpm", i."powerMeanW",
      p_raw_id, p_raw_created_at, p_observed_at
    from incoming i join current c using (activity_id)
    on conflict (user_id, activity_id, lap_number) do update
    set started_at = excluded.started_at, elapsed_time_s = excluded.elapsed_time_s, moving_time_s = excluded.moving_time_s,
      distance_m = excluded.distance_m, elevation_gain_m = excluded.elevation_gain_m, mean_speed_m_per_s = excluded.mean_speed_m_per_s,
      max_speed_m_per_s = excluded.max_speed_m_per_s, heart_rate_mean_bpm = excluded.heart_rate_mean_bpm,
      heart_rate_max_bpm = excluded.heart_rate_max_bpm, cadence_mean_rpm = excluded.cadence_mean_rpm,
      power_mean_w = excluded.power_mean_w, raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at,
      observed_at = excluded.observed_at
  )
  -- Gone at the source: its laps need no place.
  select coalesce(array_agg(distinct i."sourceId"), '{}') from incoming i
  where i.activity_id is null and not exists (
    select 1 from ops.deleted_records d
    where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'activity' and d.source_id = i."sourceId"
      and d.observed_at >= p_observed_at);
end;
comment on function ops.store_activity_laps(uuid, text, uuid, timestamptz, timestamptz, jsonb) is
  'Writes the laps of one payload; answers the source ids whose activity is not here.';
grant execute on function ops.store_activity_laps(uuid, text, uuid, timestamptz, timestamptz, jsonb) to tributary_service;
