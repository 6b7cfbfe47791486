-- drops: drop function if exists ops.holds_job(bigint, text, timestamptz);
create or replace function ops.holds_job(p_job_id bigint, p_worker text, p_since timestamptz) returns boolean
-- Found by its id: planned while few jobs wait it would read all, however many there are by then.
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
begin
  return exists (
    select from graphile_worker._private_jobs j
    where j.id = p_job_id and j.locked_by = p_worker
      and date_trunc('milliseconds', j.locked_at) = date_trunc('milliseconds', p_since));
end $$;
comment on function ops.holds_job(bigint, text, timestamptz) is
  'Whether the worker has held the job since then without a break. The time tells two holds of one worker apart; a JavaScript date has no microseconds.';
grant execute on function ops.holds_job(bigint, text, timestamptz) to tributary_service;
