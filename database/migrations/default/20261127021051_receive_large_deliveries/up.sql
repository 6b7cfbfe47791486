set local lock_timeout = '5s';

alter table ops.webhook_deliveries
  alter column body_sealed drop not null,
  add column items_done integer not null default 0 check (items_done >= 0),
  add column outcomes jsonb not null default '{}',
  drop constraint webhook_deliveries_state_check,
  add constraint webhook_deliveries_state_check check (state in ('receiving', 'received', 'processed', 'dropped')),
  drop constraint webhook_deliveries_check,
  add constraint webhook_deliveries_check check ((state in ('receiving', 'received')) = (processed_at is null));
comment on column ops.webhook_deliveries.body_sealed is 'The exact bytes, sealed; null when they are in webhook_delivery_chunks.';
comment on column ops.webhook_deliveries.items_done is 'Items of a large delivery that are dealt with: where a worker that was killed is succeeded.';
comment on column ops.webhook_deliveries.outcomes is 'How many items of a large delivery ended how.';

create table ops.webhook_delivery_chunks (
  delivery_id uuid not null references ops.webhook_deliveries (id) on delete cascade,
  position integer not null check (position >= 0),
  bytes_sealed bytea not null,
  primary key (delivery_id, position)
);
comment on table ops.webhook_delivery_chunks is 'The bytes of a large delivery in pieces of at most 1 MiB, each sealed.';
comment on column ops.webhook_delivery_chunks.delivery_id is 'The delivery.';
comment on column ops.webhook_delivery_chunks.position is 'From 0, in the order of the bytes.';
comment on column ops.webhook_delivery_chunks.bytes_sealed is 'The piece.';

create table ops.delivered_items (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  platform text not null references public.platforms (id),
  data_type text not null,
  digest bytea not null,
  received_at timestamptz not null default now(),
  primary key (user_id, platform, data_type, digest)
);
create index delivered_items_by_age on ops.delivered_items (received_at);
comment on table ops.delivered_items is 'SHA-256 of every item that a platform pushed: what is sent again is not news. Kept for thirty days.';
comment on column ops.delivered_items.user_id is 'Whose item it was.';
comment on column ops.delivered_items.platform is 'Who pushed it.';
comment on column ops.delivered_items.data_type is 'Its kind.';
comment on column ops.delivered_items.digest is 'Of its exact bytes.';
comment on column ops.delivered_items.received_at is 'When it first came.';

create table ops.callbacks (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  platform text not null references public.platforms (id),
  data_type text not null,
  url_sealed bytea not null,
  url_digest bytea not null,
  file_facts jsonb,
  delivery_id uuid not null,
  state text not null default 'waiting' check (state in ('waiting', 'stored', 'failed')),
  outcome text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (user_id, id),
  unique (user_id, platform, url_digest),
  check ((state = 'waiting') = (finished_at is null))
);
create index callbacks_by_age on ops.callbacks (created_at);
comment on table ops.callbacks is 'Addresses at which a platform said that data waits; each is fetched once with the owner''s token.';
comment on column ops.callbacks.user_id is 'Whose data it is.';
comment on column ops.callbacks.id is 'Id of the callback.';
comment on column ops.callbacks.platform is 'Who sent it.';
comment on column ops.callbacks.data_type is 'What kind of payload it is stored as.';
comment on column ops.callbacks.url_sealed is 'The address as delivered, sealed: it may hold a token.';
comment on column ops.callbacks.url_digest is 'SHA-256 of the address: an address is fetched once.';
comment on column ops.callbacks.file_facts is 'What is stored beside a file; null where the answer is JSON.';
comment on column ops.callbacks.delivery_id is 'The delivery it came with.';
comment on column ops.callbacks.state is 'waiting, stored or failed.';
comment on column ops.callbacks.outcome is 'Why it failed.';
comment on column ops.callbacks.created_at is 'When it came.';
comment on column ops.callbacks.finished_at is 'When it was fetched or given up.';

create table ops.backfill_requests (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  platform text not null references public.platforms (id),
  data_type text not null,
  window_start timestamptz not null,
  window_end timestamptz not null,
  outcome text,
  asked_at timestamptz not null default now(),
  primary key (user_id, platform, data_type, window_start, window_end),
  check (window_end > window_start)
);
comment on table ops.backfill_requests is 'Windows of history that a platform was asked to send: none is asked for twice while the connection lasts.';
comment on column ops.backfill_requests.user_id is 'Whose history it is.';
comment on column ops.backfill_requests.platform is 'Who was asked.';
comment on column ops.backfill_requests.data_type is 'The kind of data.';
comment on column ops.backfill_requests.window_start is 'Start of the window.';
comment on column ops.backfill_requests.window_end is 'End of the window.';
comment on column ops.backfill_requests.outcome is 'accepted, asked_before, too_old or not_permitted; null until it is answered.';
comment on column ops.backfill_requests.asked_at is 'When it was first asked for.';

alter table ops.request_budgets add column unit text not null default 'request' check (unit in ('request', 'day_of_data'));
comment on column ops.request_budgets.unit is 'What is counted: requests, or days of data asked for.';

alter table public.daily_metrics add column finality bigint not null default 0;
comment on column public.daily_metrics.finality is 'How complete the platform called it (seconds of the day covered, say): a less complete value never replaces a more complete one.';

grant select, insert, update, delete on ops.webhook_delivery_chunks, ops.delivered_items, ops.callbacks, ops.backfill_requests to tributary_service;
