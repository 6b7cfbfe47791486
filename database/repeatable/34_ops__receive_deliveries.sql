-- drops: drop function if exists ops.receive_deliveries(text[], text[], bytea[], text, integer, integer); drop function if exists ops.receive_deliveries(text[], text[], bytea[], text[], text, integer, integer);
create or replace function ops.receive_deliveries(
  p_platforms text[], p_keys text[], p_bodies bytea[], p_traces text[], p_task text, p_max_attempts integer, p_priority integer) returns setof integer
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
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
  select array_agg(s.id), array_agg(i.place) into v_ids, v_places
  from stored s join incoming i on i.platform = s.platform and i.key = s.dedupe_key;
  if v_ids is not null then
    perform graphile_worker.add_jobs((
      select array_agg((p_task,
        case when p_traces[s.place] is null then json_build_object('deliveryId', s.id)
          else json_build_object('deliveryId', s.id, '_trace', p_traces[s.place]::json) end,
        null, null, p_max_attempts::smallint, p_task || ':' || s.id, p_priority::smallint, null)::graphile_worker.job_spec)
      from unnest(v_ids, v_places) as s (id, place)));
  end if;
  return query select unnest(v_places);
end $$;
comment on function ops.receive_deliveries(text[], text[], bytea[], text[], text, integer, integer) is
  'Stores deliveries and queues the job of each, with the chain of work it belongs to, in one statement: one flush of the log for all of them. Answers the places, from 1, of those that were news.';
grant execute on function ops.receive_deliveries(text[], text[], bytea[], text[], text, integer, integer) to tributary_service;

create or replace function ops.receive_deliveries(
  p_platforms text[], p_keys text[], p_bodies bytea[], p_task text, p_max_attempts integer, p_priority integer) returns setof integer
language sql volatile set search_path = pg_catalog, pg_temp as $$
  select ops.receive_deliveries(p_platforms, p_keys, p_bodies, null::text[], p_task, p_max_attempts, p_priority)
$$;
comment on function ops.receive_deliveries(text[], text[], bytea[], text, integer, integer) is
  'For processes of the release before this one, while they are replaced.';
grant execute on function ops.receive_deliveries(text[], text[], bytea[], text, integer, integer) to tributary_service;
