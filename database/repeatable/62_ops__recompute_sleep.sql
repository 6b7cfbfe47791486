-- drops: drop function if exists ops.recompute_sleep(uuid, uuid[]);
create or replace function ops.recompute_sleep(p_user_id uuid, p_sessions uuid[]) returns date[]
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_days date[];
begin
  with totals as (
    select t.sleep_session_id as id, min(t.started_at) as started_at, max(t.ended_at) as ended_at,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage in ('asleep', 'light', 'deep', 'rem')) as asleep,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage = 'in_bed') as in_bed,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage = 'awake') as awake,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage = 'light') as light,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage = 'deep') as deep,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage = 'rem') as rem
    from public.sleep_stages t where t.user_id = p_user_id and t.sleep_session_id = any (p_sessions)
    group by t.sleep_session_id
  ), counted as (
    update public.sleep_sessions s
    set started_at = t.started_at, ended_at = t.ended_at, asleep_s = ops.covered_seconds(t.asleep), in_bed_s = ops.covered_seconds(t.in_bed),
      awake_s = ops.covered_seconds(t.awake), light_s = ops.covered_seconds(t.light), deep_s = ops.covered_seconds(t.deep),
      rem_s = ops.covered_seconds(t.rem), updated_at = now()
    from totals t where s.user_id = p_user_id and s.id = t.id
    returning s.local_day
  ), gone as (
    delete from public.sleep_sessions s
    where s.user_id = p_user_id and s.id = any (p_sessions) and not exists (select 1 from totals t where t.id = s.id)
    returning s.local_day
  )
  select array_agg(distinct local_day) into v_days from (select local_day from counted union all select local_day from gone) as touched;
  return coalesce(v_days, '{}');
end $$;
comment on function ops.recompute_sleep(uuid, uuid[]) is
  'After stages were removed: the numbers of these sleep sessions from what is left; one without any stage goes. Answers their days.';
grant execute on function ops.recompute_sleep(uuid, uuid[]) to tributary_service;
