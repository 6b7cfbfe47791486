-- drops: drop function if exists ops.put_back_job(bigint, text, text, double precision, text, boolean);
create or replace function ops.put_back_job(
  p_job_id bigint, p_worker text, p_key text, p_delay_seconds double precision, p_error text, p_burns boolean) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_queue_id integer;
begin
  -- Queued anew while it ran: the newer job carries on, this one ends.
  delete from graphile_worker._private_jobs j
  where j.id = p_job_id and j.locked_by = p_worker and j.key is distinct from p_key
  returning j.job_queue_id into v_queue_id;
  if not found then
    -- Under another id: the queue's own note of the failure comes later, by the id and the pool, and the pool may have the job again by then.
    update graphile_worker._private_jobs j
    set id = default, run_at = clock_timestamp() + make_interval(secs => p_delay_seconds), last_error = coalesce(p_error, j.last_error),
      attempts = case when p_burns then j.attempts else greatest(j.attempts - 1, 0) end, locked_at = null, locked_by = null
    where j.id = p_job_id and j.locked_by = p_worker
    returning j.job_queue_id into v_queue_id;
    if not found then return false; end if;
  end if;
  update graphile_worker._private_job_queues q set locked_at = null, locked_by = null
  where q.id = v_queue_id and q.locked_by = p_worker;
  return true;
end $$;
comment on function ops.put_back_job(bigint, text, text, double precision, text, boolean) is
  'Gives a job that this worker holds back to the queue, with the attempt counted or not. False when another worker holds it by now.';
grant execute on function ops.put_back_job(bigint, text, text, double precision, text, boolean) to tributary_service;
