set local lock_timeout = '5s';

alter table public.dead_letters add column trace_id text check (trace_id ~ '^[0-9a-f]{32}$');
comment on column public.dead_letters.trace_id is 'The chain of work that queued the job, as in the logs; null for one that the clock queued.';

alter table public.sync_runs add column trace_id text check (trace_id ~ '^[0-9a-f]{32}$');
comment on column public.sync_runs.trace_id is 'The chain of work that started the run, as in the logs.';
