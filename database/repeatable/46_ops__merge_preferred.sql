-- drops: drop function if exists ops.merge_preferred(uuid, date[]);
create or replace function ops.merge_preferred(p_user_id uuid, p_days date[])
returns table (local_day date, kind text, platform_group text, value numeric, sources jsonb)
language sql stable
begin atomic
  with reported as (
    select d.local_day, d.kind, d.platform, '' as source, d.value, true as reported
    from public.daily_metrics d join public.metric_kinds k on k.id = d.kind
    where d.user_id = p_user_id and d.local_day = any (p_days) and k.aggregation <> 'sum' and k.category <> 'activity'
  ), sampled as (
    select s.local_day, s.kind, s.platform, s.source,
      case min(k.aggregation) when 'mean' then trim_scale(round(avg(s.value), 3)) when 'min' then min(s.value) when 'max' then max(s.value)
        else (array_agg(s.value order by s.ended_at desc, s.started_at desc, s.variant))[1] end as value,
      false as reported
    from unnest(p_days) as day
    cross join lateral (
      select s.* from public.samples s
      where s.user_id = p_user_id and s.kind = any (array(select m.id from public.metric_kinds m where m.aggregation <> 'sum'))
        and s.started_at >= (day::timestamp at time zone 'UTC') - interval '30 hours'
        and s.started_at < (day::timestamp at time zone 'UTC') + interval '54 hours'
        and s.local_day = day
    ) s
    join public.metric_kinds k on k.id = s.kind
    group by s.local_day, s.kind, s.platform, s.source
  ), candidates as (
    select c.*, g.platform_group, count(*) over (partition by c.local_day, c.kind, g.platform_group) as choices
    from (select * from reported union all select * from sampled) c join public.platforms p on p.id = c.platform
    cross join lateral (select case when p.combinable then '' else p.id end as platform_group) g
  )
  select distinct on (c.local_day, c.kind, c.platform_group) c.local_day, c.kind, c.platform_group, c.value,
    jsonb_build_array(jsonb_build_object('platform', c.platform, 'source', c.source, 'value', c.value))
  from candidates c
  order by c.local_day, c.kind, c.platform_group,
    case when c.choices > 1 then ops.source_rank(p_user_id, c.kind, c.platform, c.source) end, c.platform, not c.reported, c.source;
end;
comment on function ops.merge_preferred(uuid, date[]) is
  'Numbers that cannot be added: those of the best-ranked source, as the platform reports them for the day, else from its samples.';
grant execute on function ops.merge_preferred(uuid, date[]) to tributary_service;
