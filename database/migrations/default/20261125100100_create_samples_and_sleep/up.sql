set local lock_timeout = '5s';

create table public.samples (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  kind text not null references public.metric_kinds (id),
  started_at timestamptz not null,
  ended_at timestamptz not null,
  platform text not null references public.platforms (id),
  source text not null default '',
  variant text not null default '',
  value numeric not null,
  local_day date not null,
  start_offset_seconds integer check (start_offset_seconds between -64800 and 64800),
  manual boolean not null default false,
  source_id text,
  raw_id uuid not null,
  raw_created_at timestamptz not null,
  observed_at timestamptz not null,
  primary key (user_id, kind, started_at, ended_at, platform, source, variant),
  check (ended_at >= started_at)
) partition by range (started_at);
create index samples_by_source_id on public.samples (user_id, platform, source_id) where source_id is not null;
comment on table public.samples is 'Measurements: a value over an interval, or at an instant when start and end are equal. Partitioned by month.';
comment on column public.samples.user_id is 'Whose measurement it is.';
comment on column public.samples.kind is 'What was measured; see metric_kinds for the unit.';
comment on column public.samples.started_at is 'Start of the interval, or the instant.';
comment on column public.samples.ended_at is 'End of the interval; equal to the start for an instant.';
comment on column public.samples.platform is 'Where it came from.';
comment on column public.samples.source is 'The device or app that measured, as the platform names it; empty when it does not.';
comment on column public.samples.variant is 'Tells apart several values of one source at one time, for example the kinds of movement within one interval; empty otherwise.';
comment on column public.samples.value is 'The value in the unit of its kind.';
comment on column public.samples.local_day is 'The day where the person was at the start.';
comment on column public.samples.start_offset_seconds is 'Offset from UTC at the start, in seconds; null when unknown, and then the day is that of the person''s time zone.';
comment on column public.samples.manual is 'Typed in by hand, not measured.';
comment on column public.samples.source_id is 'The platform''s own id of the record, where it has one.';
comment on column public.samples.raw_id is 'The payload it was last read from.';
comment on column public.samples.raw_created_at is 'The created_at of that payload.';
comment on column public.samples.observed_at is 'When that payload was received; an older payload never overwrites a newer one.';

create table public.sleep_sessions (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  platform text not null references public.platforms (id),
  source_id text not null,
  source text not null default '',
  local_day date not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  end_offset_seconds integer check (end_offset_seconds between -64800 and 64800),
  time_zone text,
  nap boolean not null default false,
  asleep_s integer check (asleep_s >= 0),
  in_bed_s integer check (in_bed_s >= 0),
  awake_s integer check (awake_s >= 0),
  light_s integer check (light_s >= 0),
  deep_s integer check (deep_s >= 0),
  rem_s integer check (rem_s >= 0),
  score numeric,
  finality integer not null default 0,
  raw_id uuid not null,
  raw_created_at timestamptz not null,
  observed_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, id),
  unique (user_id, platform, source_id),
  check (ended_at >= started_at)
);
create index sleep_sessions_by_day on public.sleep_sessions (user_id, local_day desc);
comment on table public.sleep_sessions is 'One row for each time a person slept, naps included.';
comment on column public.sleep_sessions.user_id is 'Whose sleep it is.';
comment on column public.sleep_sessions.id is 'Stable id here.';
comment on column public.sleep_sessions.platform is 'Where it came from.';
comment on column public.sleep_sessions.source_id is 'What identifies it at the platform: its id, or source and start.';
comment on column public.sleep_sessions.source is 'The device or app that measured; empty when the platform does not say.';
comment on column public.sleep_sessions.local_day is 'The day on which the person woke up, where they were.';
comment on column public.sleep_sessions.started_at is 'When it began.';
comment on column public.sleep_sessions.ended_at is 'When it ended.';
comment on column public.sleep_sessions.end_offset_seconds is 'Offset from UTC at the end, in seconds; null when unknown.';
comment on column public.sleep_sessions.time_zone is 'IANA time zone, where the platform names one.';
comment on column public.sleep_sessions.nap is 'A nap, not the main sleep of the day.';
comment on column public.sleep_sessions.asleep_s is 'Time asleep in seconds; null when not measured.';
comment on column public.sleep_sessions.in_bed_s is 'Time in bed in seconds.';
comment on column public.sleep_sessions.awake_s is 'Time awake between falling asleep and getting up, in seconds.';
comment on column public.sleep_sessions.light_s is 'Light sleep in seconds.';
comment on column public.sleep_sessions.deep_s is 'Deep sleep in seconds.';
comment on column public.sleep_sessions.rem_s is 'REM sleep in seconds.';
comment on column public.sleep_sessions.score is 'The platform''s own score, 0 to 100.';
comment on column public.sleep_sessions.finality is 'How final the platform calls it: a tentative version never replaces a final one.';
comment on column public.sleep_sessions.raw_id is 'The payload it was last read from.';
comment on column public.sleep_sessions.raw_created_at is 'The created_at of that payload.';
comment on column public.sleep_sessions.observed_at is 'When that payload was received.';
comment on column public.sleep_sessions.created_at is 'When the row was first written.';
comment on column public.sleep_sessions.updated_at is 'When the row last changed.';

