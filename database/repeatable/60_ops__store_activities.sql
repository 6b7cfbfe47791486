-- drops: drop function if exists ops.store_activities(uuid, text, uuid, timestamptz, timestamptz, jsonb);
create or replace function ops.store_activities(
  p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamptz, p_observed_at timestamptz, p_records jsonb
) returns date[]
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_time_zone text := coalesce((select u.time_zone from public.app_users u where u.user_id = p_user_id), 'UTC');
  v_days date[];
  v_days_of_details date[];
begin
  with incoming as (
    select r.* from jsonb_to_recordset(p_records) as r (
      "sourceId" text, sport text, "sourceSport" text, name text, "localDay" date, "startedAt" timestamptz, "endedAt" timestamptz,
      "startOffsetSeconds" integer, "timeZone" text, "startTimeHidden" boolean, "distanceM" numeric, "movingTimeS" integer,
      "elapsedTimeS" integer, "elevationGainM" numeric, "meanSpeedMPerS" numeric, "maxSpeedMPerS" numeric,
      "heartRateMeanBpm" numeric, "heartRateMaxBpm" numeric, "cadenceMeanRpm" numeric, "powerMeanW" numeric,
      manual boolean, indoor boolean, "hasRoute" boolean, private boolean, "deviceName" text, "sourceUrl" text,
      "parentSourceId" text, counted boolean)
    where not exists (
      select 1 from ops.deleted_records d
      where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'activity' and d.source_id = r."sourceId"
        and d.observed_at >= p_observed_at)
  ), written as (
    insert into public.activities as a (user_id, platform, source_id, sport, source_sport, name, local_day, started_at, ended_at,
      start_offset_seconds, time_zone, start_time_hidden, distance_m, moving_time_s, elapsed_time_s, elevation_gain_m,
      mean_speed_m_per_s, max_speed_m_per_s, heart_rate_mean_bpm, heart_rate_max_bpm, cadence_mean_rpm, power_mean_w,
      manual, indoor, has_route, private, device_name, source_url, parent_source_id, counted, raw_id, raw_created_at, observed_at)
    select p_user_id, p_platform, i."sourceId", coalesce(s.id, 'other'), i."sourceSport", i.name,
      -- Where nobody knows the offset it is the day on the person's own clock, as it is for samples.
      coalesce(i."localDay", (i."startedAt" at time zone v_time_zone)::date), i."startedAt", i."endedAt",
      i."startOffsetSeconds", i."timeZone", i."startTimeHidden", i."distanceM", i."movingTimeS", i."elapsedTimeS", i."elevationGainM",
      i."meanSpeedMPerS", i."maxSpeedMPerS", i."heartRateMeanBpm", i."heartRateMaxBpm", i."cadenceMeanRpm", i."powerMeanW",
      i.manual, i.indoor, i."hasRoute", i.private, i."deviceName", i."sourceUrl", i."parentSourceId", coalesce(i.counted, true), p_raw_id, p_raw_created_at, p_observed_at
    from incoming i left join public.sports s on s.id = i.sport
    order by i."sourceId"
    on conflict (user_id, platform, source_id) do update
    set sport = excluded.sport, source_sport = excluded.source_sport, name = excluded.name, local_day = excluded.local_day,
      started_at = excluded.started_at, ended_at = excluded.ended_at, start_offset_seconds = excluded.start_offset_seconds,
      time_zone = excluded.time_zone, start_time_hidden = excluded.start_time_hidden, distance_m = excluded.distance_m,
      moving_time_s = excluded.moving_time_s, elapsed_time_s = excluded.elapsed_time_s, elevation_gain_m = excluded.elevation_gain_m,
      mean_speed_m_per_s = excluded.mean_speed_m_per_s, max_speed_m_per_s = excluded.max_speed_m_per_s,
      heart_rate_mean_bpm = excluded.heart_rate_mean_bpm, heart_rate_max_bpm = excluded.heart_rate_max_bpm,
      cadence_mean_rpm = excluded.cadence_mean_rpm, power_mean_w = excluded.power_mean_w, manual = excluded.manual,
      indoor = excluded.indoor, has_route = excluded.has_route, private = excluded.private, device_name = excluded.device_name,
      source_url = excluded.source_url, parent_source_id = excluded.parent_source_id, counted = excluded.counted,
      raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at,
      observed_at = excluded.observed_at, updated_at = now()
    -- The same payload again (a replay, a second delivery of the job) or an older one changes nothing.
    where excluded.observed_at > a.observed_at
      or (excluded.observed_at = a.observed_at and (excluded.raw_id > a.raw_id or (excluded.raw_id = a.raw_id
        and row(a.sport, a.source_sport, a.name, a.local_day, a.started_at, a.ended_at, a.start_offset_seconds, a.time_zone,
            a.start_time_hidden, a.distance_m, a.moving_time_s, a.elapsed_time_s, a.elevation_gain_m, a.mean_speed_m_per_s,
            a.max_speed_m_per_s, a.heart_rate_mean_bpm, a.heart_rate_max_bpm, a.cadence_mean_rpm, a.power_mean_w, a.manual,
            a.indoor, a.has_route, a.private, a.device_name, a.source_url, a.parent_source_id, a.counted)
          is distinct from row(excluded.sport, excluded.source_sport, excluded.name, excluded.local_day, excluded.started_at,
            excluded.ended_at, excluded.start_offset_seconds, excluded.time_zone, excluded.start_time_hidden, excluded.distance_m,
            excluded.moving_time_s, excluded.elapsed_time_s, excluded.elevation_gain_m, excluded.mean_speed_m_per_s,
            excluded.max_speed_m_per_s, excluded.heart_rate_mean_bpm, excluded.heart_rate_max_bpm, excluded.cadence_mean_rpm,
            excluded.power_mean_w, excluded.manual, excluded.indoor, excluded.has_route, excluded.private, excluded.device_name,
            excluded.source_url, excluded.parent_source_id, excluded.counted))))
    returning old.local_day as old_day, new.local_day as new_day
  )
  select array_agg(distinct day) into v_days from written cross join lateral (values (old_day), (new_day)) as touched (day) where day is not null;

  -- What only a detailed payload knows has a version of its own: a newer summary leaves it alone.
  with detailed as (
    select r.* from jsonb_to_recordset(p_records) as r ("sourceId" text, "energyKcal" numeric, detailed boolean) where r.detailed
  ), written as (
    update public.activities a
    set energy_kcal = d."energyKcal", details_observed_at = p_observed_at, updated_at = now()
    from detailed d
    where a.user_id = p_user_id and a.platform = p_platform and a.source_id = d."sourceId"
      and (a.details_observed_at is null or a.details_observed_at < p_observed_at
        or (a.details_observed_at = p_observed_at and a.energy_kcal is distinct from d."energyKcal"))
    returning a.local_day
  )
  select array_agg(distinct local_day) into v_days_of_details from written;

  if v_days is not null and p_records @? '$[*].timeZone ? (@ != null)' then perform ops.follow_time_zone(p_user_id); end if;
  return array(select distinct day from unnest(v_days || v_days_of_details) as day order by day);
end $$;
comment on function ops.store_activities(uuid, text, uuid, timestamptz, timestamptz, jsonb) is
  'Writes the activities of one payload and answers the local days whose numbers may have changed. An older payload never overwrites a newer one; the same payload twice changes nothing.';
grant execute on function ops.store_activities(uuid, text, uuid, timestamptz, timestamptz, jsonb) to tributary_service;
