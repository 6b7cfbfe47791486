-- drops: drop function if exists ops.rebuild_daily_summaries(uuid, date[]);
create or replace function ops.rebuild_daily_summaries(p_user_id uuid, p_days date[]) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
-- For the days of one event a plan of their own takes twice as long to make as to run.
set plan_cache_mode = force_generic_plan as $$
declare
  v_near date[];
  v_days date[];
  v_kept_apart jsonb;
begin
  select array_agg(distinct day + beside) into v_near from unnest(p_days) as day cross join generate_series(-1, 1) as beside;
  -- The days beside them change where an interval that crosses midnight takes part in both, and where records of one workout are of two days.
  select array_agg(distinct day) into v_days
  from (
    select unnest(p_days || ops.match_activities(p_user_id, v_near)) as day
    union all
    select near.day from unnest(v_near) as near (day)
    where exists (select from public.sleep_sessions s where s.user_id = p_user_id and s.local_day = near.day)
      or exists (
        select from public.samples s
        where s.user_id = p_user_id and s.kind = any (array(select k.id from public.metric_kinds k where k.aggregation = 'sum'))
          and s.started_at >= (near.day::timestamp at time zone 'UTC') - interval '30 hours'
          and s.started_at < (near.day::timestamp at time zone 'UTC') + interval '54 hours'
          and s.local_day = near.day)
  ) as changed;
  perform ops.merge_days(p_user_id, v_days);

  with numbers as (
    select m.local_day,
      jsonb_object_agg(m.kind, m.value) as value,
      jsonb_object_agg(m.kind, jsonb_build_object('method', m.method, 'sources', m.sources)) filter (where m.kind = any (array[
        'activity_count', 'activity_distance_m', 'activity_moving_time_s', 'activity_elapsed_time_s', 'activity_elevation_gain_m',
        'activity_energy_kcal', 'activity_heart_rate_mean_bpm', 'activity_heart_rate_max_bpm', 'steps', 'distance_m',
        'active_energy_kcal', 'resting_heart_rate_bpm', 'hrv_rmssd_night_mean_ms', 'hrv_rmssd_ms', 'sleep_asleep_s', 'body_weight_kg'
      ])) as provenance
    from public.merged_metrics m where m.user_id = p_user_id and m.local_day = any (v_days) group by m.local_day
  ), apart as (
    select c.local_day, jsonb_object_agg(c.platform, c.numbers) as kept_apart
    from (
      select m.local_day, o ->> 'platform' as platform, count(*) as numbers
      from public.merged_metrics m cross join lateral jsonb_array_elements(m.kept_apart) as o
      where m.user_id = p_user_id and m.local_day = any (v_days) group by 1, 2
    ) c group by c.local_day
  ), per_platform as (
    select p.local_day, jsonb_object_agg(p.platform, p.metrics) as sources
    from (
      select d.local_day, d.platform, jsonb_object_agg(d.kind, d.value) as metrics from public.daily_metrics d
      where d.user_id = p_user_id and d.local_day = any (v_days) group by d.local_day, d.platform
    ) p group by p.local_day
  ), sports as (
    select a.local_day, array_agg(distinct a.sport order by a.sport) as sports from public.activities a
    where a.user_id = p_user_id and a.local_day = any (v_days)
      and not exists (select 1 from public.activity_duplicates d where d.user_id = a.user_id and d.activity_id = a.id)
    group by a.local_day
  ), emptied as (
    delete from public.daily_summaries s
    where s.user_id = p_user_id and s.local_day = any (v_days) and not exists (select 1 from numbers n where n.local_day = s.local_day)
    returning s.kept_apart
  ), written as (
    insert into public.daily_summaries as s (user_id, local_day, activity_count, distance_m, moving_time_s, elapsed_time_s,
      elevation_gain_m, energy_kcal, heart_rate_mean_bpm, heart_rate_max_bpm, sports, sources, steps, day_distance_m, active_energy_kcal,
      resting_heart_rate_bpm, hrv_rmssd_ms, sleep_asleep_s, body_weight_kg, provenance, kept_apart)
    select p_user_id, n.local_day, coalesce((n.value ->> 'activity_count')::integer, 0), (n.value ->> 'activity_distance_m')::numeric,
      (n.value ->> 'activity_moving_time_s')::bigint, (n.value ->> 'activity_elapsed_time_s')::bigint,
      (n.value ->> 'activity_elevation_gain_m')::numeric, (n.value ->> 'activity_energy_kcal')::numeric,
      (n.value ->> 'activity_heart_rate_mean_bpm')::numeric, (n.value ->> 'activity_heart_rate_max_bpm')::numeric,
      coalesce(s.sports, '{}'), coalesce(p.sources, '{}'), (n.value ->> 'steps')::numeric, (n.value ->> 'distance_m')::numeric,
      (n.value ->> 'active_energy_kcal')::numeric, (n.value ->> 'resting_heart_rate_bpm')::numeric,
      coalesce(n.value ->> 'hrv_rmssd_night_mean_ms', n.value ->> 'hrv_rmssd_ms')::numeric, (n.value ->> 'sleep_asleep_s')::numeric,
      (n.value ->> 'body_weight_kg')::numeric, coalesce(n.provenance, '{}'), coalesce(a.kept_apart, '{}')
    from numbers n left join per_platform p using (local_day) left join sports s using (local_day) left join apart a using (local_day)
    order by n.local_day
    on conflict (user_id, local_day) do update
    set activity_count = excluded.activity_count, distance_m = excluded.distance_m, moving_time_s = excluded.moving_time_s,
      elapsed_time_s = excluded.elapsed_time_s, elevation_gain_m = excluded.elevation_gain_m, energy_kcal = excluded.energy_kcal,
      heart_rate_mean_bpm = excluded.heart_rate_mean_bpm, heart_rate_max_bpm = excluded.heart_rate_max_bpm, sports = excluded.sports,
      sources = excluded.sources, steps = excluded.steps, day_distance_m = excluded.day_distance_m,
      active_energy_kcal = excluded.active_energy_kcal, resting_heart_rate_bpm = excluded.resting_heart_rate_bpm,
      hrv_rmssd_ms = excluded.hrv_rmssd_ms, sleep_asleep_s = excluded.sleep_asleep_s, body_weight_kg = excluded.body_weight_kg,
      provenance = excluded.provenance, kept_apart = excluded.kept_apart, updated_at = now()
    where (s.activity_count, s.distance_m, s.moving_time_s, s.elapsed_time_s, s.elevation_gain_m, s.energy_kcal, s.heart_rate_mean_bpm,
        s.heart_rate_max_bpm, s.sports, s.sources, s.steps, s.day_distance_m, s.active_energy_kcal, s.resting_heart_rate_bpm,
        s.hrv_rmssd_ms, s.sleep_asleep_s, s.body_weight_kg, s.provenance, s.kept_apart)
      is distinct from (excluded.activity_count, excluded.distance_m, excluded.moving_time_s, excluded.elapsed_time_s,
        excluded.elevation_gain_m, excluded.energy_kcal, excluded.heart_rate_mean_bpm, excluded.heart_rate_max_bpm, excluded.sports,
        excluded.sources, excluded.steps, excluded.day_distance_m, excluded.active_energy_kcal, excluded.resting_heart_rate_bpm,
        excluded.hrv_rmssd_ms, excluded.sleep_asleep_s, excluded.body_weight_kg, excluded.provenance, excluded.kept_apart)
    returning old.kept_apart as before, new.kept_apart as after
  ), changes as (
    select c.key as platform, sum(c.value::bigint * c.sign) as numbers
    from (
      select e.key, e.value, 1 as sign from written cross join lateral jsonb_each_text(after) as e
      union all
      select e.key, e.value, -1 from written cross join lateral jsonb_each_text(before) as e
      union all
      select e.key, e.value, -1 from emptied cross join lateral jsonb_each_text(kept_apart) as e
    ) c group by c.key having sum(c.value::bigint * c.sign) <> 0
  ), counted as (
    insert into public.policy_effects as p (user_id, platform, effect, record_type, records)
    select p_user_id, c.platform, 'kept_apart', 'merged_metrics', c.numbers from changes c
    on conflict (user_id, platform, effect, record_type) do update set records = p.records + excluded.records, updated_at = now()
  )
  select jsonb_object_agg(c.platform, c.numbers) into v_kept_apart from changes c where c.numbers > 0;
  return coalesce(v_kept_apart, '{}');
end $$;
comment on function ops.rebuild_daily_summaries(uuid, date[]) is
  'Merges and summarizes the given days anew: same rows in, same rows out, a row that stays the same is not written. Answers how many more numbers are kept apart, by platform. Call it inside the person''s lock.';
grant execute on function ops.rebuild_daily_summaries(uuid, date[]) to tributary_service;
