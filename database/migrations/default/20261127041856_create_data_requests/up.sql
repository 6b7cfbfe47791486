set local lock_timeout = '5s';

create table public.data_requests (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid() unique,
  kind text not null check (kind in ('access', 'export', 'erasure', 'rectification', 'restriction', 'objection')),
  status text not null default 'received' check (status in ('received', 'in_progress', 'completed', 'refused', 'cancelled')),
  channel text not null check (channel in ('app', 'email', 'letter', 'other')),
  received_at timestamptz not null,
  received_day date not null,
  due_day date not null,
  due_at timestamptz not null,
  extended_at timestamptz,
  extension_reason text check (length(extension_reason) between 10 and 1000),
  answered_at timestamptz,
  refusal_reason text check (length(refusal_reason) between 10 and 1000),
  warning text check (warning in ('seven_days', 'two_days', 'overdue')),
  warned_at timestamptz,
  updated_at timestamptz not null default now(),
  primary key (user_id, id),
  check (due_day > received_day),
  check ((extended_at is null) = (extension_reason is null)),
  check ((answered_at is null) = (status in ('received', 'in_progress'))),
  check ((refusal_reason is not null) = (status = 'refused')),
  check ((warning is null) = (warned_at is null))
);
create index data_requests_open on public.data_requests (due_at) where answered_at is null;
comment on table public.data_requests is 'What a person asked for under the GDPR, and by when it has to be answered.';
comment on column public.data_requests.user_id is 'Who asked.';
comment on column public.data_requests.id is 'Id of the request.';
comment on column public.data_requests.kind is 'What was asked for: access, export, erasure, rectification, restriction or objection.';
comment on column public.data_requests.status is 'received, in_progress, completed, refused or cancelled.';
comment on column public.data_requests.channel is 'How it came: app, email, letter or other.';
comment on column public.data_requests.received_at is 'When it came.';
comment on column public.data_requests.received_day is 'The day it came, where the operator is.';
comment on column public.data_requests.due_day is 'The last day on which it can be answered in time: one month, or three when it was extended.';
comment on column public.data_requests.due_at is 'The end of that day, where the operator is.';
comment on column public.data_requests.extended_at is 'When the two further months were taken and the person told; null: they were not.';
comment on column public.data_requests.extension_reason is 'Why it takes longer, as the person was told.';
comment on column public.data_requests.answered_at is 'When it was done, refused or withdrawn; null while it is open.';
comment on column public.data_requests.refusal_reason is 'Why it was refused, as the person was told.';
comment on column public.data_requests.warning is 'How close the end is: seven_days, two_days or overdue; null: further away.';
comment on column public.data_requests.warned_at is 'When that was noticed.';
comment on column public.data_requests.updated_at is 'When it last changed.';
grant select, insert, delete, update (status, due_day, due_at, extended_at, extension_reason, answered_at, refusal_reason, warning, warned_at, updated_at)
  on public.data_requests to tributary_service;
grant select on public.data_requests to tributary_hasura;
