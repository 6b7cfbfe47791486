-- drops: drop function if exists ops.match_activities(uuid, date[]);
create or replace function ops.match_activities(p_user_id uuid, p_days date[]) returns date[]
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_near date[] := array(select distinct day + beside from unnest(p_days) as day cross join generate_series(-1, 1) as beside);
  v_pair record;
  v_shown uuid;
  v_hidden uuid[] := '{}';
  v_found jsonb := '[]';
  v_changed date[];
begin
  for v_pair in
    with ranks as materialized (
      select d.platform, d.device_name, ops.source_rank(p_user_id, 'activity_count', d.platform, d.device_name) as rank
      from (
        select distinct a.platform, coalesce(a.device_name, '') as device_name
        from public.activities a where a.user_id = p_user_id and a.local_day = any (v_near)
      ) as d
    ), candidates as (
      select a.id, a.platform, a.source_id, a.parent_source_id, a.local_day, a.device_name, a.started_at, a.distance_m, a.sport,
        case when p.combinable then '' else a.platform end as platform_group,
        coalesce(s.family, s.id) as family, a.sport in ('workout', 'other') as any_family,
        coalesce(a.elapsed_time_s, a.moving_time_s) as duration_s,
        coalesce(a.ended_at, a.started_at + make_interval(secs => coalesce(a.elapsed_time_s, a.moving_time_s, 0))) as ended_at,
        -- A whole whose parts are counted stays: to show another record of it would count both.
        row_number() over (order by a.counted, r.rank, a.manual, not a.has_route, a.platform, a.source_id) as place
      from public.activities a
      join public.platforms p on p.id = a.platform
      join public.sports s on s.id = a.sport
      join ranks r on r.platform = a.platform and r.device_name = coalesce(a.device_name, '')
      where a.user_id = p_user_id and a.local_day = any (v_near)
    ), compared as (
      select a.id as hidden, b.id as shown, a.place as hidden_place, b.place as shown_place,
        a.family = b.family as same_family, a.family = b.family or a.any_family or b.any_family as may_be_same,
        a.started_at is null or b.started_at is null as start_hidden, a.local_day = b.local_day as same_day,
        abs(extract(epoch from a.started_at - b.started_at)) as start_difference_s,
        abs(a.duration_s - b.duration_s) <= greatest(60, 0.02 * greatest(a.duration_s, b.duration_s)) as same_duration,
        extract(epoch from least(a.ended_at, b.ended_at) - greatest(a.started_at, b.started_at))
          / nullif(extract(epoch from greatest(a.ended_at - a.started_at, b.ended_at - b.started_at)), 0) as overlap,
        least(a.ended_at, b.ended_at) - greatest(a.started_at, b.started_at) as together,
        a.ended_at - a.started_at as hidden_length, tstzrange(a.started_at, a.ended_at) as hidden_time, nullif(a.distance_m, 0) as hidden_m,
        b.ended_at - b.started_at as shown_length, tstzrange(b.started_at, b.ended_at) as shown_time, nullif(b.distance_m, 0) as shown_m,
        a.platform as hidden_platform, a.device_name as hidden_device, b.platform as shown_platform, b.device_name as shown_device,
        abs(nullif(a.distance_m, 0) - nullif(b.distance_m, 0)) as distance_difference_m, greatest(a.distance_m, b.distance_m) as distance_m
      from candidates a join candidates b on b.place < a.place and b.platform_group = a.platform_group
        -- Nothing else can be the same, and a day of many workouts has the square of them as pairs.
        and (a.started_at is null or b.started_at is null or (a.started_at <= greatest(b.started_at, b.ended_at) + interval '2 minutes'
          and b.started_at <= greatest(a.started_at, a.ended_at) + interval '2 minutes'))
      -- One device records one workout at a time; the parts of an event, and the event itself, are not each other.
      -- Of a workout that one platform tells twice (an app's upload and an export, say) only the ids differ.
      where (a.platform <> b.platform or ((a.device_name <> b.device_name or (a.sport = b.sport
            and abs(extract(epoch from a.started_at - b.started_at)) < 2 and abs(extract(epoch from a.ended_at - b.ended_at)) < 2 and coalesce(abs(a.distance_m - b.distance_m) <= 10, true)))
          and a.parent_source_id is distinct from b.source_id
          and b.parent_source_id is distinct from a.source_id and (a.parent_source_id = b.parent_source_id) is not true))
    ), inside as (
      select c.shown as whole, c.shown_place as whole_place, c.shown_time as whole_time, c.shown_m as whole_m,
        c.hidden as piece, c.hidden_place as place, c.hidden_time as time, c.hidden_m as m, c.hidden_platform as platform, c.hidden_device as device_name
      from compared c where c.same_family and c.hidden_length < c.shown_length
        and c.together >= 0.5 * c.hidden_length and c.hidden_length - c.together <= greatest(0.1 * c.hidden_length, interval '1 minute')
      union all
      select c.hidden, c.hidden_place, c.hidden_time, c.hidden_m, c.shown, c.shown_place, c.shown_time, c.shown_m, c.shown_platform, c.shown_device
      from compared c where c.same_family and c.shown_length < c.hidden_length
        and c.together >= 0.5 * c.shown_length and c.shown_length - c.together <= greatest(0.1 * c.shown_length, interval '1 minute')
    ), pieces as (
      select i.whole, i.whole_place, i.whole_time, i.whole_m, min(i.place) as place, array_agg(i.piece order by i.place) as pieces, array_agg(i.place order by i.place) as places,
        ops.covered_seconds(range_agg(i.time)) as covered_s, sum(extract(epoch from upper(i.time) - lower(i.time))) as told_s,
        case when count(i.m) = count(*) then sum(i.m) end as told_m
      from inside i
      -- Of longer ones, not every piece is among the days beside those that are merged.
      where upper(i.whole_time) - lower(i.whole_time) <= interval '1 day'
      group by i.whole, i.whole_place, i.whole_time, i.whole_m, i.platform, i.device_name
      having count(*) > 1
    ), cut as (
      -- What one device cut is compared as though it were one record; what it tells twice counts once.
      select p.* from pieces p
      cross join lateral (select p.told_m * p.covered_s / nullif(p.told_s, 0) as m) as t
      cross join lateral (select abs(p.whole_m - t.m) as difference_m, greatest(p.whole_m, t.m) as distance_m) as d
      where (p.covered_s >= 0.7 * extract(epoch from upper(p.whole_time) - lower(p.whole_time))
          and coalesce(d.difference_m <= greatest(300, 0.2 * d.distance_m), true))
        or d.difference_m <= greatest(50, 0.03 * d.distance_m)
    ), best as (
      -- Of a whole and all that cut it the best-ranked one is shown: it alone, or all of its pieces.
      select c.whole, c.whole_place, least(c.whole_place, min(c.place)) as place,
        case when c.whole_place < min(c.place) then c.whole else (array_agg(c.pieces[1] order by c.place))[1] end as shown
      from cut c group by c.whole, c.whole_place
    ), found as (
      select c.hidden, c.shown, c.hidden_place, c.shown_place, false as by_pieces, case when c.start_hidden then 'day' else 'time' end as matched_by
      from compared c
      where case
        when c.start_hidden then c.same_day and c.same_family and c.same_duration
          and c.distance_difference_m <= greatest(50, 0.02 * c.distance_m)
        else c.may_be_same and (
          (c.overlap >= case when c.same_family then 0.7 else 0.85 end
            and coalesce(c.distance_difference_m <= greatest(300, 0.2 * c.distance_m), true))
          -- Nobody starts two workouts of one kind at once: one of the records was cut, corrected, or not stopped.
          or (c.same_family and c.start_difference_s <= 5 and c.overlap >= 0.25)
          -- Some platforms leave pauses out of the duration: then the start and the distance tell.
          or (c.same_family and c.start_difference_s <= 120 and c.distance_difference_m <= greatest(50, 0.03 * c.distance_m)))
        end
      union all
      select p.id, b.shown, p.place, b.place, true, 'time'
      from cut c join best b on b.whole = c.whole cross join lateral unnest(c.pieces, c.places) as p (id, place) where b.place < c.place
      union all
      select b.whole, b.shown, b.whole_place, b.place, true, 'time' from best b where b.place < b.whole_place
    )
    select f.hidden, f.shown, f.matched_by from found f order by f.hidden_place, f.by_pieces, f.shown_place
  loop
    continue when v_pair.hidden = any (v_hidden);
    -- What is like a record that is hidden itself is one workout with that which hides it, unless one device recorded both.
    v_shown := coalesce((select (f ->> 'shown')::uuid from jsonb_array_elements(v_found) as f where f ->> 'hidden' = v_pair.shown::text), v_pair.shown);
    continue when v_shown <> v_pair.shown and exists (
      select 1 from public.activities a join public.activities b on b.user_id = a.user_id and b.platform = a.platform
        and b.device_name is not distinct from a.device_name
      where a.user_id = p_user_id and a.id = v_shown and b.id = v_pair.hidden);
    v_hidden := v_hidden || v_pair.hidden;
    v_found := v_found || jsonb_build_object('hidden', v_pair.hidden, 'shown', v_shown, 'matched_by', v_pair.matched_by);
  end loop;
  if v_hidden = '{}' and not exists (select from public.activity_duplicates d where d.user_id = p_user_id) then return '{}'; end if;

  with wanted as (
    select f.* from jsonb_to_recordset(v_found) as f (hidden uuid, shown uuid, matched_by text)
    join public.activities a on a.user_id = p_user_id and a.id = f.hidden and a.local_day = any (p_days)
  ), gone as (
    delete from public.activity_duplicates d using public.activities a
    where d.user_id = p_user_id and a.user_id = d.user_id and a.id = d.activity_id and a.local_day = any (p_days)
      and not exists (select 1 from wanted w where w.hidden = d.activity_id)
    returning d.activity_id, d.shown_id
  ), written as (
    insert into public.activity_duplicates as d (user_id, activity_id, shown_id, matched_by)
    select p_user_id, w.hidden, w.shown, w.matched_by from wanted w
    on conflict (user_id, activity_id) do update set shown_id = excluded.shown_id, matched_by = excluded.matched_by
    where (d.shown_id, d.matched_by) is distinct from (excluded.shown_id, excluded.matched_by)
    returning d.activity_id, d.shown_id
  )
  select array_agg(distinct a.local_day) into v_changed
  from (select * from gone union all select * from written) as c
  join public.activities a on a.user_id = p_user_id and a.id in (c.activity_id, c.shown_id);
  return coalesce(v_changed, '{}');
end $$;
comment on function ops.match_activities(uuid, date[]) is
  'Recognizes records of the same workout among the activities of the given days and the days beside them, and answers the days on which that changed something. Same activities in, same pairs out. Call it inside the person''s lock.';
grant execute on function ops.match_activities(uuid, date[]) to tributary_service;
