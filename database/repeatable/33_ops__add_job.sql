-- drops: drop function if exists ops.add_job(text, json, timestamptz, integer, text, integer); drop function if exists ops.tell_of_jobs(text, integer, bigint);
create or replace function ops.tell_of_jobs(p_task text, p_jobs integer, p_first_id bigint) returns void
language sql volatile set search_path = pg_catalog, pg_temp
-- The count is for graphile-worker, which tells each of its pools by itself: nobody need be woken by this one. The id keeps two apart.
return pg_notify('jobs:insert', json_build_object('count', 0, 'task', p_task, 'jobs', p_jobs, 'first', p_first_id)::text);
comment on function ops.tell_of_jobs(text, integer, bigint) is
  'Tells the workers when the transaction commits which task has new jobs that are due, so that only those look who run it (service/runtime/job-nudges.ts). Who is not told finds them within a second.';
grant execute on function ops.tell_of_jobs(text, integer, bigint) to tributary_service;

create or replace function ops.add_job(
  p_task text, p_payload json, p_run_at timestamptz, p_max_attempts integer, p_key text, p_priority integer) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_id bigint;
  v_revision integer;
  v_run_at timestamptz;
begin
  -- Most keys are new. The mode that does not look for a job of the same key takes a fifth of the time and tells by the revision that there
  -- was one; only then is it replaced, as the queue does it: the newer payload and time, and a further job beside one that runs.
  select j.id, j.revision, j.run_at into v_id, v_revision, v_run_at
  from graphile_worker.add_job(p_task, p_payload, run_at => p_run_at, max_attempts => p_max_attempts, job_key => p_key,
    priority => p_priority, job_key_mode => 'unsafe_dedupe') j;
  if v_revision > 0 then
    select j.id, j.run_at into v_id, v_run_at
    from graphile_worker.add_job(p_task, p_payload, run_at => p_run_at, max_attempts => p_max_attempts, job_key => p_key,
      priority => p_priority) j;
  end if;
  if v_run_at <= clock_timestamp() then perform ops.tell_of_jobs(p_task, 1, v_id); end if;
end $$;
comment on function ops.add_job(text, json, timestamptz, integer, text, integer) is
  'Queues a job in this transaction; of one key there is one job that has not begun. Without a time it is due at once.';
grant execute on function ops.add_job(text, json, timestamptz, integer, text, integer) to tributary_service;
