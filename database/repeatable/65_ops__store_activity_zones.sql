-- drops: drop function if exists ops.store_activity_zones(uuid, text, uuid, timestamptz, timestamptz, jsonb);
create or replace function ops.store_activity_zones(
  p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamptz, p_observed_at timestamptz, p_records jsonb
) returns text[]
language sql volatile
begin atomic
  with incoming as (
    select r.*, a.id as activity_id
    from jsonb_to_recordset(p_records) as r (
      "sourceId" text, kind text, "zoneNumber" integer, unit text, "lowerBound" numeric, "upperBound" numeric, "timeS" numeric)
    left join public.activities a on a.user_id = p_user_id and a.platform = p_platform and a.source_id = r."sourceId"
  ), current as (
    -- A newer payload has already told the zones of this activity.
    select distinct i.activity_id from incoming i
    where i.activity_id is not null and not exists (
      select 1 from public.activity_zones z where z.user_id = p_user_id and z.activity_id = i.activity_id and z.observed_at > p_observed_at)
  ), gone as (
    delete from public.activity_zones z using current c
    where z.user_id = p_user_id and z.activity_id = c.activity_id and not exists (
      select 1 from incoming i where i.activity_id = z.activity_id and i.kind = z.kind and i."zoneNumber" = z.zone_number)
  ), written as (
    insert into public.activity_zones (user_id, activity_id, kind, zone_number, unit, lower_bound, upper_bound, time_s, raw_id, raw_created_at, observed_at)
    select p_user_id, i.activity_id, i.kind, i."zoneNumber", i.unit, i."lowerBound", i."upperBound", i."timeS", p_raw_id, p_raw_created_at, p_observed_at
    from incoming i join current c using (activity_id)
    on conflict (user_id, activity_id, kind, zone_number) do update
    set unit = excluded.unit, lower_bound = excluded.lower_bound, upper_bound = excluded.upper_bound, time_s = excluded.time_s,
      raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at
  )
  -- Gone at the source: its zones need no place.
  select coalesce(array_agg(distinct i."sourceId"), '{}') from incoming i
  where i.activity_id is null and not exists (
    select 1 from ops.deleted_records d
    where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'activity' and d.source_id = i."sourceId"
      and d.observed_at >= p_observed_at);
end;
comment on function ops.store_activity_zones(uuid, text, uuid, timestamptz, timestamptz, jsonb) is
  'Writes the training zones of one payload; answers the source ids whose activity is not here.';
grant execute on function ops.store_activity_zones(uuid, text, uuid, timestamptz, timestamptz, jsonb) to tributary_service;
