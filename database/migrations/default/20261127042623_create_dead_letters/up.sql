set local lock_timeout = '5s';

create table public.dead_letters (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.app_users (user_id) on delete cascade,
  platform text references public.platforms (id),
  task text not null,
  cause text not null check (cause ~ '^[a-z]+/[a-z_]+$'),
  payload jsonb not null default '{}',
  attempts integer not null check (attempts >= 0),
  deaths integer not null default 1 check (deaths > 0),
  state text not null default 'waiting' check (state in ('waiting', 'retried', 'discarded')),
  queued_at timestamptz not null,
  died_at timestamptz not null default now(),
  retry_at timestamptz,
  resolved_at timestamptz,
  check ((state = 'waiting') = (resolved_at is null)),
  check (retry_at is null or state = 'waiting')
);
create index dead_letters_by_user on public.dead_letters (user_id, died_at desc);
create index dead_letters_by_age on public.dead_letters (died_at desc);
create index dead_letters_to_retry on public.dead_letters (retry_at) where retry_at is not null;
comment on table public.dead_letters is 'Jobs that failed for good and left the queue: what failed, why, and what became of it.';
comment on column public.dead_letters.id is 'Id of the dead letter.';
comment on column public.dead_letters.user_id is 'Whose data the job was about; null when nobody''s or not known.';
comment on column public.dead_letters.platform is 'The platform it was about; null when none.';
comment on column public.dead_letters.task is 'The kind of job.';
comment on column public.dead_letters.cause is 'Code of the error it ended with; docs/errors.md says what each means.';
comment on column public.dead_letters.payload is 'What the job was given, without anything but ids, times and names of platforms.';
comment on column public.dead_letters.attempts is 'How often it ran, over all its lives.';
comment on column public.dead_letters.deaths is 'How often it failed for good; it is 2 or more when it was retried and failed again.';
comment on column public.dead_letters.state is 'waiting: nothing happens until retry_at, or until somebody decides. retried: back in the queue. discarded: given up.';
comment on column public.dead_letters.queued_at is 'When the job was queued.';
comment on column public.dead_letters.died_at is 'When it last failed for good.';
comment on column public.dead_letters.retry_at is 'When it goes back to the queue by itself; null when it waits for somebody.';
comment on column public.dead_letters.resolved_at is 'When it was retried or discarded; null while it waits.';

create table ops.dead_jobs (
  dead_letter_id uuid primary key references public.dead_letters (id) on delete cascade,
  task text not null,
  job_key text not null,
  payload json not null,
  priority smallint not null,
  max_attempts smallint not null,
  queue_name text,
  unique (job_key)
);
comment on table ops.dead_jobs is 'What is needed to queue a dead letter''s job again, whole; never exposed.';
comment on column ops.dead_jobs.dead_letter_id is 'The dead letter.';
comment on column ops.dead_jobs.task is 'The kind of job.';
comment on column ops.dead_jobs.job_key is 'The job''s key: one job has one dead letter, however often it dies.';
comment on column ops.dead_jobs.payload is 'What the job was given.';
comment on column ops.dead_jobs.priority is 'As it was queued.';
comment on column ops.dead_jobs.max_attempts is 'As it was queued.';
comment on column ops.dead_jobs.queue_name is 'The serial queue it stood in; null when none.';

grant select, insert, update, delete on public.dead_letters, ops.dead_jobs to tributary_service;
grant select on public.dead_letters to tributary_hasura;
