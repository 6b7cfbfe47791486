drop table if exists public.user_fitness_summary;
drop table if exists ops.rejected_records;
drop table if exists public.raw_fitness_data;
drop table if exists ops.webhook_deliveries;
drop table if exists ops.webhook_subscriptions;
