-- drops: drop function if exists ops.revive_dead_letters(uuid[]);
create or replace function ops.revive_dead_letters(p_ids uuid[]) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_job record;
  v_revived integer := 0;
begin
  for v_job in
    update public.dead_letters l set state = 'retried', resolved_at = now(), retry_at = null
    from ops.dead_jobs j where j.dead_letter_id = l.id and l.id = any (p_ids) and l.state = 'waiting'
    returning j.*
  loop
    perform ops.begin_again_with_job(case when json_typeof(v_job.payload) = 'object' then v_job.payload::jsonb else '{}'::jsonb end);
    perform graphile_worker.add_job(v_job.task, v_job.payload, queue_name => v_job.queue_name, max_attempts => v_job.max_attempts::integer,
      job_key => v_job.job_key, priority => v_job.priority::integer);
    v_revived := v_revived + 1;
  end loop;
  return v_revived;
end $$;
comment on function ops.revive_dead_letters(uuid[]) is
  'Queues the jobs of waiting dead letters again, with what they left unfinished. Answers how many; those that wait no more are left alone.';
grant execute on function ops.revive_dead_letters(uuid[]) to tributary_service;
