set local lock_timeout = '5s';

-- It comes back with another answer: how many numbers are kept apart.
drop function if exists ops.rebuild_daily_summaries(uuid, date[]);

alter table public.platforms
  add column combinable boolean not null generated always as (coalesce((policy ->> 'combinable')::boolean, true)) stored,
  add column retention_days integer generated always as ((policy ->> 'retentionDays')::integer) stored,
  add column source_deletion_hours integer generated always as ((policy ->> 'deleteAfterSourceDeletionHours')::integer) stored,
  add column deauthorization_days integer generated always as ((policy ->> 'deleteAfterDeauthorizationDays')::integer) stored,
  add column attribution text generated always as (policy ->> 'attribution') stored,
  add column policy_override_reason text generated always as (policy ->> 'overrideReason') stored;
comment on column public.platforms.combinable is 'Whether its data is merged with other platforms''; if not, it is kept apart.';
comment on column public.platforms.retention_days is 'After so many days its data is deleted here; null means no limit.';
comment on column public.platforms.source_deletion_hours is 'What is deleted at the platform is gone here within so many hours, stored payloads included; null means no limit for the payloads.';
comment on column public.platforms.deauthorization_days is 'After a connection ended, everything of it is gone within so many days; null means no limit.';
comment on column public.platforms.attribution is 'What an app has to show beside its data.';
comment on column public.platforms.policy_override_reason is 'Why the policy differs from the platform''s published one; null when it does not.';

alter table public.sports add column family text;
comment on column public.sports.family is 'Sports that devices confuse with each other have the same family; null: a family of its own.';
update public.sports set family = 'on_foot' where id in ('run', 'trail_run', 'walk', 'hike');
update public.sports set family = 'cycling'
  where id in ('ride', 'mountain_bike_ride', 'gravel_ride', 'e_bike_ride', 'indoor_ride');
update public.sports set family = 'on_snow' where id in ('ski', 'snowboard', 'snowshoe');
update public.sports set family = 'rowing' where id in ('row', 'paddle');
update public.sports set family = 'gym' where id in ('strength', 'interval_training', 'elliptical', 'stairs');
update public.sports set family = 'calm' where id in ('yoga', 'pilates', 'mindfulness');

alter table public.metric_kinds add column counts_as text references public.metric_kinds (id);
comment on column public.metric_kinds.counts_as is 'The wider kind that its values count towards as well, for example walking towards distance.';
update public.metric_kinds set counts_as = 'distance_m' where id in ('walking_running_distance_m', 'wheelchair_distance_m');

create table public.default_source_priorities (
  id integer primary key,
  kind text references public.metric_kinds (id),
  platform text not null,
  source_pattern text,
  rank integer not null check (rank between 1 and 1000),
  unique nulls not distinct (kind, platform, source_pattern)
);
comment on table public.default_source_priorities is 'Whose word counts when several devices measured the same time, unless the person decided otherwise; the smallest rank wins.';
comment on column public.default_source_priorities.id is 'Its number.';
comment on column public.default_source_priorities.kind is 'The metric it is about; null: every one without a row of its own.';
comment on column public.default_source_priorities.platform is 'The platform.';
comment on column public.default_source_priorities.source_pattern is 'Which of its devices or apps, as a pattern for ilike; null: every one without a row of its own.';
comment on column public.default_source_priorities.rank is 'The smallest wins; a source without a row has 1000.';
-- What is worn counts before what is carried; what was recorded for one workout comes last, for it sees only that.
insert into public.default_source_priorities (id, kind, platform, source_pattern, rank) values
  (1, null, 'garmin', null, 200),
  (2, null, 'apple-health', '%watch%', 300),
  (3, null, 'oura', null, 400),
  (4, null, 'apple-health', null, 500),
  (5, null, 'strava', null, 600),
  (6, 'sleep_asleep_s', 'oura', null, 100),
  (7, 'resting_heart_rate_bpm', 'oura', null, 150);

create table public.source_priorities (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  kind text references public.metric_kinds (id),
  platform text not null references public.platforms (id),
  source text check (length(source) <= 1000),
  rank integer not null check (rank between 1 and 1000),
  updated_at timestamptz not null default now(),
  primary key (user_id, id),
  unique nulls not distinct (user_id, kind, platform, source)
);
comment on table public.source_priorities is 'A person''s own order of platforms and devices; it goes before the defaults. A change has all their days merged again.';
comment on column public.source_priorities.user_id is 'Whose order it is.';
comment on column public.source_priorities.id is 'Stable id here.';
comment on column public.source_priorities.kind is 'The metric it is about; null: every one without a row of its own.';
comment on column public.source_priorities.platform is 'The platform.';
comment on column public.source_priorities.source is 'The device or app, as samples name it; null: every one of the platform without a row of its own.';
comment on column public.source_priorities.rank is 'The smallest wins; the defaults lie between 100 and 600.';
comment on column public.source_priorities.updated_at is 'When the row last changed.';

