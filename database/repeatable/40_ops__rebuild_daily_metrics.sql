-- drops: drop function if exists ops.rebuild_daily_metrics(uuid, text, date[]);
create or replace function ops.rebuild_daily_metrics(p_user_id uuid, p_platform text, p_days date[]) returns void
language sql volatile
begin atomic
  with totals as (
    select a.local_day,
      count(*)::numeric as activity_count,
      sum(a.distance_m) as distance_m,
      sum(a.moving_time_s)::numeric as moving_time_s,
      sum(a.elapsed_time_s)::numeric as elapsed_time_s,
      sum(a.elevation_gain_m) as elevation_gain_m,
      sum(a.energy_kcal) as energy_kcal,
      round(sum(a.heart_rate_mean_bpm * a.moving_time_s) filter (where a.moving_time_s > 0)
        / nullif(sum(a.moving_time_s) filter (where a.heart_rate_mean_bpm is not null), 0), 2) as heart_rate_mean_bpm,
      max(a.heart_rate_max_bpm) as heart_rate_max_bpm
    from public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and a.local_day = any (p_days) and a.counted
    group by a.local_day
  ), metrics as (
    select totals.local_day, metric.kind, metric.value
    from totals cross join lateral (values
      ('activity_count', totals.activity_count),
      ('activity_distance_m', totals.distance_m),
      ('activity_moving_time_s', totals.moving_time_s),
      ('activity_elapsed_time_s', totals.elapsed_time_s),
      ('activity_elevation_gain_m', totals.elevation_gain_m),
      ('activity_energy_kcal', totals.energy_kcal),
      ('activity_heart_rate_mean_bpm', totals.heart_rate_mean_bpm),
      ('activity_heart_rate_max_bpm', totals.heart_rate_max_bpm)
    ) as metric (kind, value)
    where metric.value is not null
  ), stale as (
    delete from public.daily_metrics d
    where d.user_id = p_user_id and d.platform = p_platform and d.local_day = any (p_days) and d.derived and d.kind like 'activity\_%'
      and not exists (select 1 from metrics m where m.local_day = d.local_day and m.kind = d.kind)
    returning 1
  )
  insert into public.daily_metrics as existing (user_id, local_day, platform, kind, value, derived)
  select p_user_id, m.local_day, p_platform, m.kind, m.value, true from metrics m
  order by m.local_day, m.kind
  on conflict (user_id, local_day, platform, kind) do update
  set value = excluded.value, derived = true, updated_at = now()
  where existing.value is distinct from excluded.value;
end;
comment on function ops.rebuild_daily_metrics(uuid, text, date[]) is
  'Derives the daily metrics of the given days from the activities of one platform: same activities in, same rows out. Call it inside the person''s lock.';
grant execute on function ops.rebuild_daily_metrics(uuid, text, date[]) to tributary_service;
