set local lock_timeout = '5s';

create table public.sports (id text primary key, description text not null);
comment on table public.sports is 'The canonical sports; a platform''s own word is kept beside it in source_sport.';
comment on column public.sports.id is 'The sport.';
comment on column public.sports.description is 'What it covers.';
insert into public.sports (id, description) values
  ('run', 'Running on roads, tracks or a treadmill'),
  ('trail_run', 'Running off-road'),
  ('walk', 'Walking'),
  ('hike', 'Hiking'),
  ('ride', 'Cycling outdoors'),
  ('mountain_bike_ride', 'Cycling off-road'),
  ('gravel_ride', 'Cycling on gravel'),
  ('e_bike_ride', 'Cycling with motor assistance'),
  ('indoor_ride', 'Cycling on a trainer or in a virtual world'),
  ('swim', 'Swimming'),
  ('row', 'Rowing'),
  ('paddle', 'Canoeing, kayaking, stand-up paddling'),
  ('ski', 'Alpine, backcountry or cross-country skiing, roller skiing'),
  ('snowboard', 'Snowboarding'),
  ('snowshoe', 'Snowshoeing'),
  ('skate', 'Ice, inline or board skating'),
  ('strength', 'Weight training'),
  ('interval_training', 'High-intensity intervals, CrossFit'),
  ('yoga', 'Yoga'),
  ('pilates', 'Pilates'),
  ('elliptical', 'Elliptical trainer'),
  ('stairs', 'Stair climbing'),
  ('climb', 'Climbing'),
  ('dance', 'Dance'),
  ('racket_sport', 'Tennis, badminton, squash and their relatives'),
  ('team_sport', 'Football, basketball, volleyball, cricket and their relatives'),
  ('golf', 'Golf'),
  ('water_sport', 'Surfing, sailing, windsurfing, kitesurfing'),
  ('wheelchair', 'Wheelchair, handcycle'),
  ('workout', 'Any other training'),
  ('other', 'A sport this installation does not know yet; see source_sport');

create table public.metric_kinds (
  id text primary key,
  unit text not null,
  aggregation text not null check (aggregation in ('sum', 'mean', 'min', 'max', 'last')),
  description text not null
);
comment on table public.metric_kinds is 'The vocabulary of metrics: unit and how values of one day combine.';
comment on column public.metric_kinds.id is 'The kind; the unit is part of its name.';
comment on column public.metric_kinds.unit is 'UCUM unit of the value.';
comment on column public.metric_kinds.aggregation is 'How several values combine.';
comment on column public.metric_kinds.description is 'What is measured.';
insert into public.metric_kinds (id, unit, aggregation, description) values
  ('activity_count', '{count}', 'sum', 'Activities started on the day'),
  ('activity_distance_m', 'm', 'sum', 'Distance covered in activities'),
  ('activity_moving_time_s', 's', 'sum', 'Time in motion during activities'),
  ('activity_elapsed_time_s', 's', 'sum', 'Time from start to end of activities'),
  ('activity_elevation_gain_m', 'm', 'sum', 'Height gained in activities'),
  ('activity_energy_kcal', 'kcal', 'sum', 'Energy spent in activities'),
  ('activity_heart_rate_mean_bpm', '/min', 'mean', 'Mean heart rate in activities, weighted by moving time'),
  ('activity_heart_rate_max_bpm', '/min', 'max', 'Highest heart rate in activities');

