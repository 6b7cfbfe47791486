set local lock_timeout = '5s';

drop table ops.failed_notices;
drop table public.reconciliation_findings;
drop table public.reconciliation_reports;
delete from public.sync_runs where kind = 'reconciliation';
delete from public.sync_run_kinds where id = 'reconciliation';