create table public.sleep_stages (
  user_id uuid not null,
  sleep_session_id uuid not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  stage text not null check (stage in ('in_bed', 'awake', 'asleep', 'light', 'deep', 'rem')),
  primary key (user_id, sleep_session_id, started_at, stage),
  foreign key (user_id, sleep_session_id) references public.sleep_sessions (user_id, id) on delete cascade,
  check (ended_at >= started_at)
);
comment on table public.sleep_stages is 'The stages of a sleep session in order of time.';
comment on column public.sleep_stages.user_id is 'Whose sleep it is.';
comment on column public.sleep_stages.sleep_session_id is 'The session.';
comment on column public.sleep_stages.started_at is 'When the stage began.';
comment on column public.sleep_stages.ended_at is 'When it ended.';
comment on column public.sleep_stages.stage is 'in_bed, awake, asleep (no stage known), light, deep or rem.';

create table public.activity_laps (
  user_id uuid not null,
  activity_id uuid not null,
  lap_number integer not null check (lap_number > 0),
  started_at timestamptz,
  elapsed_time_s numeric check (elapsed_time_s >= 0),
  moving_time_s numeric check (moving_time_s >= 0),
  distance_m numeric check (distance_m >= 0),
  elevation_gain_m numeric check (elevation_gain_m >= 0),
  mean_speed_m_per_s numeric,
  max_speed_m_per_s numeric,
  heart_rate_mean_bpm numeric check (heart_rate_mean_bpm > 0),
  heart_rate_max_bpm numeric check (heart_rate_max_bpm > 0),
  cadence_mean_rpm numeric,
  power_mean_w numeric,
  raw_id uuid not null,
  raw_created_at timestamptz not null,
  observed_at timestamptz not null,
  primary key (user_id, activity_id, lap_number),
  foreign key (user_id, activity_id) references public.activities (user_id, id) on delete cascade
);
comment on table public.activity_laps is 'The laps of an activity, numbered from 1.';
comment on column public.activity_laps.user_id is 'Whose activity it is.';
comment on column public.activity_laps.activity_id is 'The activity.';
comment on column public.activity_laps.lap_number is 'Its place in the activity, from 1.';
comment on column public.activity_laps.started_at is 'When the lap began.';
comment on column public.activity_laps.elapsed_time_s is 'Time from start to end in seconds.';
comment on column public.activity_laps.moving_time_s is 'Time in motion in seconds.';
comment on column public.activity_laps.distance_m is 'Distance in metres.';
comment on column public.activity_laps.elevation_gain_m is 'Height gained in metres.';
comment on column public.activity_laps.mean_speed_m_per_s is 'Mean speed in metres per second.';
comment on column public.activity_laps.max_speed_m_per_s is 'Highest speed in metres per second.';
comment on column public.activity_laps.heart_rate_mean_bpm is 'Mean heart rate in beats per minute.';
comment on column public.activity_laps.heart_rate_max_bpm is 'Highest heart rate in beats per minute.';
comment on column public.activity_laps.cadence_mean_rpm is 'Mean cadence in revolutions per minute (running: of one foot).';
comment on column public.activity_laps.power_mean_w is 'Mean power in watts.';
comment on column public.activity_laps.raw_id is 'The payload it was read from.';
comment on column public.activity_laps.raw_created_at is 'The created_at of that payload.';
comment on column public.activity_laps.observed_at is 'When that payload was received.';

alter table public.activities
  add column parent_source_id text,
  add column counted boolean not null default true;
comment on column public.activities.parent_source_id is 'The activity it is a part of (one leg of a multisport event), by the platform''s id.';
comment on column public.activities.counted is 'False for a whole whose parts are counted: sums add only what is counted.';

alter table public.daily_metrics
  add column raw_created_at timestamptz,
  add column observed_at timestamptz;
comment on column public.daily_metrics.raw_created_at is 'The created_at of that payload.';
comment on column public.daily_metrics.observed_at is 'When that payload was received; null when derived.';

alter table ops.deleted_records add column record_type text not null default 'activity'
  check (record_type in ('activity', 'sleep_session', 'sample'));
alter table ops.deleted_records drop constraint deleted_records_pkey,
  add primary key (user_id, platform, record_type, source_id);

grant select, insert, update, delete on public.samples, public.sleep_sessions, public.sleep_stages, public.activity_laps to tributary_service;
grant select on public.samples, public.sleep_sessions, public.sleep_stages, public.activity_laps to tributary_hasura;
