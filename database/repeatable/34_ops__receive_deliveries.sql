-- drops: drop function if exists ops.receive_deliveries(text[], text[], bytea[], text, integer, integer); drop function if exists ops.receive_deliveries(text[], text[], bytea[], text[], text, integer, integer); drop function if exists ops.receive_deliveries(uuid[], text[], text[], bytea[], text[], text, integer, integer); drop function if exists ops.queue_deliveries(uuid[], text[], text, integer, integer); drop function if exists ops.queue_deliveries(uuid[], text, integer, integer);
create or replace function ops.queue_deliveries(p_ids uuid[], p_task text, p_max_attempts integer, p_priority integer) returns void
-- Deliveries and jobs are found by their keys: with few of them at the first call it would read all, however many there are by then.
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
begin
  perform ops.tell_of_jobs(p_task, count(*)::integer, min(j.id)) from (
    select array_agg((p_task, json_strip_nulls(json_build_object('deliveryId', d.id, '_trace', d.trace::json)),
      null, null, p_max_attempts::smallint, p_task || ':' || d.id, p_priority::smallint, null)::graphile_worker.job_spec) as specs
    from unnest(p_ids) as t (id)
    join ops.webhook_deliveries d on d.id = t.id
    where d.state = 'received' and ops.has_no_job(p_task || ':' || d.id)) s
  cross join lateral graphile_worker.add_jobs(s.specs) j
  where s.specs is not null having count(*) > 0;
end $$;
comment on function ops.queue_deliveries(uuid[], text, integer, integer) is
  'Gives each of these deliveries a job of its own, with the chain of work it belongs to, unless it is dealt with or has one: what a job that ran twice finds done, it leaves alone.';
grant execute on function ops.queue_deliveries(uuid[], text, integer, integer) to tributary_service;

create or replace function ops.receive_deliveries(
  p_ids uuid[], p_platforms text[], p_keys text[], p_bodies bytea[], p_traces text[], p_task text, p_max_attempts integer, p_priority integer)
returns uuid[]
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  -- A job costs several times as much as the row it is about: who comes with many others shares one until a worker takes it.
  c_most_jobs constant integer := 4;
  v_ids uuid[];
begin
  with stored as (
    insert into ops.webhook_deliveries (id, platform, dedupe_key, body_sealed, trace)
    select * from unnest(p_ids, p_platforms, p_keys, p_bodies, p_traces)
    on conflict (platform, dedupe_key) do nothing
    returning id
  )
  select array_agg(s.id) into v_ids from stored s;
  if cardinality(v_ids) <= c_most_jobs then
    perform ops.add_job(p_task, json_strip_nulls(json_build_object('deliveryId', t.id, '_trace', t.trace::json)), null, p_max_attempts,
      p_task || ':' || t.id, p_priority)
    from unnest(p_ids, p_traces) as t (id, trace) where t.id = any (v_ids);
  elsif v_ids is not null then
    -- The task of queue-deliveries.task.ts. Before what it queues: a line that nobody sees would be a line nobody is warned of.
    perform ops.add_job('queue_deliveries', json_build_object('deliveryIds', v_ids), null, 25, 'queue_deliveries:' || v_ids[1], p_priority - 1);
  end if;
  return v_ids;
end $$;
comment on function ops.receive_deliveries(uuid[], text[], text[], bytea[], text[], text, integer, integer) is
  'Stores deliveries and queues them, each with the chain of work it belongs to, in one statement: one flush of the log for all of them. A few get a job each; of many one job does that. Who brings the same in the same order of keys waits for nobody. Answers the ids of those that were news; null when none was.';
grant execute on function ops.receive_deliveries(uuid[], text[], text[], bytea[], text[], text, integer, integer) to tributary_service;
