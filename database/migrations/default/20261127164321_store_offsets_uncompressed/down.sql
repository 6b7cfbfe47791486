set local lock_timeout = '5s';

alter table public.activity_streams alter column offsets_s set storage extended;
