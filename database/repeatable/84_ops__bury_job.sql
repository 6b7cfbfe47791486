-- drops: drop function if exists ops.bury_job(bigint, text, text, text, double precision[]); drop function if exists ops.bury_lost_jobs(integer, text, double precision[]);
create or replace function ops.bury_job(
  p_job_id bigint, p_worker text, p_key text, p_cause text, p_retry_after_seconds double precision[]) returns uuid
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_job record;
  v_task text;
  v_payload jsonb;
  v_user_id uuid;
  v_platform text;
  v_letter_id uuid;
  v_trace_id text;
begin
  delete from graphile_worker._private_jobs j where j.id = p_job_id and j.locked_by is not distinct from p_worker returning j.* into v_job;
  if not found then return null; end if;
  update graphile_worker._private_job_queues q set locked_at = null, locked_by = null
  where q.id = v_job.job_queue_id and q.locked_by = p_worker;
  -- Queued anew while it ran: the newer job carries on.
  if v_job.key is null and p_key is not null then return null; end if;
  select t.identifier into v_task from graphile_worker._private_tasks t where t.id = v_job.task_id;
  v_payload := case when json_typeof(v_job.payload) = 'object' then v_job.payload::jsonb else '{}'::jsonb end;
  -- The second field of a traceparent.
  v_trace_id := substring(v_payload #>> '{_trace,traceparent}' from '^[0-9a-f]{2}-([0-9a-f]{32})-');
  perform ops.end_with_job(v_payload, p_cause);
  select u.user_id into v_user_id from public.app_users u where u.user_id::text = v_payload ->> 'userId';
  select p.id into v_platform from public.platforms p where p.id = coalesce(v_payload ->> 'platform',
    (select r.platform from public.sync_runs r where r.user_id = v_user_id and r.id::text = v_payload ->> 'runId'),
    (select d.platform from ops.webhook_deliveries d where d.id::text = v_payload ->> 'deliveryId'),
    (select c.platform from ops.callbacks c where c.user_id = v_user_id and c.id::text = v_payload ->> 'callbackId'),
    (select w.platform from public.raw_fitness_data w where w.user_id = v_user_id
       and w.created_at::text = v_payload ->> 'createdAt' and w.id::text = v_payload ->> 'rawId'));
  -- One job has one dead letter: what was retried and died again is the same one.
  update public.dead_letters l
  set state = 'waiting', cause = p_cause, trace_id = v_trace_id, attempts = l.attempts + v_job.attempts, deaths = l.deaths + 1, died_at = now(), resolved_at = null,
    retry_at = now() + make_interval(secs => p_retry_after_seconds[l.deaths + 1])
  from ops.dead_jobs j where j.dead_letter_id = l.id and j.job_key = coalesce(v_job.key, 'job:' || p_job_id) and l.state <> 'discarded'
  returning l.id into v_letter_id;
  if found then
    update ops.dead_jobs j set payload = v_job.payload where j.dead_letter_id = v_letter_id;
    return v_letter_id;
  end if;
  insert into public.dead_letters (user_id, platform, task, cause, payload, attempts, queued_at, trace_id, retry_at)
  values (v_user_id, v_platform, v_task, p_cause, ops.redact_payload(v_payload), v_job.attempts, v_job.created_at, v_trace_id,
    now() + make_interval(secs => p_retry_after_seconds[1]))
  returning id into v_letter_id;
  insert into ops.dead_jobs (dead_letter_id, task, job_key, payload, priority, max_attempts, queue_name)
  values (v_letter_id, v_task, coalesce(v_job.key, 'job:' || p_job_id), v_job.payload, v_job.priority, v_job.max_attempts,
    (select q.queue_name from graphile_worker._private_job_queues q where q.id = v_job.job_queue_id))
  on conflict (job_key) do update set dead_letter_id = excluded.dead_letter_id, task = excluded.task, payload = excluded.payload,
    priority = excluded.priority, max_attempts = excluded.max_attempts, queue_name = excluded.queue_name;
  return v_letter_id;
end $$;
comment on function ops.bury_job(bigint, text, text, text, double precision[]) is
  'Moves a job that this worker holds out of the queue into dead_letters, in one transaction. After its n-th death it is retried by itself after the n-th number of seconds, if there is one. Null when the job is not this worker''s, or was queued anew.';

create or replace function ops.bury_lost_jobs(p_limit integer, p_cause text, p_retry_after_seconds double precision[]) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_job record;
  v_buried integer := 0;
begin
  for v_job in
    select j.id, j.key, j.last_error from graphile_worker._private_jobs j
    where j.attempts >= j.max_attempts and j.locked_at is null
    order by j.id limit p_limit for update skip locked
  loop
    if v_job.key is null then
      -- It was queued anew while it ran, and its worker died or it failed: the newer job carries on.
      delete from graphile_worker._private_jobs j where j.id = v_job.id;
    elsif ops.bury_job(v_job.id, null, v_job.key,
        case when v_job.last_error ~ '^[a-z]+/[a-z_]+$' then v_job.last_error else p_cause end, p_retry_after_seconds) is not null then
      v_buried := v_buried + 1;
    end if;
  end loop;
  return v_buried;
end $$;
comment on function ops.bury_lost_jobs(integer, text, double precision[]) is
  'Moves jobs whose last attempt ended with their worker into dead_letters. Answers how many.';
grant execute on function ops.bury_job(bigint, text, text, text, double precision[]), ops.bury_lost_jobs(integer, text, double precision[]) to tributary_service;