create table public.activities (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  platform text not null references public.platforms (id),
  source_id text not null,
  sport text not null references public.sports (id),
  source_sport text not null,
  name text,
  local_day date not null,
  started_at timestamptz,
  ended_at timestamptz,
  start_offset_seconds integer check (start_offset_seconds between -64800 and 64800),
  time_zone text,
  start_time_hidden boolean not null default false,
  distance_m numeric check (distance_m >= 0),
  moving_time_s integer check (moving_time_s >= 0),
  elapsed_time_s integer check (elapsed_time_s >= 0),
  elevation_gain_m numeric check (elevation_gain_m >= 0),
  mean_speed_m_per_s numeric,
  max_speed_m_per_s numeric,
  heart_rate_mean_bpm numeric check (heart_rate_mean_bpm > 0),
  heart_rate_max_bpm numeric check (heart_rate_max_bpm > 0),
  cadence_mean_rpm numeric,
  power_mean_w numeric,
  energy_kcal numeric check (energy_kcal >= 0),
  manual boolean not null default false,
  indoor boolean not null default false,
  has_route boolean not null default false,
  private boolean not null default false,
  device_name text,
  source_url text,
  raw_id uuid not null,
  raw_created_at timestamptz not null,
  observed_at timestamptz not null,
  details_observed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, id),
  unique (user_id, platform, source_id),
  check (ended_at >= started_at),
  check (not start_time_hidden or started_at is null)
);
create index activities_by_day on public.activities (user_id, local_day desc);
create index activities_by_start on public.activities (user_id, started_at desc);
comment on table public.activities is 'Workouts and other recorded activities, one row each, in canonical units.';
comment on column public.activities.user_id is 'Whose activity it is.';
comment on column public.activities.id is 'Stable id here.';
comment on column public.activities.platform is 'Where it came from.';
comment on column public.activities.source_id is 'The platform''s own id, as text: some are larger than a JavaScript number holds.';
comment on column public.activities.sport is 'Canonical sport.';
comment on column public.activities.source_sport is 'The platform''s word for the sport.';
comment on column public.activities.name is 'Title the person gave it.';
comment on column public.activities.local_day is 'The day where the person was when it started.';
comment on column public.activities.started_at is 'When it started; null when the person hides the start time.';
comment on column public.activities.ended_at is 'When it ended: start plus elapsed time; null when the start is unknown.';
comment on column public.activities.start_offset_seconds is 'Offset from UTC at the start, in seconds; null when unknown.';
comment on column public.activities.time_zone is 'IANA time zone, where the platform names one.';
comment on column public.activities.start_time_hidden is 'The person hides the start time; only the day is known.';
comment on column public.activities.distance_m is 'Distance in metres; null when not measured.';
comment on column public.activities.moving_time_s is 'Time in motion in seconds.';
comment on column public.activities.elapsed_time_s is 'Time from start to end in seconds.';
comment on column public.activities.elevation_gain_m is 'Height gained in metres.';
comment on column public.activities.mean_speed_m_per_s is 'Mean speed in metres per second.';
comment on column public.activities.max_speed_m_per_s is 'Highest speed in metres per second.';
comment on column public.activities.heart_rate_mean_bpm is 'Mean heart rate in beats per minute.';
comment on column public.activities.heart_rate_max_bpm is 'Highest heart rate in beats per minute.';
comment on column public.activities.cadence_mean_rpm is 'Mean cadence in revolutions per minute (running: of one foot).';
comment on column public.activities.power_mean_w is 'Mean power in watts.';
comment on column public.activities.energy_kcal is 'Energy spent in kilocalories.';
comment on column public.activities.manual is 'Typed in by hand, not recorded.';
comment on column public.activities.indoor is 'On a trainer or treadmill.';
comment on column public.activities.has_route is 'The platform has a GPS track of it.';
comment on column public.activities.private is 'Visible only to its owner at the platform.';
comment on column public.activities.device_name is 'The device that recorded it.';
comment on column public.activities.source_url is 'Where to see it at the platform.';
comment on column public.activities.raw_id is 'The payload it was last read from.';
comment on column public.activities.raw_created_at is 'The created_at of that payload: raw rows are found by user_id, created_at and id.';
comment on column public.activities.observed_at is 'When that payload was received; an older payload never overwrites a newer one.';
comment on column public.activities.details_observed_at is 'When the detailed payload was received; null until it was.';
comment on column public.activities.created_at is 'When the row was first written.';
comment on column public.activities.updated_at is 'When the row last changed.';

create table public.activity_streams (
  user_id uuid not null,
  activity_id uuid not null,
  kind text not null,
  unit text not null,
  offsets_s integer[] not null,
  "values" numeric[] not null,
  raw_id uuid not null,
  raw_created_at timestamptz not null,
  observed_at timestamptz not null,
  primary key (user_id, activity_id, kind),
  foreign key (user_id, activity_id) references public.activities (user_id, id) on delete cascade,
  check (cardinality(offsets_s) = cardinality("values"))
);
comment on table public.activity_streams is 'Series recorded during an activity: one row for each kind, as two arrays of equal length.';
comment on column public.activity_streams.user_id is 'Whose activity it is.';
comment on column public.activity_streams.activity_id is 'The activity.';
comment on column public.activity_streams.kind is 'What was recorded, with its unit, for example heart_rate_bpm.';
comment on column public.activity_streams.unit is 'UCUM unit of the values.';
comment on column public.activity_streams.offsets_s is 'Seconds since the start, one for each value.';
comment on column public.activity_streams."values" is 'The values; null where the device recorded none.';
comment on column public.activity_streams.raw_id is 'The payload it was read from.';
comment on column public.activity_streams.raw_created_at is 'The created_at of that payload.';
comment on column public.activity_streams.observed_at is 'When that payload was received.';

