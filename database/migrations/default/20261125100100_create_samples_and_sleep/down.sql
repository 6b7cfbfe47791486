set local lock_timeout = '5s';

delete from ops.deleted_records where record_type <> 'activity';
alter table ops.deleted_records drop constraint deleted_records_pkey, drop column record_type,
  add primary key (user_id, platform, source_id);
alter table public.daily_metrics drop column observed_at, drop column raw_created_at;
alter table public.activities drop column counted, drop column parent_source_id;
drop table public.activity_laps;
drop table public.sleep_stages;
drop table public.sleep_sessions;
drop table public.samples;
