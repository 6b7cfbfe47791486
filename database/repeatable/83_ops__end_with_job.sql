-- drops: drop function if exists ops.end_with_job(jsonb, text); drop function if exists ops.begin_again_with_job(jsonb);
create or replace function ops.end_with_job(p_payload jsonb, p_cause text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  update public.sync_runs r set status = 'failed', error_code = p_cause, results = ops.end_results(r.results, p_cause),
    waiting_until = null, finished_at = now(), updated_at = now()
  where r.user_id::text = p_payload ->> 'userId' and r.id::text = p_payload ->> 'runId' and r.status = 'running';
  update ops.callbacks c set state = 'failed', outcome = p_cause, finished_at = now()
  where c.user_id::text = p_payload ->> 'userId' and c.id::text = p_payload ->> 'callbackId' and c.state = 'waiting';
end $$;
comment on function ops.end_with_job(jsonb, text) is 'What a job that failed for good leaves behind unfinished ends with it: its sync run, its callback.';

create or replace function ops.begin_again_with_job(p_payload jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  update public.sync_runs r set status = 'running', error_code = null, finished_at = null, updated_at = now(),
    results = (select coalesce(jsonb_agg(
        case when e.result ->> 'outcome' = 'partial' and e.result ->> 'reason' = r.error_code
          then e.result || '{"outcome": "running", "reason": null}' else e.result end order by e.place), '[]')
      from jsonb_array_elements(r.results) with ordinality as e (result, place))
  where r.user_id::text = p_payload ->> 'userId' and r.id::text = p_payload ->> 'runId' and r.status = 'failed'
    and not exists (select from public.sync_runs o
      where o.user_id = r.user_id and o.platform = r.platform and o.kind = r.kind and o.status = 'running')
    -- Whoever uploads a file needs no connection.
    and (exists (select from public.connections c
        where c.user_id = r.user_id and c.platform = r.platform and c.status in ('active', 'limited'))
      or r.kind = 'upload' and exists (select from ops.uploads u
        where u.user_id = r.user_id and u.sync_run_id = r.id and u.state = 'importing'));
  update ops.callbacks c set state = 'waiting', outcome = null, finished_at = null
  where c.user_id::text = p_payload ->> 'userId' and c.id::text = p_payload ->> 'callbackId' and c.state = 'failed';
end $$;
comment on function ops.begin_again_with_job(jsonb) is
  'The opposite of ops.end_with_job, unless another run of the same kind is on by now or the connection ended.';
