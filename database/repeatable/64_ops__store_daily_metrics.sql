-- drops: drop function if exists ops.store_daily_metrics(uuid, text, uuid, timestamptz, timestamptz, jsonb);
create or replace function ops.store_daily_metrics(
  p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamptz, p_observed_at timestamptz, p_records jsonb
) returns date[]
language sql volatile
begin atomic
  with incoming as (
    select r.* from jsonb_to_recordset(p_records) as r ("localDay" date, kind text, value numeric, finality bigint)
  ), written as (
    insert into public.daily_metrics as d (user_id, local_day, platform, kind, value, derived, finality, raw_id, raw_created_at, observed_at)
    select p_user_id, i."localDay", p_platform, i.kind, i.value, false, coalesce(i.finality, 0), p_raw_id, p_raw_created_at, p_observed_at
    from incoming i
    order by i."localDay", i.kind
    on conflict (user_id, local_day, platform, kind) do update
    set value = excluded.value, derived = false, finality = excluded.finality, raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at,
      observed_at = excluded.observed_at, updated_at = now()
    where d.derived or excluded.finality > d.finality
      or (excluded.finality = d.finality and (excluded.observed_at > d.observed_at
        or (excluded.observed_at = d.observed_at and (excluded.raw_id > d.raw_id or (excluded.raw_id = d.raw_id and excluded.value <> d.value)))))
      -- The same payload, read again by a normalizer that judges it differently.
      or (excluded.raw_id = d.raw_id and (excluded.value, excluded.finality) is distinct from (d.value, d.finality))
    returning d.local_day
  )
  select coalesce(array_agg(distinct local_day order by local_day), '{}') from written;
end;
comment on function ops.store_daily_metrics(uuid, text, uuid, timestamptz, timestamptz, jsonb) is
  'Writes the daily numbers a platform reports and answers the days that changed. A less complete value never replaces a more complete one, an older payload never a newer one.';
grant execute on function ops.store_daily_metrics(uuid, text, uuid, timestamptz, timestamptz, jsonb) to tributary_service;
