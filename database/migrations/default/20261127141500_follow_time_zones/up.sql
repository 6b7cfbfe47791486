set local lock_timeout = '5s';

alter table public.app_users add column time_zone_platform text;
comment on column public.app_users.time_zone is 'IANA time zone: the person''s choice, else that of their newest activity at a platform whose data may be combined; null: not known.';
comment on column public.app_users.time_zone_platform is 'The platform that time_zone is from; null: the person chose it, or it is not known.';
