set local lock_timeout = '5s';

drop index public.user_fitness_summary_by_age;
drop index ops.deleted_records_in_payloads;
alter table ops.deleted_records drop column payloads_removed_at;
