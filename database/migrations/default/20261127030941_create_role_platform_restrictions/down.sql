set local lock_timeout = '5s';
drop table public.role_platform_restrictions;
