set local lock_timeout = '5s';

create table ops.webhook_subscriptions (
  platform text primary key references public.platforms (id),
  subscription_id text not null,
  confirmed_at timestamptz not null default now()
);
comment on table ops.webhook_subscriptions is 'Our subscription at each platform; a delivery for another one is refused.';

create table ops.webhook_deliveries (
  id uuid primary key default gen_random_uuid(),
  platform text not null references public.platforms (id),
  dedupe_key text not null,
  body_sealed bytea not null,
  state text not null default 'received' check (state in ('received', 'processed', 'dropped')),
  outcome text,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  unique (platform, dedupe_key),
  check ((state = 'received') = (processed_at is null))
);
create index webhook_deliveries_waiting on ops.webhook_deliveries (received_at) where state = 'received';
comment on table ops.webhook_deliveries is 'The inbox: the exact bytes of every accepted webhook, sealed, stored before it is answered.';

create table public.raw_fitness_data (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  platform varchar(50) not null references public.platforms (id),
  data_type varchar(100) not null,
  raw_data jsonb not null,
  metadata jsonb not null,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (user_id, created_at, id)
) partition by range (created_at);
create index idx_raw_fitness_user_platform on public.raw_fitness_data (user_id, platform, created_at desc);
create index idx_raw_fitness_processing on public.raw_fitness_data (processed_at) where processed_at is null;
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

create table ops.rejected_records (
  user_id uuid not null,
  raw_created_at timestamptz not null,
  raw_id uuid not null,
  position integer not null check (position >= 0),
  reason text not null,
  primary key (user_id, raw_created_at, raw_id, position),
  foreign key (user_id, raw_created_at, raw_id) references public.raw_fitness_data (user_id, created_at, id) on delete cascade
);
comment on table ops.rejected_records is 'Records inside a payload that could not be normalized, by position, with the reason and never the value.';

create table public.user_fitness_summary (
  user_id uuid not null,
  date date not null,
  platform varchar(50) not null,
  data_points bigint not null check (data_points > 0),
  data_types jsonb not null,
  primary key (user_id, date, platform)
);
comment on table public.user_fitness_summary is 'How much arrived: payloads received for each person, UTC day of arrival and platform.';
comment on column public.user_fitness_summary.user_id is 'Whose data it is.';
comment on column public.user_fitness_summary.date is 'UTC day on which the payloads were stored.';
comment on column public.user_fitness_summary.platform is 'Where they came from.';
comment on column public.user_fitness_summary.data_points is 'Number of payloads.';
comment on column public.user_fitness_summary.data_types is 'The distinct kinds of payload, as a JSON array of text.';

grant select, insert, update, delete on ops.webhook_subscriptions, ops.webhook_deliveries to tributary_service;
grant select, insert, delete on public.raw_fitness_data to tributary_service;
grant update (processed_at) on public.raw_fitness_data to tributary_service;
grant select, insert, update, delete on ops.rejected_records to tributary_service;
grant select, insert, update, delete on public.user_fitness_summary to tributary_service;
grant select, trigger on public.raw_fitness_data to tributary_hasura;
grant select on public.user_fitness_summary to tributary_hasura;
