-- drops: drop function if exists ops.merge_sleep(uuid, date[]);
create or replace function ops.merge_sleep(p_user_id uuid, p_days date[])
returns table (local_day date, kind text, platform_group text, value numeric, sources jsonb)
language sql stable
begin atomic
  with sessions as (
    select s.*, tstzrange(s.started_at, s.ended_at) as span, case when p.combinable then '' else s.platform end as platform_group,
      s.asleep_s is not null as slept
    from (select distinct day + beside as day from unnest(p_days) as day cross join generate_series(-1, 1) as beside) near
    join public.sleep_sessions s on s.user_id = p_user_id and s.local_day = near.day
    join public.platforms p on p.id = s.platform
  ), covers as (
    select s.platform_group, s.platform, s.source, s.slept, ops.source_rank(p_user_id, 'sleep_asleep_s', s.platform, s.source) as rank,
      range_agg(s.span) as cover
    from sessions s group by s.platform_group, s.platform, s.source, s.slept
  ), ranked as (
    -- Who only knows that somebody was in bed comes after everybody who knows that they slept.
    select c.*, row_number() over best_first as place,
      coalesce(range_agg(c.cover) over (best_first rows between unbounded preceding and 1 preceding), '{}') as taken
    from covers c window best_first as (partition by c.platform_group order by not c.slept, c.rank, c.platform, c.source)
  ), standing as (
    -- A doze that a better device saw does not hide the night of another one: it has to have seen half of it.
    select s.*, r.place from sessions s join ranked r using (platform_group, platform, source, slept)
    where not s.span && r.taken or 2 * (
        select sum(extract(epoch from upper(part) - lower(part))) from unnest(tstzmultirange(s.span) * r.taken) as part
      ) < extract(epoch from s.ended_at - s.started_at)
  ), kept as (
    -- Whole sessions: stages of two devices do not mix.
    select s.* from standing s
    where s.local_day = any (p_days) and not exists (
      select 1 from standing o
      where o.platform_group = s.platform_group and o.place > s.place and o.span && s.span and (o.slept or not s.slept))
  ), numbers as (
    select k.local_day, k.platform_group, k.platform, k.source, n.kind, sum(n.value) as value
    from kept k cross join lateral (values
      ('sleep_asleep_s', k.asleep_s), ('sleep_in_bed_s', k.in_bed_s), ('sleep_awake_s', k.awake_s),
      ('sleep_light_s', k.light_s), ('sleep_deep_s', k.deep_s), ('sleep_rem_s', k.rem_s)
    ) as n (kind, value)
    where n.value is not null
    group by k.local_day, k.platform_group, k.platform, k.source, n.kind
  )
  select n.local_day, n.kind, n.platform_group, sum(n.value),
    jsonb_agg(jsonb_build_object('platform', n.platform, 'source', n.source, 'value', n.value) order by n.platform, n.source)
  from numbers n group by n.local_day, n.kind, n.platform_group;
end;
comment on function ops.merge_sleep(uuid, date[]) is
  'Sums of the sleep sessions of each day, naps included; of sessions that overlap, those of the best-ranked source that saw at least half of it.';
grant execute on function ops.merge_sleep(uuid, date[]) to tributary_service;
