drop table if exists ops.workers;
drop table if exists ops.request_budgets;
drop table if exists public.sync_runs;
drop table if exists public.sync_run_statuses;
drop table if exists public.sync_run_kinds;
