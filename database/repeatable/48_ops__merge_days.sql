-- drops: drop function if exists ops.merge_days(uuid, date[]);
create or replace function ops.merge_days(p_user_id uuid, p_days date[]) returns void
language sql volatile
begin atomic
  with candidates as (
    select s.local_day, s.kind, s.platform_group, s.value, 'sleep_sessions' as method, s.sources, 1 as place from ops.merge_sleep(p_user_id, p_days) s
    union all
    select t.local_day, t.kind, t.platform_group, t.value, t.method, t.sources, 2 from ops.merge_totals(p_user_id, p_days) t
    union all
    select a.local_day, a.kind, a.platform_group, a.value, 'activities', a.sources, 2 from ops.merge_activities(p_user_id, p_days) a
    union all
    select p.local_day, p.kind, p.platform_group, p.value, 'preferred_source', p.sources, 2 from ops.merge_preferred(p_user_id, p_days) p
  ), one_for_each_group as (
    select distinct on (c.local_day, c.kind, c.platform_group) c.*
    from candidates c order by c.local_day, c.kind, c.platform_group, c.place
  ), counted as (
    select g.*, count(*) over (partition by g.local_day, g.kind) as choices from one_for_each_group g
  ), placed as (
    -- What may be combined goes before what may not; a platform that is kept apart is shown where it is alone.
    select g.*, row_number() over (partition by g.local_day, g.kind
      order by case when g.choices = 1 or g.platform_group = '' then 0 else ops.source_rank(p_user_id, g.kind, g.platform_group, '') end, g.platform_group) as choice
    from counted g
  ), merged as (
    select c.local_day, c.kind, c.value, c.method, c.sources,
      coalesce((select jsonb_agg(jsonb_build_object('platform', o.platform_group, 'value', o.value) order by o.platform_group)
        from placed o where o.local_day = c.local_day and o.kind = c.kind and o.choice > 1), '[]') as kept_apart
    from placed c where c.choice = 1
  ), gone as (
    delete from public.merged_metrics m
    where m.user_id = p_user_id and m.local_day = any (p_days)
      and not exists (select 1 from merged n where n.local_day = m.local_day and n.kind = m.kind)
  )
  insert into public.merged_metrics as m (user_id, local_day, kind, value, method, sources, kept_apart)
  select p_user_id, n.local_day, n.kind, n.value, n.method, n.sources, n.kept_apart from merged n
  order by n.local_day, n.kind
  on conflict (user_id, local_day, kind) do update
  set value = excluded.value, method = excluded.method, sources = excluded.sources, kept_apart = excluded.kept_apart, updated_at = now()
  where (m.value, m.method, m.sources, m.kept_apart) is distinct from (excluded.value, excluded.method, excluded.sources, excluded.kept_apart);
end;
comment on function ops.merge_days(uuid, date[]) is
  'Merges the numbers of the given days: same rows in, same rows out, and a row that stays the same is not written. Call it inside the person''s lock, after ops.match_activities.';
grant execute on function ops.merge_days(uuid, date[]) to tributary_service;
