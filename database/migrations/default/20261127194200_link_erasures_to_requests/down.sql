set local lock_timeout = '5s';

alter table public.erasures drop column request_id;
