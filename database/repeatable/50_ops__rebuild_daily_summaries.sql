-- drops: drop function if exists ops.rebuild_daily_summaries(uuid, date[]);
create or replace function ops.rebuild_daily_summaries(p_user_id uuid, p_days date[]) returns void
language sql volatile
begin atomic
  with metrics as (
    select d.local_day, d.platform, d.kind, d.value from public.daily_metrics d
    where d.user_id = p_user_id and d.local_day = any (p_days)
  ), per_platform as (
    select m.local_day, m.platform, jsonb_object_agg(m.kind, m.value) as metrics,
      max(m.value) filter (where m.kind = 'activity_heart_rate_mean_bpm') as heart_rate_mean_bpm,
      max(m.value) filter (where m.kind = 'activity_moving_time_s') as moving_time_s
    from metrics m group by m.local_day, m.platform
  ), days as (
    select m.local_day,
      coalesce(sum(m.value) filter (where m.kind = 'activity_count'), 0)::integer as activity_count,
      sum(m.value) filter (where m.kind = 'activity_distance_m') as distance_m,
      (sum(m.value) filter (where m.kind = 'activity_moving_time_s'))::bigint as moving_time_s,
      (sum(m.value) filter (where m.kind = 'activity_elapsed_time_s'))::bigint as elapsed_time_s,
      sum(m.value) filter (where m.kind = 'activity_elevation_gain_m') as elevation_gain_m,
      sum(m.value) filter (where m.kind = 'activity_energy_kcal') as energy_kcal,
      max(m.value) filter (where m.kind = 'activity_heart_rate_max_bpm') as heart_rate_max_bpm
    from metrics m group by m.local_day
  ), merged as (
    select p.local_day, jsonb_object_agg(p.platform, p.metrics) as sources,
      round(sum(p.heart_rate_mean_bpm * p.moving_time_s)
        / nullif(sum(p.moving_time_s) filter (where p.heart_rate_mean_bpm is not null), 0), 2) as heart_rate_mean_bpm
    from per_platform p group by p.local_day
  ), sports as (
    select a.local_day, array_agg(distinct a.sport order by a.sport) as sports from public.activities a
    where a.user_id = p_user_id and a.local_day = any (p_days) group by a.local_day
  ), emptied as (
    delete from public.daily_summaries s
    where s.user_id = p_user_id and s.local_day = any (p_days)
      and not exists (select 1 from days d where d.local_day = s.local_day)
    returning 1
  )
  insert into public.daily_summaries (user_id, local_day, activity_count, distance_m, moving_time_s, elapsed_time_s,
    elevation_gain_m, energy_kcal, heart_rate_mean_bpm, heart_rate_max_bpm, sports, sources)
  select p_user_id, d.local_day, d.activity_count, d.distance_m, d.moving_time_s, d.elapsed_time_s,
    d.elevation_gain_m, d.energy_kcal, m.heart_rate_mean_bpm, d.heart_rate_max_bpm, coalesce(s.sports, '{}'), m.sources
  from days d join merged m using (local_day) left join sports s using (local_day)
  order by d.local_day
  on conflict (user_id, local_day) do update
  set activity_count = excluded.activity_count, distance_m = excluded.distance_m, moving_time_s = excluded.moving_time_s,
    elapsed_time_s = excluded.elapsed_time_s, elevation_gain_m = excluded.elevation_gain_m,
    energy_kcal = excluded.energy_kcal, heart_rate_mean_bpm = excluded.heart_rate_mean_bpm,
    heart_rate_max_bpm = excluded.heart_rate_max_bpm, sports = excluded.sports, sources = excluded.sources, updated_at = now();
end;
comment on function ops.rebuild_daily_summaries(uuid, date[]) is
  'Rebuilds the summaries of the given days from daily metrics: same metrics in, same rows out. Call it inside the person''s lock.';
grant execute on function ops.rebuild_daily_summaries(uuid, date[]) to tributary_service;
