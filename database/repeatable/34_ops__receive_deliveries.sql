-- drops: drop function if exists ops.receive_deliveries(text[], text[], bytea[], text, integer, integer); drop function if exists ops.receive_deliveries(text[], text[], bytea[], text[], text, integer, integer); drop function if exists ops.queue_deliveries(uuid[], text[], text, integer, integer);
create or replace function ops.queue_deliveries(p_ids uuid[], p_traces text[], p_task text, p_max_attempts integer, p_priority integer) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  perform graphile_worker.add_jobs(s.specs) from (
    select array_agg((p_task,
      case when t.trace is null then json_build_object('deliveryId', d.id)
        else json_build_object('deliveryId', d.id, '_trace', t.trace::json) end,
      null, null, p_max_attempts::smallint, p_task || ':' || d.id, p_priority::smallint, null)::graphile_worker.job_spec) as specs
    from unnest(p_ids, p_traces) as t (id, trace)
    join ops.webhook_deliveries d on d.id = t.id
    where d.state = 'received' and ops.has_no_job(p_task || ':' || d.id)) s
  where s.specs is not null;
end $$;
comment on function ops.queue_deliveries(uuid[], text[], text, integer, integer) is
  'Gives each of these deliveries a job of its own, with the chain of work it belongs to, unless it is dealt with or has one: what a job that ran twice finds done, it leaves alone.';
grant execute on function ops.queue_deliveries(uuid[], text[], text, integer, integer) to tributary_service;

create or replace function ops.receive_deliveries(
  p_platforms text[], p_keys text[], p_bodies bytea[], p_traces text[], p_task text, p_max_attempts integer, p_priority integer) returns setof integer
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  -- A job costs three times as much as the row it is about: who comes with many others shares one until a worker takes it.
  c_most_jobs constant integer := 8;
  v_traces text[];
  v_ids uuid[];
  v_places integer[];
begin
  -- In the order of the keys: two processes that were sent the same do not wait for each other.
  with incoming as (
    select min(i.place)::integer as place, i.platform, i.key, (array_agg(i.body order by i.place))[1] as body
    from unnest(p_platforms, p_keys, p_bodies) with ordinality as i (platform, key, body, place)
    group by i.platform, i.key
  ), stored as (
    insert into ops.webhook_deliveries (platform, dedupe_key, body_sealed)
    select i.platform, i.key, i.body from incoming i order by i.platform, i.key
    on conflict (platform, dedupe_key) do nothing
    returning id, platform, dedupe_key
  )
  select array_agg(s.id), array_agg(i.place), array_agg(p_traces[i.place]) into v_ids, v_places, v_traces
  from stored s join incoming i on i.platform = s.platform and i.key = s.dedupe_key;
  if cardinality(v_ids) <= c_most_jobs then
    perform ops.queue_deliveries(v_ids, v_traces, p_task, p_max_attempts, p_priority);
  elsif v_ids is not null then
    -- The task of queue-deliveries.task.ts. Before what it queues: a line that nobody sees would be a line nobody is warned of.
    perform graphile_worker.add_job('queue_deliveries', json_build_object('deliveryIds', v_ids, 'traces', v_traces),
      job_key => 'queue_deliveries:' || v_ids[1], priority => p_priority - 1);
  end if;
  return query select unnest(v_places);
end $$;
comment on function ops.receive_deliveries(text[], text[], bytea[], text[], text, integer, integer) is
  'Stores deliveries and queues them, each with the chain of work it belongs to, in one statement: one flush of the log for all of them. A few get a job each; of many one job does that. Answers the places, from 1, of those that were news.';
grant execute on function ops.receive_deliveries(text[], text[], bytea[], text[], text, integer, integer) to tributary_service;

create or replace function ops.receive_deliveries(
  p_platforms text[], p_keys text[], p_bodies bytea[], p_task text, p_max_attempts integer, p_priority integer) returns setof integer
language sql volatile set search_path = pg_catalog, pg_temp as $$
  select ops.receive_deliveries(p_platforms, p_keys, p_bodies, null::text[], p_task, p_max_attempts, p_priority)
$$;
comment on function ops.receive_deliveries(text[], text[], bytea[], text, integer, integer) is
  'For processes of the release before this one, while they are replaced.';
grant execute on function ops.receive_deliveries(text[], text[], bytea[], text, integer, integer) to tributary_service;
