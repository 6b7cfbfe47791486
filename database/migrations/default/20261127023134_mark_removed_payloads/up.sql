set local lock_timeout = '5s';

alter table ops.deleted_records add column payloads_removed_at timestamptz;
comment on column ops.deleted_records.payloads_removed_at is 'When the record was removed from the stored payloads as well; null while it is still in them, or where no policy asks for it.';
create index deleted_records_in_payloads on ops.deleted_records (platform, user_id) where payloads_removed_at is null;

-- Whose oldest payload is due? Without it, finding out would read a row for each person, platform and day there ever was.
create index user_fitness_summary_by_age on public.user_fitness_summary (platform, date);