create table ops.deleted_records (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  platform text not null references public.platforms (id),
  source_id text not null,
  observed_at timestamptz not null,
  primary key (user_id, platform, source_id)
);
comment on table ops.deleted_records is 'What is gone at the source, so that a late or replayed payload from before does not bring it back.';

create table public.daily_metrics (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  local_day date not null,
  platform text not null references public.platforms (id),
  kind text not null references public.metric_kinds (id),
  value numeric not null,
  derived boolean not null default false,
  raw_id uuid,
  updated_at timestamptz not null default now(),
  primary key (user_id, local_day, platform, kind)
);
comment on table public.daily_metrics is 'One number for each person, local day, platform and kind.';
comment on column public.daily_metrics.user_id is 'Whose metric it is.';
comment on column public.daily_metrics.local_day is 'The person''s day.';
comment on column public.daily_metrics.platform is 'Where it came from.';
comment on column public.daily_metrics.kind is 'What it is; see metric_kinds for unit and aggregation.';
comment on column public.daily_metrics.value is 'The value in the unit of its kind.';
comment on column public.daily_metrics.derived is 'Computed here from the day''s activities rather than reported by the platform.';
comment on column public.daily_metrics.raw_id is 'The payload it was read from; null when derived.';
comment on column public.daily_metrics.updated_at is 'When the value last changed.';

create table public.daily_summaries (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  local_day date not null,
  activity_count integer not null default 0,
  distance_m numeric,
  moving_time_s bigint,
  elapsed_time_s bigint,
  elevation_gain_m numeric,
  energy_kcal numeric,
  heart_rate_mean_bpm numeric,
  heart_rate_max_bpm numeric,
  sports text[] not null default '{}',
  sources jsonb not null default '{}',
  updated_at timestamptz not null default now(),
  primary key (user_id, local_day)
);
comment on table public.daily_summaries is 'A person''s day at a glance, merged across platforms.';
comment on column public.daily_summaries.user_id is 'Whose day it is.';
comment on column public.daily_summaries.local_day is 'The day where the person was.';
comment on column public.daily_summaries.activity_count is 'Activities started on the day.';
comment on column public.daily_summaries.distance_m is 'Distance covered in activities, in metres; null when none was measured.';
comment on column public.daily_summaries.moving_time_s is 'Time in motion in activities, in seconds.';
comment on column public.daily_summaries.elapsed_time_s is 'Time from start to end of activities, in seconds.';
comment on column public.daily_summaries.elevation_gain_m is 'Height gained in activities, in metres.';
comment on column public.daily_summaries.energy_kcal is 'Energy spent in activities, in kilocalories; null when not reported.';
comment on column public.daily_summaries.heart_rate_mean_bpm is 'Mean heart rate in activities, weighted by moving time, in beats per minute.';
comment on column public.daily_summaries.heart_rate_max_bpm is 'Highest heart rate in activities, in beats per minute.';
comment on column public.daily_summaries.sports is 'The canonical sports of the day, sorted.';
comment on column public.daily_summaries.sources is 'Provenance: which platform contributed which numbers.';
comment on column public.daily_summaries.updated_at is 'When the row last changed.';

create table ops.summary_rebuilds (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  local_day date not null,
  requested_at timestamptz not null default now(),
  primary key (user_id, local_day)
);
comment on table ops.summary_rebuilds is 'Days whose inputs changed and whose summary is still to be rebuilt.';

grant select on public.sports, public.metric_kinds to tributary_service, tributary_hasura;
grant select, insert, update, delete on public.activities, public.activity_streams, ops.deleted_records,
  public.daily_metrics, public.daily_summaries, ops.summary_rebuilds to tributary_service;
grant select on public.activities, public.activity_streams, public.daily_metrics, public.daily_summaries to tributary_hasura;
