-- drops: drop function if exists ops.has_no_job(text);
create or replace function ops.has_no_job(p_key text) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return not exists (select from graphile_worker._private_jobs j where j.key = p_key)
    and not exists (
      select from ops.dead_jobs d join public.dead_letters l on l.id = d.dead_letter_id
      where d.job_key = p_key and l.state <> 'retried');
end $$;
comment on function ops.has_no_job(text) is
  'Whether nothing will happen by itself: no job of that key is queued or runs, and none is kept in dead_letters.';
grant execute on function ops.has_no_job(text) to tributary_service;
