set local lock_timeout = '5s';

create table public.platforms (
  id text primary key check (id ~ '^[a-z][a-z0-9-]{0,49}$'),
  display_name text not null,
  coverage text[] not null default '{}',
  connectable boolean not null default false,
  policy jsonb not null default '{}',
  updated_at timestamptz not null default now()
);
comment on table public.platforms is 'The platforms this installation knows; rows are written by the service when it starts.';
comment on column public.platforms.id is 'The platform''s key, for example strava.';
comment on column public.platforms.display_name is 'The name to show to people.';
comment on column public.platforms.coverage is 'The kinds of records the platform can yield.';
comment on column public.platforms.connectable is 'Whether this installation has credentials for it.';
comment on column public.platforms.policy is 'What the platform''s terms demand here: retention, deletion deadlines, attribution.';
comment on column public.platforms.updated_at is 'When the service last declared it.';

create table public.app_users (
  user_id uuid primary key,
  time_zone text,
  created_at timestamptz not null default now()
);
comment on table public.app_users is 'One row for each person who has connected something.';
comment on column public.app_users.user_id is 'The person, as named by the identity provider in x-hasura-user-id.';
comment on column public.app_users.time_zone is 'IANA time zone the person chose; null means not chosen.';
comment on column public.app_users.created_at is 'When the person was first seen here.';

create table public.connection_statuses (id text primary key, description text not null);
comment on table public.connection_statuses is 'The states a connection can be in.';
comment on column public.connection_statuses.id is 'The state.';
comment on column public.connection_statuses.description is 'What it means.';
insert into public.connection_statuses (id, description) values
  ('active', 'Data flows.'),
  ('limited', 'Connected, but the person did not grant every scope that is needed.'),
  ('needs_reauth', 'The platform no longer accepts the tokens; the person has to connect again.'),
  ('disconnected', 'Ended by the person or by the platform; the tokens are gone.');

create table public.sync_strategies (id text primary key, description text not null);
comment on table public.sync_strategies is 'How new data of a connection is noticed.';
comment on column public.sync_strategies.id is 'The strategy.';
comment on column public.sync_strategies.description is 'What it means.';
insert into public.sync_strategies (id, description) values
  ('push', 'The platform sends webhooks.'),
  ('pull', 'The service polls.'),
  ('hybrid', 'Webhooks, and polling while they are silent.');

create table public.connections (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  platform text not null references public.platforms (id),
  id uuid not null default gen_random_uuid() unique,
  status text not null references public.connection_statuses (id),
  status_reason text,
  granted_scopes text[] not null default '{}',
  missing_scopes text[] not null default '{}',
  strategy text not null default 'push' references public.sync_strategies (id),
  platform_user_id text not null,
  last_webhook_at timestamptz,
  last_synced_at timestamptz,
  connected_at timestamptz not null default now(),
  disconnected_at timestamptz,
  updated_at timestamptz not null default now(),
  primary key (user_id, platform)
);
create unique index connections_one_owner_per_account on public.connections (platform, platform_user_id)
  where status <> 'disconnected';
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

grant select, insert, update on public.platforms to tributary_service;
grant select, insert, update, delete on public.app_users, public.connections to tributary_service;
grant select on public.connection_statuses, public.sync_strategies to tributary_service;
grant select on public.platforms, public.connections, public.connection_statuses, public.sync_strategies to tributary_hasura;
grant select, update (time_zone) on public.app_users to tributary_hasura;
