set local lock_timeout = '5s';
drop table ops.api_key_digests;
drop table public.api_keys;
