-- drops: drop function if exists ops.merge_activities(uuid, date[]);
create or replace function ops.merge_activities(p_user_id uuid, p_days date[])
returns table (local_day date, kind text, platform_group text, value numeric, sources jsonb)
language sql stable
begin atomic
  with shown as (
    select a.*, case when p.combinable then '' else a.platform end as platform_group
    from public.activities a join public.platforms p on p.id = a.platform
    where a.user_id = p_user_id and a.local_day = any (p_days) and a.counted
      and not exists (select 1 from public.activity_duplicates d where d.user_id = a.user_id and d.activity_id = a.id)
  ), totals as (
    -- With a platform: its share; without: the day's number.
    select s.local_day, s.platform_group, s.platform,
      count(*)::numeric as activity_count, sum(s.distance_m) as distance_m, sum(s.moving_time_s)::numeric as moving_time_s,
      sum(s.elapsed_time_s)::numeric as elapsed_time_s, sum(s.elevation_gain_m) as elevation_gain_m, sum(s.energy_kcal) as energy_kcal,
      round(sum(s.heart_rate_mean_bpm * s.moving_time_s) filter (where s.moving_time_s > 0)
        / nullif(sum(s.moving_time_s) filter (where s.heart_rate_mean_bpm is not null), 0), 2) as heart_rate_mean_bpm,
      max(s.heart_rate_max_bpm) as heart_rate_max_bpm
    from shown s group by grouping sets ((s.local_day, s.platform_group, s.platform), (s.local_day, s.platform_group))
  ), numbers as (
    select t.local_day, t.platform_group, t.platform, n.kind, n.value
    from totals t cross join lateral (values
      ('activity_count', t.activity_count), ('activity_distance_m', t.distance_m), ('activity_moving_time_s', t.moving_time_s),
      ('activity_elapsed_time_s', t.elapsed_time_s), ('activity_elevation_gain_m', t.elevation_gain_m),
      ('activity_energy_kcal', t.energy_kcal), ('activity_heart_rate_mean_bpm', t.heart_rate_mean_bpm),
      ('activity_heart_rate_max_bpm', t.heart_rate_max_bpm)
    ) as n (kind, value)
    where n.value is not null
  )
  select n.local_day, n.kind, n.platform_group, max(n.value) filter (where n.platform is null),
    jsonb_agg(jsonb_build_object('platform', n.platform, 'value', n.value) order by n.platform) filter (where n.platform is not null)
  from numbers n group by n.local_day, n.kind, n.platform_group;
end;
comment on function ops.merge_activities(uuid, date[]) is
  'Totals of the workouts of each day, each counted once; call ops.match_activities first.';
grant execute on function ops.merge_activities(uuid, date[]) to tributary_service;
