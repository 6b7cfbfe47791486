-- drops: drop view if exists public.merged_activities;
create or replace view public.merged_activities with (security_invoker = true) as
select a.user_id, a.id, a.local_day, a.sport, a.name, a.started_at, a.ended_at, a.start_offset_seconds, a.time_zone, a.distance_m,
  a.moving_time_s, a.elapsed_time_s, a.elevation_gain_m, a.energy_kcal, a.heart_rate_mean_bpm, a.heart_rate_max_bpm, a.counted,
  a.platform, p.combinable, s.sources
from public.activities a
join public.platforms p on p.id = a.platform
cross join lateral (
  select jsonb_agg(jsonb_build_object('activity_id', o.id, 'platform', o.platform, 'device_name', o.device_name, 'source_url', o.source_url)
    order by o.id <> a.id, o.platform, o.source_id) as sources
  from (
    select a.id as id
    union all
    select d.activity_id from public.activity_duplicates d where d.user_id = a.user_id and d.shown_id = a.id
  ) r
  join public.activities o on o.user_id = a.user_id and o.id = r.id
) s
where not exists (select 1 from public.activity_duplicates d where d.user_id = a.user_id and d.activity_id = a.id);
comment on view public.merged_activities is 'Workouts, each once, with every platform that has a record of it.';
comment on column public.merged_activities.user_id is 'Whose workout it is.';
comment on column public.merged_activities.id is 'The activity that is shown; its laps and series have this id.';
comment on column public.merged_activities.local_day is 'The day where the person was when it started.';
comment on column public.merged_activities.sport is 'Canonical sport.';
comment on column public.merged_activities.name is 'Title the person gave it.';
comment on column public.merged_activities.started_at is 'When it started; null when the person hides the start time.';
comment on column public.merged_activities.ended_at is 'When it ended.';
comment on column public.merged_activities.start_offset_seconds is 'Offset from UTC at the start, in seconds; null when unknown.';
comment on column public.merged_activities.time_zone is 'IANA time zone, where the platform names one.';
comment on column public.merged_activities.distance_m is 'Distance in metres.';
comment on column public.merged_activities.moving_time_s is 'Time in motion in seconds.';
comment on column public.merged_activities.elapsed_time_s is 'Time from start to end in seconds.';
comment on column public.merged_activities.elevation_gain_m is 'Height gained in metres.';
comment on column public.merged_activities.energy_kcal is 'Energy spent in kilocalories.';
comment on column public.merged_activities.heart_rate_mean_bpm is 'Mean heart rate in beats per minute.';
comment on column public.merged_activities.heart_rate_max_bpm is 'Highest heart rate in beats per minute.';
comment on column public.merged_activities.counted is 'False for a whole whose parts are counted.';
comment on column public.merged_activities.platform is 'Whose record is shown.';
comment on column public.merged_activities.combinable is 'False: the platform forbids to combine it with others, so that the same workout may stand here twice.';
comment on column public.merged_activities.sources is 'Every record of the workout, the shown one first: activity_id, platform, device_name, source_url.';
grant select on public.merged_activities to tributary_service, tributary_hasura;
