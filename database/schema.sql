-- Written by `npm run db:dump` from migrations and repeatable files; do not edit.

create schema if not exists audit;
comment on schema audit is 'The append-only trail; never tracked.';
grant usage on schema audit to tributary_service;

create schema if not exists ops;
comment on schema ops is 'Deliveries, budgets and bookkeeping of the service; never tracked.';
grant usage on schema ops to tributary_service;

create schema if not exists public;
comment on schema public is 'standard public schema';
grant usage on schema public to public;
grant usage on schema public to tributary_hasura;
grant create, usage on schema public to tributary_migration with grant option;
grant usage on schema public to tributary_service;

create schema if not exists vault;
comment on schema vault is 'Keys and sealed tokens; never tracked, readable by the service alone.';
grant usage on schema vault to tributary_service;

create extension pgcrypto with schema public;

create table ops.deleted_records (
  user_id uuid not null,
  platform text not null,
  source_id text not null,
  observed_at timestamp with time zone not null,
  constraint deleted_records_pkey PRIMARY KEY (user_id, platform, source_id),
  constraint deleted_records_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint deleted_records_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
comment on table ops.deleted_records is 'What is gone at the source, so that a late or replayed payload from before does not bring it back.';
grant delete, insert, select, update on ops.deleted_records to tributary_service;

create table ops.rejected_records (
  user_id uuid not null,
  raw_created_at timestamp with time zone not null,
  raw_id uuid not null,
  "position" integer not null,
  reason text not null,
  constraint rejected_records_pkey PRIMARY KEY (user_id, raw_created_at, raw_id, "position"),
  constraint rejected_records_position_check CHECK (("position" >= 0)),
  constraint rejected_records_user_id_raw_created_at_raw_id_fkey FOREIGN KEY (user_id, raw_created_at, raw_id) REFERENCES public.raw_fitness_data(user_id, created_at, id) ON DELETE CASCADE
);
comment on table ops.rejected_records is 'Records inside a payload that could not be normalized, by position, with the reason and never the value.';
grant delete, insert, select, update on ops.rejected_records to tributary_service;

create table ops.repeatable_applied (
  name text not null,
  hash text not null,
  drops text not null,
  applied_at timestamp with time zone default now() not null,
  constraint repeatable_applied_pkey PRIMARY KEY (name)
);
comment on table ops.repeatable_applied is 'Repeatable files as last run, with the statements that undo them.';

create table ops.request_budgets (
  platform text not null,
  window_name text not null,
  window_seconds integer not null,
  quota integer not null,
  used integer default 0 not null,
  resets_at timestamp with time zone not null,
  constraint request_budgets_pkey PRIMARY KEY (platform, window_name),
  constraint request_budgets_quota_check CHECK ((quota >= 0)),
  constraint request_budgets_used_check CHECK ((used >= 0)),
  constraint request_budgets_window_seconds_check CHECK ((window_seconds > 0)),
  constraint request_budgets_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
);
comment on table ops.request_budgets is 'The platform''s request limits and what is used of them, shared by all processes and learnt from response headers.';
grant delete, insert, select, update on ops.request_budgets to tributary_service;

create table ops.schema_migrations (
  version text not null,
  name text not null,
  applied_at timestamp with time zone default now() not null,
  constraint schema_migrations_pkey PRIMARY KEY (version)
);
comment on table ops.schema_migrations is 'Migrations this database has; written by database/migrate.ts.';

create table ops.summary_rebuilds (
  user_id uuid not null,
  local_day date not null,
  requested_at timestamp with time zone default now() not null,
  constraint summary_rebuilds_pkey PRIMARY KEY (user_id, local_day),
  constraint summary_rebuilds_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
comment on table ops.summary_rebuilds is 'Days whose inputs changed and whose summary is still to be rebuilt.';
grant delete, insert, select, update on ops.summary_rebuilds to tributary_service;

create table ops.webhook_deliveries (
  id uuid default gen_random_uuid() not null,
  platform text not null,
  dedupe_key text not null,
  body_sealed bytea not null,
  state text default 'received'::text not null,
  outcome text,
  received_at timestamp with time zone default now() not null,
  processed_at timestamp with time zone,
  constraint webhook_deliveries_pkey PRIMARY KEY (id),
  constraint webhook_deliveries_platform_dedupe_key_key UNIQUE (platform, dedupe_key),
  constraint webhook_deliveries_check CHECK (((state = 'received'::text) = (processed_at IS NULL))),
  constraint webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['received'::text, 'processed'::text, 'dropped'::text]))),
  constraint webhook_deliveries_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
);
CREATE INDEX webhook_deliveries_waiting ON ops.webhook_deliveries USING btree (received_at) WHERE (state = 'received'::text);
comment on table ops.webhook_deliveries is 'The inbox: the exact bytes of every accepted webhook, sealed, stored before it is answered.';
grant delete, insert, select, update on ops.webhook_deliveries to tributary_service;

create table ops.webhook_subscriptions (
  platform text not null,
  subscription_id text not null,
  confirmed_at timestamp with time zone default now() not null,
  constraint webhook_subscriptions_pkey PRIMARY KEY (platform),
  constraint webhook_subscriptions_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
);
comment on table ops.webhook_subscriptions is 'Our subscription at each platform; a delivery for another one is refused.';
grant delete, insert, select, update on ops.webhook_subscriptions to tributary_service;

create table ops.workers (
  pool_id text not null,
  started_at timestamp with time zone default now() not null,
  seen_at timestamp with time zone default now() not null,
  constraint workers_pkey PRIMARY KEY (pool_id)
);
comment on table ops.workers is 'Heartbeats of the job processes: the jobs of one that fell silent are released.';
grant delete, insert, select, update on ops.workers to tributary_service;

