-- drops: drop function if exists ops.store_activity_streams(uuid, text, uuid, timestamptz, timestamptz, text[], text[], text[], text[], integer[], text[]);
create or replace function ops.store_activity_streams(
  p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamptz, p_observed_at timestamptz,
  p_source_ids text[], p_kinds text[], p_units text[], p_values text[], p_times integer[], p_offsets text[]
) returns text[]
language sql volatile
begin atomic
  with times as materialized (
    select t.position, t.offsets_s::integer[] as offsets_s from unnest(p_offsets) with ordinality as t (offsets_s, position)
  ), incoming as (
    select r.*, a.id as activity_id
    from unnest(p_source_ids, p_kinds, p_units, p_values, p_times) as r (source_id, kind, unit, "values", times)
    left join public.activities a on a.user_id = p_user_id and a.platform = p_platform and a.source_id = r.source_id
  ), written as (
    insert into public.activity_streams as s
      (user_id, activity_id, kind, unit, offsets_s, "values", raw_id, raw_created_at, observed_at)
    select p_user_id, i.activity_id, i.kind, i.unit, t.offsets_s, i."values"::numeric[], p_raw_id, p_raw_created_at, p_observed_at
    from incoming i join times t on t.position = i.times where i.activity_id is not null
    order by i.activity_id, i.kind
    on conflict (user_id, activity_id, kind) do update
    set unit = excluded.unit, offsets_s = excluded.offsets_s, "values" = excluded."values", raw_id = excluded.raw_id,
      raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at
    where excluded.observed_at > s.observed_at
      or (excluded.observed_at = s.observed_at and (s.unit, s.offsets_s, s."values") is distinct from (excluded.unit, excluded.offsets_s, excluded."values"))
  )
  -- Gone at the source: its series need no place.
  select coalesce(array_agg(distinct i.source_id), '{}') from incoming i
  where i.activity_id is null and not exists (
    select 1 from ops.deleted_records d
    where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'activity' and d.source_id = i.source_id and d.observed_at >= p_observed_at);
end;
comment on function ops.store_activity_streams(uuid, text, uuid, timestamptz, timestamptz, text[], text[], text[], text[], integer[], text[]) is
  'Writes the series of one payload; answers the source ids whose activity is not here. Series of one recording share their times: p_times says which of p_offsets. Values and offsets are arrays as text.';
grant execute on function ops.store_activity_streams(uuid, text, uuid, timestamptz, timestamptz, text[], text[], text[], text[], integer[], text[]) to tributary_service;
