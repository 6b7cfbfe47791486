update public.app_users set time_zone = null where time_zone_platform is not null;
alter table public.app_users drop column time_zone_platform;
comment on column public.app_users.time_zone is 'IANA time zone the person chose; null means not chosen.';
