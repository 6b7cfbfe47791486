set local lock_timeout = '5s';
drop table public.breach_notifications;
drop table public.breach_clocks;
drop table public.breaches;
drop table public.breach_rules;
