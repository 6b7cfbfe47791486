set local lock_timeout = '5s';

create table public.emergency_accesses (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid() unique,
  reason text not null check (length(reason) between 10 and 1000),
  minutes integer not null check (minutes between 1 and 60),
  requested_by uuid not null,
  requested_at timestamptz not null default now(),
  approved_by uuid,
  approved_at timestamptz,
  expires_at timestamptz,
  primary key (user_id, id),
  check (approved_by <> requested_by),
  check ((approved_by is null) = (approved_at is null) and (approved_by is null) = (expires_at is null)),
  check (expires_at <= approved_at + interval '60 minutes')
);
comment on table public.emergency_accesses is 'Break-glass: an operator asks to read one person''s data, another person approves, and it ends by itself. Every read is in access_log.';
comment on column public.emergency_accesses.user_id is 'Whose data it is about.';
comment on column public.emergency_accesses.id is 'Id of the access.';
comment on column public.emergency_accesses.reason is 'Why, in the words of who asked.';
comment on column public.emergency_accesses.minutes is 'For how long from the approval.';
comment on column public.emergency_accesses.requested_by is 'Who asked, and alone may read.';
comment on column public.emergency_accesses.requested_at is 'When it was asked for; it lapses after an hour without approval.';
comment on column public.emergency_accesses.approved_by is 'Who approved: somebody else.';
comment on column public.emergency_accesses.approved_at is 'When it was approved.';
comment on column public.emergency_accesses.expires_at is 'When it ends, by itself.';
grant select, insert, update (approved_by, approved_at, expires_at) on public.emergency_accesses to tributary_service;
grant select on public.emergency_accesses to tributary_hasura;
