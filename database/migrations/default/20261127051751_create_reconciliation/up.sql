set local lock_timeout = '5s';

insert into public.sync_run_kinds (id, description) values
  ('reconciliation', 'The platform''s list compared with what is here, and what differs repaired.');

create table public.reconciliation_reports (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  platform text not null references public.platforms (id),
  status text not null default 'running' check (status in ('running', 'complete', 'failed', 'not_available')),
  reason text,
  since timestamptz not null,
  until timestamptz not null,
  listed integer not null default 0,
  missing integer not null default 0,
  changed integer not null default 0,
  deleted integer not null default 0,
  repaired integer not null default 0,
  causes jsonb not null default '{}',
  not_compared text[] not null default '{}',
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (user_id, id),
  check ((status = 'running') = (finished_at is null))
);
create index reconciliation_reports_by_time on public.reconciliation_reports (user_id, started_at desc);
comment on table public.reconciliation_reports is 'What a comparison of a platform''s list with what is here found, and why as far as known.';
comment on column public.reconciliation_reports.user_id is 'Whose data was compared.';
comment on column public.reconciliation_reports.id is 'Id of the report; its sync run has the same.';
comment on column public.reconciliation_reports.platform is 'The platform whose list was read.';
comment on column public.reconciliation_reports.status is 'running, complete, failed, or not_available where the platform has no list.';
comment on column public.reconciliation_reports.reason is 'Why it failed or is not available; null otherwise.';
comment on column public.reconciliation_reports.since is 'Start of the period compared.';
comment on column public.reconciliation_reports.until is 'End of the period compared.';
comment on column public.reconciliation_reports.listed is 'Records that the platform listed.';
comment on column public.reconciliation_reports.missing is 'Of them, those that were not here.';
comment on column public.reconciliation_reports.changed is 'Of them, those that were different here.';
comment on column public.reconciliation_reports.deleted is 'Records here that are gone at the platform.';
comment on column public.reconciliation_reports.repaired is 'Findings that were repaired.';
comment on column public.reconciliation_reports.causes is 'How many findings had which cause.';
comment on column public.reconciliation_reports.not_compared is 'Data types that were read again without a comparison.';
comment on column public.reconciliation_reports.started_at is 'When it began.';
comment on column public.reconciliation_reports.finished_at is 'When it ended; null while it runs.';

create table public.reconciliation_findings (
  user_id uuid not null,
  report_id uuid not null,
  platform text not null references public.platforms (id),
  kind text not null check (kind in ('missing', 'changed', 'deleted')),
  source_id text not null,
  cause text not null,
  state text not null check (state in ('suspected', 'repaired', 'not_confirmed')),
  happened_at timestamptz,
  found_at timestamptz not null default now(),
  primary key (user_id, report_id, kind, source_id),
  foreign key (user_id, report_id) references public.reconciliation_reports (user_id, id) on delete cascade
);
comment on table public.reconciliation_findings is 'Each record that a comparison found missing, changed or deleted.';
comment on column public.reconciliation_findings.user_id is 'Whose record it is.';
comment on column public.reconciliation_findings.report_id is 'The report it belongs to.';
comment on column public.reconciliation_findings.platform is 'The platform it is about.';
comment on column public.reconciliation_findings.kind is 'missing here, changed at the platform, or deleted there.';
comment on column public.reconciliation_findings.source_id is 'The platform''s id of the record.';
comment on column public.reconciliation_findings.cause is 'Why it was not noticed: webhook_never_came, delivery_failed, delivery_waiting, not_normalized, import_incomplete, or not_polled.';
comment on column public.reconciliation_findings.state is 'suspected until the platform confirms a deletion; then repaired, or not_confirmed.';
comment on column public.reconciliation_findings.happened_at is 'When the record itself began; null when that is not known.';
comment on column public.reconciliation_findings.found_at is 'When it was found.';

create table ops.failed_notices (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  platform text not null references public.platforms (id),
  source_id text not null,
  cause text not null,
  noticed_at timestamptz not null default now(),
  primary key (user_id, platform, source_id)
);
comment on table ops.failed_notices is 'Records that a webhook told of and that could not be read back: what a later comparison finds has a reason.';
comment on column ops.failed_notices.user_id is 'Whose record it is.';
comment on column ops.failed_notices.platform is 'Who told of it.';
comment on column ops.failed_notices.source_id is 'The platform''s id of the record.';
comment on column ops.failed_notices.cause is 'Why it could not be read back, as an error code.';
comment on column ops.failed_notices.noticed_at is 'When.';

grant select on public.reconciliation_reports, public.reconciliation_findings to tributary_hasura;
grant select, insert, update, delete on public.reconciliation_reports, public.reconciliation_findings, ops.failed_notices to tributary_service;
