-- drops: drop function if exists ops.merge_totals(uuid, date[]);
create or replace function ops.merge_totals(p_user_id uuid, p_days date[])
returns table (local_day date, kind text, platform_group text, value numeric, method text, sources jsonb)
language sql stable
begin atomic
  with reported as (
    select distinct on (d.local_day, d.kind, g.platform_group) d.local_day, d.kind, g.platform_group, d.platform, d.value
    from public.daily_metrics d
    join public.metric_kinds k on k.id = d.kind and k.aggregation = 'sum' and k.category <> 'activity'
    join public.platforms p on p.id = d.platform
    cross join lateral (select case when p.combinable then '' else p.id end as platform_group) g
    where d.user_id = p_user_id and d.local_day = any (p_days)
    order by d.local_day, d.kind, g.platform_group, ops.source_rank(p_user_id, d.kind, d.platform, ''), d.platform
  )
  -- Both are less than the truth or equal to it: intervals may be missing, and one device does not see every hour.
  select coalesce(i.local_day, r.local_day), coalesce(i.kind, r.kind), coalesce(i.platform_group, r.platform_group),
    case when i.value >= r.value or r.value is null then i.value else r.value end,
    case when i.value >= r.value or r.value is null then 'segments' else 'daily_total' end,
    case when i.value >= r.value or r.value is null then i.sources
      else jsonb_build_array(jsonb_build_object('platform', r.platform, 'source', '', 'value', r.value)) end
  from ops.merge_intervals(p_user_id, p_days) i
  full join reported r on r.local_day = i.local_day and r.kind = i.kind and r.platform_group = i.platform_group;
end;
comment on function ops.merge_totals(uuid, date[]) is
  'Sums of the day: from intervals, or the total that the best-ranked platform reports where that is more or there are no intervals. Never both.';
grant execute on function ops.merge_totals(uuid, date[]) to tributary_service;
