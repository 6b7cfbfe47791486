-- drops: drop function if exists ops.store_activity_streams(uuid, text, uuid, timestamptz, timestamptz, jsonb);
create or replace function ops.store_activity_streams(
  p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamptz, p_observed_at timestamptz, p_records jsonb
) returns text[]
language sql volatile
begin atomic
  with incoming as (
    select r.*, a.id as activity_id
    from jsonb_to_recordset(p_records) as r ("sourceId" text, kind text, unit text, "offsetsS" integer[], "values" numeric[])
    left join public.activities a on a.user_id = p_user_id and a.platform = p_platform and a.source_id = r."sourceId"
  ), written as (
    insert into public.activity_streams as s
      (user_id, activity_id, kind, unit, offsets_s, "values", raw_id, raw_created_at, observed_at)
    select p_user_id, i.activity_id, i.kind, i.unit, i."offsetsS", i."values", p_raw_id, p_raw_created_at, p_observed_at
    from incoming i where i.activity_id is not null
    order by i.activity_id, i.kind
    on conflict (user_id, activity_id, kind) do update
    set unit = excluded.unit, offsets_s = excluded.offsets_s, "values" = excluded."values", raw_id = excluded.raw_id,
      raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at
    where excluded.observed_at > s.observed_at
      or (excluded.observed_at = s.observed_at and (s.unit, s.offsets_s, s."values") is distinct from (excluded.unit, excluded.offsets_s, excluded."values"))
  )
  -- Gone at the source: its series need no place.
  select coalesce(array_agg(distinct i."sourceId"), '{}') from incoming i
  where i.activity_id is null and not exists (
    select 1 from ops.deleted_records d
    where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'activity' and d.source_id = i."sourceId" and d.observed_at >= p_observed_at);
end;
comment on function ops.store_activity_streams(uuid, text, uuid, timestamptz, timestamptz, jsonb) is
  'Writes the series of one payload; answers the source ids whose activity is not here.';
grant execute on function ops.store_activity_streams(uuid, text, uuid, timestamptz, timestamptz, jsonb) to tributary_service;
