set local lock_timeout = '5s';
drop view if exists public.platform_status;
drop table ops.circuit_breakers;
