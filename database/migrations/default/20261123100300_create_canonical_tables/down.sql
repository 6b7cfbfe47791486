drop table if exists ops.summary_rebuilds;
drop table if exists public.daily_summaries;
drop table if exists public.daily_metrics;
drop table if exists ops.deleted_records;
drop table if exists public.activity_streams;
drop table if exists public.activities;
drop table if exists public.metric_kinds;
drop table if exists public.sports;
