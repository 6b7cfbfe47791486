drop table if exists public.connections;
drop table if exists public.sync_strategies;
drop table if exists public.connection_statuses;
drop table if exists public.app_users;
drop table if exists public.platforms;
