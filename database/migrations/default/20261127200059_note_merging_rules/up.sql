set local lock_timeout = '5s';

alter table public.app_users add column merging_rules integer not null default 1;
comment on column public.app_users.merging_rules is 'By which version of the merging rules all days of the person were merged; ops.merging_rules() is the present one.';
