-- drops: drop function if exists ops.merge_intervals(uuid, date[]);
create or replace function ops.merge_intervals(p_user_id uuid, p_days date[])
returns table (local_day date, kind text, platform_group text, value numeric, sources jsonb)
language sql stable
begin atomic
  with near as (
    -- Two devices in two time zones may call one moment two days, and an interval may cross midnight.
    select distinct day + beside as day from unnest(p_days) as day cross join generate_series(-1, 1) as beside
  ), kinds as (
    select k.id as measured, k.id as kind from public.metric_kinds k where k.aggregation = 'sum'
    union all
    select k.id, k.counts_as from public.metric_kinds k where k.counts_as is not null
  ), measured as materialized (
    select s.local_day, k.kind, case when p.combinable then '' else s.platform end as platform_group, s.platform, s.source, s.value,
      s.started_at, s.ended_at, tstzrange(s.started_at, s.ended_at) as span
    from near
    cross join lateral (
      select s.* from public.samples s
      where s.user_id = p_user_id and s.kind = any (array(select m.id from public.metric_kinds m where m.aggregation = 'sum'))
        and s.started_at >= (near.day::timestamp at time zone 'UTC') - interval '30 hours'
        and s.started_at < (near.day::timestamp at time zone 'UTC') + interval '54 hours'
        and s.local_day = near.day and s.value > 0
    ) s
    join kinds k on k.measured = s.kind
    join public.platforms p on p.id = s.platform
  ), covers as (
    select m.kind, m.platform_group, m.platform, m.source, ops.source_rank(p_user_id, m.kind, m.platform, m.source) as rank,
      coalesce(range_agg(m.span), '{}') as cover
    from measured m group by m.kind, m.platform_group, m.platform, m.source
  ), ranked as (
    select c.*, coalesce(range_agg(c.cover) over (partition by c.kind, c.platform_group order by c.rank, c.platform, c.source
      rows between unbounded preceding and 1 preceding), '{}') as taken
    from covers c
  ), contributed as (
    select m.local_day, m.kind, m.platform_group, m.platform, m.source,
      sum(case
        when isempty(m.span) then case when m.started_at <@ r.taken then 0 else m.value end
        when not m.span && r.taken then m.value
        when m.span <@ r.taken then 0
        else m.value * (
          select coalesce(sum(extract(epoch from upper(part) - lower(part))), 0) from unnest(tstzmultirange(m.span) - r.taken) as part
        ) / extract(epoch from m.ended_at - m.started_at)
      end) as value
    from measured m join ranked r using (kind, platform_group, platform, source)
    where m.local_day = any (p_days)
    group by m.local_day, m.kind, m.platform_group, m.platform, m.source
  )
  select c.local_day, c.kind, c.platform_group, trim_scale(round(sum(c.value), 3)),
    coalesce(jsonb_agg(jsonb_build_object('platform', c.platform, 'source', c.source, 'value', trim_scale(round(c.value, 3)))
      order by c.platform, c.source) filter (where c.value > 0), '[]')
  from contributed c group by c.local_day, c.kind, c.platform_group;
end;
comment on function ops.merge_intervals(uuid, date[]) is
  'Sums of what devices measured over intervals: every moment is counted once, by the best-ranked source that saw anything in it; an interval that is only partly free counts in proportion. A value belongs to the day on which its interval starts. platform_group: empty for all that may be combined, else the platform.';
grant execute on function ops.merge_intervals(uuid, date[]) to tributary_service;
