set local lock_timeout = '5s';

alter table vault.purpose_keys drop constraint purpose_keys_purpose_check;
alter table vault.purpose_keys add constraint purpose_keys_purpose_check
  check (purpose in ('oauth_state', 'inbox', 'revocation', 'export'));

create table public.data_exports (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid() unique,
  request_id uuid not null,
  status text not null default 'running' check (status in ('running', 'ready', 'downloaded', 'expired', 'failed')),
  progress numeric not null default 0 check (progress between 0 and 1),
  rows_written bigint not null default 0,
  byte_count bigint,
  sha256 text,
  error_code text,
  attempt uuid,
  download_until timestamptz,
  requested_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  ready_at timestamptz,
  expires_at timestamptz,
  downloaded_at timestamptz,
  primary key (user_id, id),
  check ((status = 'running') = (ready_at is null and error_code is null)),
  check ((ready_at is null) = (expires_at is null)),
  check ((status = 'downloaded') = (downloaded_at is not null))
);
create unique index data_exports_one_at_a_time on public.data_exports (user_id) where status = 'running';
comment on table public.data_exports is 'Copies of a person''s data that were asked for: how far each is, and whether it can be fetched.';
comment on column public.data_exports.user_id is 'Whose data it is.';
comment on column public.data_exports.id is 'Id of the export; GET /exports/<id> fetches it once.';
comment on column public.data_exports.request_id is 'The row of data_requests that it answers.';
comment on column public.data_exports.status is 'running, ready, downloaded, expired or failed.';
comment on column public.data_exports.progress is 'Share of the work done, from 0 to 1.';
comment on column public.data_exports.rows_written is 'Rows written so far.';
comment on column public.data_exports.byte_count is 'Size of the zip in bytes; null until it is ready.';
comment on column public.data_exports.sha256 is 'SHA-256 of the zip, hexadecimal; null until it is ready.';
comment on column public.data_exports.error_code is 'Why it failed; null unless it did.';
comment on column public.data_exports.attempt is 'Which run of the job writes it; not exposed to people.';
comment on column public.data_exports.download_until is 'While it is being fetched, until when nobody else can; not exposed to people.';
comment on column public.data_exports.requested_at is 'When it was asked for.';
comment on column public.data_exports.updated_at is 'When it last made progress.';
comment on column public.data_exports.ready_at is 'When it was ready.';
comment on column public.data_exports.expires_at is 'When it is removed, fetched or not.';
comment on column public.data_exports.downloaded_at is 'When it was fetched whole, and removed.';
grant select, insert, delete, update (status, progress, rows_written, byte_count, sha256, error_code, attempt, download_until, updated_at,
  ready_at, expires_at, downloaded_at) on public.data_exports to tributary_service;
grant select on public.data_exports to tributary_hasura;

create table ops.export_chunks (
  user_id uuid not null,
  export_id uuid not null,
  attempt uuid not null,
  from_byte bigint not null check (from_byte >= 0),
  byte_count integer not null check (byte_count > 0),
  bytes_sealed bytea not null,
  primary key (user_id, export_id, attempt, from_byte),
  foreign key (user_id, export_id) references public.data_exports (user_id, id) on delete cascade
);
comment on table ops.export_chunks is 'The zip of an export in sealed pieces, until it is fetched or expires.';
grant select, insert, delete on ops.export_chunks to tributary_service;

create table public.processing_activities (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  day date not null,
  activity text not null check (activity in ('connect', 'receive', 'normalize', 'merge', 'expire', 'access', 'export', 'disconnect')),
  platform text not null default '',
  purpose text not null,
  times bigint not null default 1 check (times > 0),
  first_at timestamptz not null default clock_timestamp(),
  last_at timestamptz not null default clock_timestamp(),
  primary key (user_id, day, activity, platform, purpose)
);
comment on table public.processing_activities is 'What was done with a person''s data, one row for each day, kind, platform and purpose.';
comment on column public.processing_activities.user_id is 'Whose data it was.';
comment on column public.processing_activities.day is 'The day, in UTC.';
comment on column public.processing_activities.activity is 'What was done: connect, receive, normalize, merge, expire, access, export or disconnect.';
comment on column public.processing_activities.platform is 'The platform the data came from; empty when it is about all of them.';
comment on column public.processing_activities.purpose is 'What for; docs/compliance/records-of-processing.md describes each.';
comment on column public.processing_activities.times is 'How often on that day.';
comment on column public.processing_activities.first_at is 'The first time on that day.';
comment on column public.processing_activities.last_at is 'The last time on that day.';
grant select, insert, update (times, last_at), delete on public.processing_activities to tributary_service;
grant select on public.processing_activities to tributary_hasura;
