set local lock_timeout = '5s';

alter table public.sleep_stages drop column raw_id, drop column source_id;
