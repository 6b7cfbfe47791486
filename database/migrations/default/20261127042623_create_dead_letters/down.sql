set local lock_timeout = '5s';
drop table ops.dead_jobs;
drop table public.dead_letters;