create table public.activity_duplicates (
  user_id uuid not null,
  activity_id uuid not null,
  shown_id uuid not null,
  matched_by text not null check (matched_by in ('time', 'day')),
  created_at timestamptz not null default now(),
  primary key (user_id, activity_id),
  foreign key (user_id, activity_id) references public.activities (user_id, id) on delete cascade,
  foreign key (user_id, shown_id) references public.activities (user_id, id) on delete cascade,
  check (activity_id <> shown_id)
);
create index activity_duplicates_by_shown on public.activity_duplicates (user_id, shown_id);
comment on table public.activity_duplicates is 'Activities that are another record of a workout which is shown already.';
comment on column public.activity_duplicates.user_id is 'Whose workout it is.';
comment on column public.activity_duplicates.activity_id is 'The record that is not shown.';
comment on column public.activity_duplicates.shown_id is 'The record that is shown in its place.';
comment on column public.activity_duplicates.matched_by is 'time: they overlap; day: one hides its start, and day, distance and duration agree.';
comment on column public.activity_duplicates.created_at is 'When it was recognized.';

create table public.merged_metrics (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  local_day date not null,
  kind text not null references public.metric_kinds (id),
  value numeric not null,
  method text not null check (method in ('segments', 'daily_total', 'preferred_source', 'activities', 'sleep_sessions')),
  sources jsonb not null,
  kept_apart jsonb not null default '[]',
  updated_at timestamptz not null default now(),
  primary key (user_id, local_day, kind)
);
comment on table public.merged_metrics is 'One number for each person, local day and kind, merged across platforms and devices; see docs/merging.md.';
comment on column public.merged_metrics.user_id is 'Whose number it is.';
comment on column public.merged_metrics.local_day is 'The day where the person was.';
comment on column public.merged_metrics.kind is 'What it is; see metric_kinds for the unit.';
comment on column public.merged_metrics.value is 'The value in the unit of its kind.';
comment on column public.merged_metrics.method is 'segments: intervals, each moment counted once; daily_total: the number a platform reports for the whole day; preferred_source: of the source with the smallest rank; activities: the workouts that are shown; sleep_sessions.';
comment on column public.merged_metrics.sources is 'Provenance: what each platform and device contributed to the value.';
comment on column public.merged_metrics.kept_apart is 'What platforms say whose data may not be combined with others'', and which is not in the value.';
comment on column public.merged_metrics.updated_at is 'When the row last changed.';

create table public.policy_effects (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  platform text not null references public.platforms (id),
  effect text not null check (effect in ('kept_apart', 'expired', 'deleted_at_source', 'deauthorized')),
  record_type text not null,
  records bigint not null default 0,
  updated_at timestamptz not null default now(),
  primary key (user_id, platform, effect, record_type)
);
comment on table public.policy_effects is 'What a platform''s policy removed or kept apart, counted.';
comment on column public.policy_effects.user_id is 'Whose data it was.';
comment on column public.policy_effects.platform is 'Whose policy.';
comment on column public.policy_effects.effect is 'kept_apart: numbers that are not merged at present; expired, deleted_at_source, deauthorized: records removed so far.';
comment on column public.policy_effects.record_type is 'The table the records were in.';
comment on column public.policy_effects.records is 'How many.';
comment on column public.policy_effects.updated_at is 'When the count last changed.';

alter table public.daily_summaries
  add column steps numeric,
  add column day_distance_m numeric,
  add column active_energy_kcal numeric,
  add column resting_heart_rate_bpm numeric,
  add column hrv_rmssd_ms numeric,
  add column sleep_asleep_s numeric,
  add column body_weight_kg numeric,
  add column provenance jsonb not null default '{}',
  add column kept_apart jsonb not null default '{}';
comment on column public.daily_summaries.steps is 'Steps of the day; null when none were measured.';
comment on column public.daily_summaries.day_distance_m is 'Distance covered on foot or wheels over the whole day, in metres; distance_m is that of activities alone.';
comment on column public.daily_summaries.active_energy_kcal is 'Energy spent on activity over the whole day, in kilocalories; energy_kcal is that of activities alone.';
comment on column public.daily_summaries.resting_heart_rate_bpm is 'Heart rate at rest in beats per minute.';
comment on column public.daily_summaries.hrv_rmssd_ms is 'Heart rate variability (RMSSD) of the night in milliseconds.';
comment on column public.daily_summaries.sleep_asleep_s is 'Time asleep, naps included, of the sleep that ended on the day, in seconds.';
comment on column public.daily_summaries.body_weight_kg is 'Last body weight of the day in kilograms.';
comment on column public.daily_summaries.provenance is 'For each number: how it was merged and from which platforms and devices.';
comment on column public.daily_summaries.kept_apart is 'How many numbers of each platform were not merged because its policy forbids combining.';

grant select on public.default_source_priorities to tributary_service, tributary_hasura;
grant select, insert, update, delete on public.source_priorities, public.activity_duplicates, public.merged_metrics,
  public.policy_effects to tributary_service;
grant select on public.activity_duplicates, public.merged_metrics, public.policy_effects to tributary_hasura;
grant select on public.source_priorities to tributary_hasura;