create table public.activities (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  platform text not null,
  source_id text not null,
  sport text not null,
  source_sport text not null,
  name text,
  local_day date not null,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  start_offset_seconds integer,
  time_zone text,
  start_time_hidden boolean default false not null,
  distance_m numeric,
  moving_time_s integer,
  elapsed_time_s integer,
  elevation_gain_m numeric,
  mean_speed_m_per_s numeric,
  max_speed_m_per_s numeric,
  heart_rate_mean_bpm numeric,
  heart_rate_max_bpm numeric,
  cadence_mean_rpm numeric,
  power_mean_w numeric,
  energy_kcal numeric,
  manual boolean default false not null,
  indoor boolean default false not null,
  has_route boolean default false not null,
  private boolean default false not null,
  device_name text,
  source_url text,
  raw_id uuid not null,
  raw_created_at timestamp with time zone not null,
  observed_at timestamp with time zone not null,
  details_observed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint activities_pkey PRIMARY KEY (user_id, id),
  constraint activities_user_id_platform_source_id_key UNIQUE (user_id, platform, source_id),
  constraint activities_check CHECK ((ended_at >= started_at)),
  constraint activities_check1 CHECK (((NOT start_time_hidden) OR (started_at IS NULL))),
  constraint activities_distance_m_check CHECK ((distance_m >= (0)::numeric)),
  constraint activities_elapsed_time_s_check CHECK ((elapsed_time_s >= 0)),
  constraint activities_elevation_gain_m_check CHECK ((elevation_gain_m >= (0)::numeric)),
  constraint activities_energy_kcal_check CHECK ((energy_kcal >= (0)::numeric)),
  constraint activities_heart_rate_max_bpm_check CHECK ((heart_rate_max_bpm > (0)::numeric)),
  constraint activities_heart_rate_mean_bpm_check CHECK ((heart_rate_mean_bpm > (0)::numeric)),
  constraint activities_moving_time_s_check CHECK ((moving_time_s >= 0)),
  constraint activities_start_offset_seconds_check CHECK (((start_offset_seconds >= '-64800'::integer) AND (start_offset_seconds <= 64800))),
  constraint activities_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint activities_sport_fkey FOREIGN KEY (sport) REFERENCES public.sports(id),
  constraint activities_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX activities_by_day ON public.activities USING btree (user_id, local_day DESC);
CREATE INDEX activities_by_start ON public.activities USING btree (user_id, started_at DESC);
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
grant select on public.activities to tributary_hasura;
grant delete, insert, select, update on public.activities to tributary_service;

create table public.activity_streams (
  user_id uuid not null,
  activity_id uuid not null,
  kind text not null,
  unit text not null,
  offsets_s integer[] not null,
  "values" numeric[] not null,
  raw_id uuid not null,
  raw_created_at timestamp with time zone not null,
  observed_at timestamp with time zone not null,
  constraint activity_streams_pkey PRIMARY KEY (user_id, activity_id, kind),
  constraint activity_streams_check CHECK ((cardinality(offsets_s) = cardinality("values"))),
  constraint activity_streams_user_id_activity_id_fkey FOREIGN KEY (user_id, activity_id) REFERENCES public.activities(user_id, id) ON DELETE CASCADE
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
grant select on public.activity_streams to tributary_hasura;
grant delete, insert, select, update on public.activity_streams to tributary_service;

create table public.app_users (
  user_id uuid not null,
  time_zone text,
  created_at timestamp with time zone default now() not null,
  constraint app_users_pkey PRIMARY KEY (user_id)
);
comment on table public.app_users is 'One row for each person who has connected something.';
comment on column public.app_users.user_id is 'The person, as named by the identity provider in x-hasura-user-id.';
comment on column public.app_users.time_zone is 'IANA time zone the person chose; null means not chosen.';
comment on column public.app_users.created_at is 'When the person was first seen here.';
grant select on public.app_users to tributary_hasura;
grant update (time_zone) on public.app_users to tributary_hasura;
grant delete, insert, select, update on public.app_users to tributary_service;

create table public.connection_statuses (
  id text not null,
  description text not null,
  constraint connection_statuses_pkey PRIMARY KEY (id)
);
comment on table public.connection_statuses is 'The states a connection can be in.';
comment on column public.connection_statuses.id is 'The state.';
comment on column public.connection_statuses.description is 'What it means.';
grant select on public.connection_statuses to tributary_hasura;
grant select on public.connection_statuses to tributary_service;

create table public.connections (
  user_id uuid not null,
  platform text not null,
  id uuid default gen_random_uuid() not null,
  status text not null,
  status_reason text,
  granted_scopes text[] default '{}'::text[] not null,
  missing_scopes text[] default '{}'::text[] not null,
  strategy text default 'push'::text not null,
  platform_user_id text not null,
  last_webhook_at timestamp with time zone,
  last_synced_at timestamp with time zone,
  connected_at timestamp with time zone default now() not null,
  disconnected_at timestamp with time zone,
  updated_at timestamp with time zone default now() not null,
  constraint connections_pkey PRIMARY KEY (user_id, platform),
  constraint connections_id_key UNIQUE (id),
  constraint connections_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint connections_status_fkey FOREIGN KEY (status) REFERENCES public.connection_statuses(id),
  constraint connections_strategy_fkey FOREIGN KEY (strategy) REFERENCES public.sync_strategies(id),
  constraint connections_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX connections_one_owner_per_account ON public.connections USING btree (platform, platform_user_id) WHERE (status <> 'disconnected'::text);
comment on table public.connections is 'A person''s consent to one platform, and how it is doing.';
comment on column public.connections.user_id is 'Whose connection it is.';
comment on column public.connections.platform is 'The platform connected to.';
comment on column public.connections.id is 'Stable id of the connection.';
comment on column public.connections.status is 'The state it is in.';
comment on column public.connections.status_reason is 'Why it is not active, as an error code; null while it is.';
comment on column public.connections.granted_scopes is 'What the person granted.';
comment on column public.connections.missing_scopes is 'What is needed for full data and was not granted.';
comment on column public.connections.strategy is 'How new data is noticed.';
comment on column public.connections.platform_user_id is 'The account at the platform; not exposed to people.';
comment on column public.connections.last_webhook_at is 'When the platform last told us something about this account.';
comment on column public.connections.last_synced_at is 'When data last arrived.';
comment on column public.connections.connected_at is 'When consent was given.';
comment on column public.connections.disconnected_at is 'When it ended; null while it lasts.';
comment on column public.connections.updated_at is 'When the row last changed.';
grant select on public.connections to tributary_hasura;
grant delete, insert, select, update on public.connections to tributary_service;

create table public.daily_metrics (
  user_id uuid not null,
  local_day date not null,
  platform text not null,
  kind text not null,
  value numeric not null,
  derived boolean default false not null,
  raw_id uuid,
  updated_at timestamp with time zone default now() not null,
  constraint daily_metrics_pkey PRIMARY KEY (user_id, local_day, platform, kind),
  constraint daily_metrics_kind_fkey FOREIGN KEY (kind) REFERENCES public.metric_kinds(id),
  constraint daily_metrics_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint daily_metrics_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
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
grant select on public.daily_metrics to tributary_hasura;
grant delete, insert, select, update on public.daily_metrics to tributary_service;

create table public.daily_summaries (
  user_id uuid not null,
  local_day date not null,
  activity_count integer default 0 not null,
  distance_m numeric,
  moving_time_s bigint,
  elapsed_time_s bigint,
  elevation_gain_m numeric,
  energy_kcal numeric,
  heart_rate_mean_bpm numeric,
  heart_rate_max_bpm numeric,
  sports text[] default '{}'::text[] not null,
  sources jsonb default '{}'::jsonb not null,
  updated_at timestamp with time zone default now() not null,
  constraint daily_summaries_pkey PRIMARY KEY (user_id, local_day),
  constraint daily_summaries_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
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
grant select on public.daily_summaries to tributary_hasura;
grant delete, insert, select, update on public.daily_summaries to tributary_service;

create table public.metric_kinds (
  id text not null,
  unit text not null,
  aggregation text not null,
  description text not null,
  constraint metric_kinds_pkey PRIMARY KEY (id),
  constraint metric_kinds_aggregation_check CHECK ((aggregation = ANY (ARRAY['sum'::text, 'mean'::text, 'min'::text, 'max'::text, 'last'::text])))
);
comment on table public.metric_kinds is 'The vocabulary of metrics: unit and how values of one day combine.';
comment on column public.metric_kinds.id is 'The kind; the unit is part of its name.';
comment on column public.metric_kinds.unit is 'UCUM unit of the value.';
comment on column public.metric_kinds.aggregation is 'How several values combine.';
comment on column public.metric_kinds.description is 'What is measured.';
grant select on public.metric_kinds to tributary_hasura;
grant select on public.metric_kinds to tributary_service;

create table public.platforms (
  id text not null,
  display_name text not null,
  coverage text[] default '{}'::text[] not null,
  connectable boolean default false not null,
  policy jsonb default '{}'::jsonb not null,
  updated_at timestamp with time zone default now() not null,
  constraint platforms_pkey PRIMARY KEY (id),
  constraint platforms_id_check CHECK ((id ~ '^[a-z][a-z0-9-]{0,49}$'::text))
);
comment on table public.platforms is 'The platforms this installation knows; rows are written by the service when it starts.';
comment on column public.platforms.id is 'The platform''s key, for example strava.';
comment on column public.platforms.display_name is 'The name to show to people.';
comment on column public.platforms.coverage is 'The kinds of records the platform can yield.';
comment on column public.platforms.connectable is 'Whether this installation has credentials for it.';
comment on column public.platforms.policy is 'What the platform''s terms demand here: retention, deletion deadlines, attribution.';
comment on column public.platforms.updated_at is 'When the service last declared it.';
grant select on public.platforms to tributary_hasura;
grant insert, select, update on public.platforms to tributary_service;

create table public.raw_fitness_data (
  id uuid default gen_random_uuid() not null,
  user_id uuid not null,
  platform character varying(50) not null,
  data_type character varying(100) not null,
  raw_data jsonb not null,
  metadata jsonb not null,
  received_at timestamp with time zone default now() not null,
  processed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint raw_fitness_data_pkey PRIMARY KEY (user_id, created_at, id),
  constraint raw_fitness_data_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
) partition by RANGE (created_at);
CREATE INDEX idx_raw_fitness_processing ON ONLY public.raw_fitness_data USING btree (processed_at) WHERE (processed_at IS NULL);
CREATE INDEX idx_raw_fitness_user_platform ON ONLY public.raw_fitness_data USING btree (user_id, platform, created_at DESC);
CREATE TRIGGER count_raw_data_deleted AFTER DELETE ON public.raw_fitness_data REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION ops.count_raw_data_deleted();
CREATE TRIGGER count_raw_data_inserted AFTER INSERT ON public.raw_fitness_data REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ops.count_raw_data_inserted();
comment on table public.raw_fitness_data is 'Every payload of every platform as it came, a page or chunk a row; append-only but for processed_at.';
comment on column public.raw_fitness_data.id is 'Id of the payload; unique together with user_id and created_at.';
comment on column public.raw_fitness_data.user_id is 'Whose data it is.';
comment on column public.raw_fitness_data.platform is 'Where it came from.';
comment on column public.raw_fitness_data.data_type is 'The platform''s kind of payload, for example activity_list.';
comment on column public.raw_fitness_data.raw_data is 'The payload itself.';
comment on column public.raw_fitness_data.metadata is 'How it was obtained: the sync run or delivery, the page.';
comment on column public.raw_fitness_data.received_at is 'When the platform''s answer arrived.';
comment on column public.raw_fitness_data.processed_at is 'When it was normalized; null until then.';
comment on column public.raw_fitness_data.created_at is 'When the row was written; the partition key.';
grant select, trigger on public.raw_fitness_data to tributary_hasura;
grant delete, insert, select on public.raw_fitness_data to tributary_service;
grant update (processed_at) on public.raw_fitness_data to tributary_service;

create table public.sports (
  id text not null,
  description text not null,
  constraint sports_pkey PRIMARY KEY (id)
);
comment on table public.sports is 'The canonical sports; a platform''s own word is kept beside it in source_sport.';
comment on column public.sports.id is 'The sport.';
comment on column public.sports.description is 'What it covers.';
grant select on public.sports to tributary_hasura;
grant select on public.sports to tributary_service;

create table public.sync_run_kinds (
  id text not null,
  description text not null,
  constraint sync_run_kinds_pkey PRIMARY KEY (id)
);
comment on table public.sync_run_kinds is 'What a sync run is for.';
comment on column public.sync_run_kinds.id is 'The kind.';
comment on column public.sync_run_kinds.description is 'What it means.';
grant select on public.sync_run_kinds to tributary_hasura;
grant select on public.sync_run_kinds to tributary_service;

create table public.sync_run_statuses (
  id text not null,
  description text not null,
  constraint sync_run_statuses_pkey PRIMARY KEY (id)
);
comment on table public.sync_run_statuses is 'The states a sync run can be in.';
comment on column public.sync_run_statuses.id is 'The state.';
comment on column public.sync_run_statuses.description is 'What it means.';
grant select on public.sync_run_statuses to tributary_hasura;
grant select on public.sync_run_statuses to tributary_service;

create table public.sync_runs (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  platform text not null,
  kind text not null,
  status text default 'running'::text not null,
  since timestamp with time zone not null,
  until timestamp with time zone not null,
  reached timestamp with time zone not null,
  next_cursor jsonb,
  progress numeric default 0 not null,
  pages_fetched integer default 0 not null,
  records_fetched integer default 0 not null,
  waiting_until timestamp with time zone,
  error_code text,
  started_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  constraint sync_runs_pkey PRIMARY KEY (user_id, id),
  constraint sync_runs_check CHECK (((status = 'running'::text) = (finished_at IS NULL))),
  constraint sync_runs_progress_check CHECK (((progress >= (0)::numeric) AND (progress <= (1)::numeric))),
  constraint sync_runs_kind_fkey FOREIGN KEY (kind) REFERENCES public.sync_run_kinds(id),
  constraint sync_runs_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint sync_runs_status_fkey FOREIGN KEY (status) REFERENCES public.sync_run_statuses(id),
  constraint sync_runs_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX sync_runs_by_start ON public.sync_runs USING btree (user_id, started_at DESC);
CREATE UNIQUE INDEX sync_runs_one_running ON public.sync_runs USING btree (user_id, platform, kind) WHERE (status = 'running'::text);
comment on table public.sync_runs is 'Progress of every import: what was asked for, how far it is, how it ended.';
comment on column public.sync_runs.user_id is 'Whose data is fetched.';
comment on column public.sync_runs.id is 'Id of the run.';
comment on column public.sync_runs.platform is 'The platform it is fetched from.';
comment on column public.sync_runs.kind is 'What the run is for.';
comment on column public.sync_runs.status is 'The state it is in.';
comment on column public.sync_runs.since is 'Start of the period asked for.';
comment on column public.sync_runs.until is 'End of the period asked for.';
comment on column public.sync_runs.reached is 'How far back the run has come; it works from until to since.';
comment on column public.sync_runs.next_cursor is 'Where the next request continues; not exposed to people.';
comment on column public.sync_runs.progress is 'Share of the work done, from 0 to 1.';
comment on column public.sync_runs.pages_fetched is 'Requests answered so far.';
comment on column public.sync_runs.records_fetched is 'Records received so far, before merging.';
comment on column public.sync_runs.waiting_until is 'When the platform''s request limit lets it go on; null while it is not waiting.';
comment on column public.sync_runs.error_code is 'Why it failed; null unless it did.';
comment on column public.sync_runs.started_at is 'When it was asked for.';
comment on column public.sync_runs.updated_at is 'When it last made progress.';
comment on column public.sync_runs.finished_at is 'When it ended; null while it runs.';
grant select on public.sync_runs to tributary_hasura;
grant delete, insert, select, update on public.sync_runs to tributary_service;

create table public.sync_strategies (
  id text not null,
  description text not null,
  constraint sync_strategies_pkey PRIMARY KEY (id)
);
comment on table public.sync_strategies is 'How new data of a connection is noticed.';
comment on column public.sync_strategies.id is 'The strategy.';
comment on column public.sync_strategies.description is 'What it means.';
grant select on public.sync_strategies to tributary_hasura;
grant select on public.sync_strategies to tributary_service;

create table public.user_fitness_summary (
  user_id uuid not null,
  date date not null,
  platform character varying(50) not null,
  data_points bigint not null,
  data_types jsonb not null,
  constraint user_fitness_summary_pkey PRIMARY KEY (user_id, date, platform),
  constraint user_fitness_summary_data_points_check CHECK ((data_points > 0))
);
comment on table public.user_fitness_summary is 'How much arrived: payloads received for each person, UTC day of arrival and platform.';
comment on column public.user_fitness_summary.user_id is 'Whose data it is.';
comment on column public.user_fitness_summary.date is 'UTC day on which the payloads were stored.';
comment on column public.user_fitness_summary.platform is 'Where they came from.';
comment on column public.user_fitness_summary.data_points is 'Number of payloads.';
comment on column public.user_fitness_summary.data_types is 'The distinct kinds of payload, as a JSON array of text.';
grant select on public.user_fitness_summary to tributary_hasura;
grant delete, insert, select, update on public.user_fitness_summary to tributary_service;

create table vault.oauth_states (
  id uuid default gen_random_uuid() not null,
  user_id uuid not null,
  platform text not null,
  issuer text not null,
  redirect_uri text not null,
  return_to text not null,
  state_hash bytea not null,
  verifier_sealed bytea not null,
  code_sealed bytea,
  callback_scopes text,
  handle_hash bytea,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  constraint oauth_states_pkey PRIMARY KEY (id),
  constraint oauth_states_handle_hash_key UNIQUE (handle_hash),
  constraint oauth_states_state_hash_key UNIQUE (state_hash),
  constraint oauth_states_check CHECK (((handle_hash IS NULL) = (code_sealed IS NULL)))
);
CREATE INDEX oauth_states_by_expiry ON vault.oauth_states USING btree (expires_at);
comment on table vault.oauth_states is 'Attempts to connect that are not finished. State and handle are kept as SHA-256, verifier and code sealed.';
grant delete, insert, select, update on vault.oauth_states to tributary_service;

create table vault.tokens (
  user_id uuid not null,
  platform text not null,
  access_token_sealed bytea not null,
  refresh_token_sealed bytea,
  access_expires_at timestamp with time zone,
  token_version bigint default 1 not null,
  lease_holder uuid,
  lease_expires_at timestamp with time zone,
  updated_at timestamp with time zone default now() not null,
  constraint tokens_pkey PRIMARY KEY (user_id, platform),
  constraint tokens_check CHECK (((lease_holder IS NULL) = (lease_expires_at IS NULL))),
  constraint tokens_user_id_platform_fkey FOREIGN KEY (user_id, platform) REFERENCES public.connections(user_id, platform) ON DELETE CASCADE
);
comment on table vault.tokens is 'Sealed tokens, one pair for each connection. token_version fences refreshes: a write with an older version is refused.';
grant delete, insert, select, update on vault.tokens to tributary_service;

create table vault.user_keys (
  user_id uuid not null,
  key_id uuid not null,
  master_key_id text not null,
  wrapped_key bytea not null,
  created_at timestamp with time zone default now() not null,
  constraint user_keys_pkey PRIMARY KEY (user_id),
  constraint user_keys_key_id_key UNIQUE (key_id),
  constraint user_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
comment on table vault.user_keys is 'One data key for each person, wrapped by a master key; deleting it makes the person''s tokens unreadable.';
grant delete, insert, select, update on vault.user_keys to tributary_service;

CREATE OR REPLACE FUNCTION ops.count_raw_data_deleted()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  with touched as (
    select distinct removed.user_id, removed.created_at::date as date, removed.platform from removed
  ), gone as (
    delete from public.user_fitness_summary summary using touched
    where (summary.user_id, summary.date, summary.platform) = (touched.user_id, touched.date, touched.platform)
    returning 1
  )
  insert into public.user_fitness_summary as summary (user_id, date, platform, data_points, data_types)
  select raw.user_id, touched.date, raw.platform, count(*), jsonb_agg(distinct raw.data_type)
  from touched
  join public.raw_fitness_data raw
    on raw.user_id = touched.user_id and raw.platform = touched.platform
    and raw.created_at >= touched.date and raw.created_at < touched.date + 1
  group by raw.user_id, touched.date, raw.platform
  on conflict (user_id, date, platform) do update
  set data_points = excluded.data_points, data_types = excluded.data_types;
  return null;
end $function$;
comment on function ops.count_raw_data_deleted() is 'Counts the days again from which payloads were removed.';
grant execute on function ops.count_raw_data_deleted() to public;

CREATE OR REPLACE FUNCTION ops.count_raw_data_inserted()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into public.user_fitness_summary as summary (user_id, date, platform, data_points, data_types)
  select added.user_id, added.created_at::date, added.platform, count(*), jsonb_agg(distinct added.data_type)
  from added
  group by added.user_id, added.created_at::date, added.platform
  order by 1, 2, 3
  on conflict (user_id, date, platform) do update
  set data_points = summary.data_points + excluded.data_points,
      data_types = (
        select jsonb_agg(distinct kind)
        from jsonb_array_elements_text(summary.data_types || excluded.data_types) as kind
      );
  return null;
end $function$;
comment on function ops.count_raw_data_inserted() is 'Keeps user_fitness_summary equal to a count over raw_fitness_data, at the cost of the new rows alone.';
grant execute on function ops.count_raw_data_inserted() to public;

CREATE OR REPLACE FUNCTION ops.create_monthly_partitions(p_months_ahead integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_start date;
  v_created integer := 0;
  v_name text;
begin
  perform pg_advisory_xact_lock(hashtextextended('ops.create_monthly_partitions', 0));
  for v_start in
    select generate_series(date_trunc('month', now()), date_trunc('month', now()) + make_interval(months => p_months_ahead), '1 month')::date
  loop
    v_name := 'raw_fitness_data_' || to_char(v_start, 'YYYY_MM');
    if to_regclass('public.' || v_name) is null then
      execute format('create table public.%I partition of public.raw_fitness_data for values from (%L) to (%L)',
        v_name, v_start, (v_start + interval '1 month')::date);
      v_created := v_created + 1;
    end if;
    -- Hasura puts its event trigger on the parent, and Postgres asks for the right on every partition.
    execute format('grant trigger on public.%I to tributary_hasura', v_name);
  end loop;
  return v_created;
end $function$;
comment on function ops.create_monthly_partitions(integer) is 'Creates the partitions of raw_fitness_data for this month and the given number of months ahead; answers how many were new.';
grant execute on function ops.create_monthly_partitions(integer) to tributary_service;

CREATE OR REPLACE FUNCTION ops.rebuild_daily_metrics(p_user_id uuid, p_platform text, p_days date[])
 RETURNS void
 LANGUAGE sql
BEGIN ATOMIC
 WITH totals AS (
          SELECT a.local_day,
             (count(*))::numeric AS activity_count,
             sum(a.distance_m) AS distance_m,
             (sum(a.moving_time_s))::numeric AS moving_time_s,
             (sum(a.elapsed_time_s))::numeric AS elapsed_time_s,
             sum(a.elevation_gain_m) AS elevation_gain_m,
             sum(a.energy_kcal) AS energy_kcal,
             round((sum((a.heart_rate_mean_bpm * (a.moving_time_s)::numeric)) FILTER (WHERE (a.moving_time_s > 0)) / (NULLIF(sum(a.moving_time_s) FILTER (WHERE (a.heart_rate_mean_bpm IS NOT NULL)), 0))::numeric), 2) AS heart_rate_mean_bpm,
             max(a.heart_rate_max_bpm) AS heart_rate_max_bpm
            FROM public.activities a
           WHERE ((a.user_id = rebuild_daily_metrics.p_user_id) AND (a.platform = rebuild_daily_metrics.p_platform) AND (a.local_day = ANY (rebuild_daily_metrics.p_days)))
           GROUP BY a.local_day
         ), metrics AS (
          SELECT totals.local_day,
             metric.kind,
             metric.value
            FROM (totals
              CROSS JOIN LATERAL ( VALUES ('activity_count'::text,totals.activity_count), ('activity_distance_m'::text,totals.distance_m), ('activity_moving_time_s'::text,totals.moving_time_s), ('activity_elapsed_time_s'::text,totals.elapsed_time_s), ('activity_elevation_gain_m'::text,totals.elevation_gain_m), ('activity_energy_kcal'::text,totals.energy_kcal), ('activity_heart_rate_mean_bpm'::text,totals.heart_rate_mean_bpm), ('activity_heart_rate_max_bpm'::text,totals.heart_rate_max_bpm)) metric(kind, value))
           WHERE (metric.value IS NOT NULL)
         ), stale AS (
          DELETE FROM public.daily_metrics d
           WHERE ((d.user_id = rebuild_daily_metrics.p_user_id) AND (d.platform = rebuild_daily_metrics.p_platform) AND (d.local_day = ANY (rebuild_daily_metrics.p_days)) AND d.derived AND (NOT (EXISTS ( SELECT 1
                    FROM metrics m
                   WHERE ((m.local_day = d.local_day) AND (m.kind = d.kind))))))
           RETURNING 1 AS "?column?"
         )
  INSERT INTO public.daily_metrics AS existing (user_id, local_day, platform, kind, value, derived)  SELECT rebuild_daily_metrics.p_user_id AS p_user_id,
             m.local_day,
             rebuild_daily_metrics.p_platform AS p_platform,
             m.kind,
             m.value,
             true
            FROM metrics m
           ORDER BY m.local_day, m.kind ON CONFLICT(user_id, local_day, platform, kind) DO UPDATE SET value = excluded.value, derived = true, updated_at = now()
   WHERE (existing.value IS DISTINCT FROM excluded.value);
END;
comment on function ops.rebuild_daily_metrics(uuid,text,date[]) is 'Derives the daily metrics of the given days from the activities of one platform: same activities in, same rows out. Call it inside the person''s lock.';
grant execute on function ops.rebuild_daily_metrics(uuid,text,date[]) to public;
grant execute on function ops.rebuild_daily_metrics(uuid,text,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.rebuild_daily_summaries(p_user_id uuid, p_days date[])
 RETURNS void
 LANGUAGE sql
BEGIN ATOMIC
 WITH metrics AS (
          SELECT d.local_day,
             d.platform,
             d.kind,
             d.value
            FROM public.daily_metrics d
           WHERE ((d.user_id = rebuild_daily_summaries.p_user_id) AND (d.local_day = ANY (rebuild_daily_summaries.p_days)))
         ), per_platform AS (
          SELECT m.local_day,
             m.platform,
             jsonb_object_agg(m.kind, m.value) AS metrics,
             max(m.value) FILTER (WHERE (m.kind = 'activity_heart_rate_mean_bpm'::text)) AS heart_rate_mean_bpm,
             max(m.value) FILTER (WHERE (m.kind = 'activity_moving_time_s'::text)) AS moving_time_s
            FROM metrics m
           GROUP BY m.local_day, m.platform
         ), days AS (
          SELECT m.local_day,
             (COALESCE(sum(m.value) FILTER (WHERE (m.kind = 'activity_count'::text)), (0)::numeric))::integer AS activity_count,
             sum(m.value) FILTER (WHERE (m.kind = 'activity_distance_m'::text)) AS distance_m,
             (sum(m.value) FILTER (WHERE (m.kind = 'activity_moving_time_s'::text)))::bigint AS moving_time_s,
             (sum(m.value) FILTER (WHERE (m.kind = 'activity_elapsed_time_s'::text)))::bigint AS elapsed_time_s,
             sum(m.value) FILTER (WHERE (m.kind = 'activity_elevation_gain_m'::text)) AS elevation_gain_m,
             sum(m.value) FILTER (WHERE (m.kind = 'activity_energy_kcal'::text)) AS energy_kcal,
             max(m.value) FILTER (WHERE (m.kind = 'activity_heart_rate_max_bpm'::text)) AS heart_rate_max_bpm
            FROM metrics m
           GROUP BY m.local_day
         ), merged AS (
          SELECT p.local_day,
             jsonb_object_agg(p.platform, p.metrics) AS sources,
             round((sum((p.heart_rate_mean_bpm * p.moving_time_s)) / NULLIF(sum(p.moving_time_s) FILTER (WHERE (p.heart_rate_mean_bpm IS NOT NULL)), (0)::numeric)), 2) AS heart_rate_mean_bpm
            FROM per_platform p
           GROUP BY p.local_day
         ), sports AS (
          SELECT a.local_day,
             array_agg(DISTINCT a.sport ORDER BY a.sport) AS sports
            FROM public.activities a
           WHERE ((a.user_id = rebuild_daily_summaries.p_user_id) AND (a.local_day = ANY (rebuild_daily_summaries.p_days)))
           GROUP BY a.local_day
         ), emptied AS (
          DELETE FROM public.daily_summaries s
           WHERE ((s.user_id = rebuild_daily_summaries.p_user_id) AND (s.local_day = ANY (rebuild_daily_summaries.p_days)) AND (NOT (EXISTS ( SELECT 1
                    FROM days d
                   WHERE (d.local_day = s.local_day)))))
           RETURNING 1 AS "?column?"
         )
  INSERT INTO public.daily_summaries (user_id, local_day, activity_count, distance_m, moving_time_s, elapsed_time_s, elevation_gain_m, energy_kcal, heart_rate_mean_bpm, heart_rate_max_bpm, sports, sources)  SELECT rebuild_daily_summaries.p_user_id AS p_user_id,
             d.local_day,
             d.activity_count,
             d.distance_m,
             d.moving_time_s,
             d.elapsed_time_s,
             d.elevation_gain_m,
             d.energy_kcal,
             m.heart_rate_mean_bpm,
             d.heart_rate_max_bpm,
             COALESCE(s.sports, '{}'::text[]) AS "coalesce",
             m.sources
            FROM ((days d
              JOIN merged m USING (local_day))
              LEFT JOIN sports s USING (local_day))
           ORDER BY d.local_day ON CONFLICT(user_id, local_day) DO UPDATE SET activity_count = excluded.activity_count, distance_m = excluded.distance_m, moving_time_s = excluded.moving_time_s, elapsed_time_s = excluded.elapsed_time_s, elevation_gain_m = excluded.elevation_gain_m, energy_kcal = excluded.energy_kcal, heart_rate_mean_bpm = excluded.heart_rate_mean_bpm, heart_rate_max_bpm = excluded.heart_rate_max_bpm, sports = excluded.sports, sources = excluded.sources, updated_at = now();
END;
comment on function ops.rebuild_daily_summaries(uuid,date[]) is 'Rebuilds the summaries of the given days from daily metrics: same metrics in, same rows out. Call it inside the person''s lock.';
grant execute on function ops.rebuild_daily_summaries(uuid,date[]) to public;
grant execute on function ops.rebuild_daily_summaries(uuid,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.store_activities(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_observed_at timestamp with time zone, p_records jsonb)
 RETURNS date[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_days date[];
  v_days_of_details date[];
begin
  with incoming as (
    select r.* from jsonb_to_recordset(p_records) as r (
      "sourceId" text, sport text, "sourceSport" text, name text, "localDay" date, "startedAt" timestamptz, "endedAt" timestamptz,
      "startOffsetSeconds" integer, "timeZone" text, "startTimeHidden" boolean, "distanceM" numeric, "movingTimeS" integer,
      "elapsedTimeS" integer, "elevationGainM" numeric, "meanSpeedMPerS" numeric, "maxSpeedMPerS" numeric,
      "heartRateMeanBpm" numeric, "heartRateMaxBpm" numeric, "cadenceMeanRpm" numeric, "powerMeanW" numeric,
      manual boolean, indoor boolean, "hasRoute" boolean, private boolean, "deviceName" text, "sourceUrl" text)
    where not exists (
      select 1 from ops.deleted_records d
      where d.user_id = p_user_id and d.platform = p_platform and d.source_id = r."sourceId" and d.observed_at >= p_observed_at)
  ), written as (
    insert into public.activities as a (user_id, platform, source_id, sport, source_sport, name, local_day, started_at, ended_at,
      start_offset_seconds, time_zone, start_time_hidden, distance_m, moving_time_s, elapsed_time_s, elevation_gain_m,
      mean_speed_m_per_s, max_speed_m_per_s, heart_rate_mean_bpm, heart_rate_max_bpm, cadence_mean_rpm, power_mean_w,
      manual, indoor, has_route, private, device_name, source_url, raw_id, raw_created_at, observed_at)
    select p_user_id, p_platform, i."sourceId", coalesce(s.id, 'other'), i."sourceSport", i.name, i."localDay", i."startedAt", i."endedAt",
      i."startOffsetSeconds", i."timeZone", i."startTimeHidden", i."distanceM", i."movingTimeS", i."elapsedTimeS", i."elevationGainM",
      i."meanSpeedMPerS", i."maxSpeedMPerS", i."heartRateMeanBpm", i."heartRateMaxBpm", i."cadenceMeanRpm", i."powerMeanW",
      i.manual, i.indoor, i."hasRoute", i.private, i."deviceName", i."sourceUrl", p_raw_id, p_raw_created_at, p_observed_at
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
      source_url = excluded.source_url, raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at,
      observed_at = excluded.observed_at, updated_at = now()
    -- The same payload again (a replay, a second delivery of the job) or an older one changes nothing.
    where excluded.observed_at > a.observed_at
      or (excluded.observed_at = a.observed_at and (excluded.raw_id > a.raw_id or (excluded.raw_id = a.raw_id
        and row(a.sport, a.source_sport, a.name, a.local_day, a.started_at, a.ended_at, a.start_offset_seconds, a.time_zone,
            a.start_time_hidden, a.distance_m, a.moving_time_s, a.elapsed_time_s, a.elevation_gain_m, a.mean_speed_m_per_s,
            a.max_speed_m_per_s, a.heart_rate_mean_bpm, a.heart_rate_max_bpm, a.cadence_mean_rpm, a.power_mean_w, a.manual,
            a.indoor, a.has_route, a.private, a.device_name, a.source_url)
          is distinct from row(excluded.sport, excluded.source_sport, excluded.name, excluded.local_day, excluded.started_at,
            excluded.ended_at, excluded.start_offset_seconds, excluded.time_zone, excluded.start_time_hidden, excluded.distance_m,
            excluded.moving_time_s, excluded.elapsed_time_s, excluded.elevation_gain_m, excluded.mean_speed_m_per_s,
            excluded.max_speed_m_per_s, excluded.heart_rate_mean_bpm, excluded.heart_rate_max_bpm, excluded.cadence_mean_rpm,
            excluded.power_mean_w, excluded.manual, excluded.indoor, excluded.has_route, excluded.private, excluded.device_name,
            excluded.source_url))))
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

  return array(select distinct day from unnest(v_days || v_days_of_details) as day order by day);
end $function$;
comment on function ops.store_activities(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) is 'Writes the activities of one payload and answers the local days whose numbers may have changed. An older payload never overwrites a newer one; the same payload twice changes nothing.';
grant execute on function ops.store_activities(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to public;
grant execute on function ops.store_activities(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to tributary_service;

CREATE OR REPLACE FUNCTION ops.store_activity_streams(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_observed_at timestamp with time zone, p_records jsonb)
 RETURNS text[]
 LANGUAGE sql
BEGIN ATOMIC
 WITH incoming AS (
          SELECT r."sourceId",
             r.kind,
             r.unit,
             r."offsetsS",
             r."values",
             a.id AS activity_id
            FROM (jsonb_to_recordset(store_activity_streams.p_records) r("sourceId" text, kind text, unit text, "offsetsS" integer[], "values" numeric[])
              LEFT JOIN public.activities a ON (((a.user_id = store_activity_streams.p_user_id) AND (a.platform = store_activity_streams.p_platform) AND (a.source_id = r."sourceId"))))
         ), written AS (
          INSERT INTO public.activity_streams AS s (user_id, activity_id, kind, unit, offsets_s, "values", raw_id, raw_created_at, observed_at)  SELECT store_activity_streams.p_user_id AS p_user_id,
                     i_1.activity_id,
                     i_1.kind,
                     i_1.unit,
                     i_1."offsetsS",
                     i_1."values",
                     store_activity_streams.p_raw_id AS p_raw_id,
                     store_activity_streams.p_raw_created_at AS p_raw_created_at,
                     store_activity_streams.p_observed_at AS p_observed_at
                    FROM incoming i_1
                   WHERE (i_1.activity_id IS NOT NULL)
                   ORDER BY i_1.activity_id, i_1.kind ON CONFLICT(user_id, activity_id, kind) DO UPDATE SET unit = excluded.unit, offsets_s = excluded.offsets_s, "values" = excluded."values", raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at
           WHERE ((excluded.observed_at > s.observed_at) OR ((excluded.observed_at = s.observed_at) AND (((s.unit IS DISTINCT FROM excluded.unit) OR (s.offsets_s IS DISTINCT FROM excluded.offsets_s)) OR (s."values" IS DISTINCT FROM excluded."values"))))
         )
  SELECT COALESCE(array_agg(DISTINCT i."sourceId"), '{}'::text[]) AS "coalesce"
    FROM incoming i
   WHERE ((i.activity_id IS NULL) AND (NOT (EXISTS ( SELECT 1
            FROM ops.deleted_records d
           WHERE ((d.user_id = store_activity_streams.p_user_id) AND (d.platform = store_activity_streams.p_platform) AND (d.source_id = i."sourceId") AND (d.observed_at >= store_activity_streams.p_observed_at))))));
END;
comment on function ops.store_activity_streams(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) is 'Writes the series of one payload; answers the source ids whose activity is not here.';
grant execute on function ops.store_activity_streams(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to public;
grant execute on function ops.store_activity_streams(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to tributary_service;

CREATE OR REPLACE FUNCTION ops.take_request(p_platform text, p_share numeric)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_wait_until timestamptz;
begin
  perform 1 from ops.request_budgets b where b.platform = p_platform order by b.window_name for update;
  update ops.request_budgets b
  set used = 0, resets_at = to_timestamp((floor(extract(epoch from clock_timestamp()) / b.window_seconds) + 1) * b.window_seconds)
  where b.platform = p_platform and b.resets_at <= clock_timestamp();
  select max(b.resets_at) into v_wait_until
  from ops.request_budgets b
  where b.platform = p_platform and b.used + 1 > floor(b.quota * p_share);
  if v_wait_until is null then
    update ops.request_budgets b set used = b.used + 1 where b.platform = p_platform;
  end if;
  return v_wait_until;
end $function$;
comment on function ops.take_request(text,numeric) is 'Takes one request from every window of the platform''s budget and answers null, or answers when to try again. The share (0 to 1] keeps the rest of each window for more urgent work.';
grant execute on function ops.take_request(text,numeric) to public;
grant execute on function ops.take_request(text,numeric) to tributary_service;
