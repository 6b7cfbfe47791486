set local lock_timeout = '5s';

alter table public.sync_runs drop column trace_id;
alter table public.dead_letters drop column trace_id;
