-- drops: drop function if exists ops.store_samples(uuid, text, uuid, timestamptz, timestamptz, jsonb, jsonb, text[]);
create or replace function ops.store_samples(
  p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamptz, p_observed_at timestamptz,
  p_records jsonb, p_spans jsonb, p_deleted text[]
) returns date[]
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_time_zone text := coalesce((select u.time_zone from public.app_users u where u.user_id = p_user_id), 'UTC');
  v_written date[];
  v_replaced date[];
  v_deleted date[];
  v_has_deleted boolean := exists (
    select 1 from ops.deleted_records d where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sample');
begin
  -- What a span covers is replaced as a whole: an interval that grew has another end, and its shorter self must go.
  with spans as (
    select r.* from jsonb_to_recordset(p_spans) as r (
      kinds text[], source text, variant text, "from" timestamptz, "to" timestamptz, "keepLonger" boolean, lasting boolean)
  ), gone as (
    delete from public.samples s using spans p
    where s.user_id = p_user_id and s.kind = any (p.kinds) and s.platform = p_platform
      and s.started_at >= p."from" and s.started_at < p."to"
      and (p.source is null or s.source = p.source) and (p.variant is null or s.variant = p.variant)
      and (s.observed_at < p_observed_at or s.raw_id = p_raw_id)
      and not (coalesce(p."keepLonger", false) and s.ended_at > p."to")
      and not exists (
        select 1 from jsonb_to_recordset(p_records) as r (kind text, "startedAt" timestamptz, "endedAt" timestamptz, source text, variant text)
        where r.kind = s.kind and r."startedAt" = s.started_at and r."endedAt" = s.ended_at and r.source = s.source and r.variant = s.variant)
    returning s.local_day, s.kind, s.started_at, s.ended_at, s.source, s.variant, p.lasting
  ), remembered as (
    -- An older payload that is read again must not bring back what a newer one no longer told.
    insert into ops.deleted_records as d (user_id, platform, record_type, source_id, observed_at)
    select distinct p_user_id, p_platform, 'sample', ops.sample_identity(kind, started_at, ended_at, source, variant), p_observed_at
    from gone where lasting
    on conflict (user_id, platform, record_type, source_id) do update set observed_at = greatest(d.observed_at, excluded.observed_at)
  )
  select array_agg(distinct local_day) into v_replaced from gone;

  with spans as (
    select r.* from jsonb_to_recordset(p_spans) as r (kinds text[], source text, variant text, "from" timestamptz, "to" timestamptz, "keepLonger" boolean)
  ), newer as (
    select p.* from spans p where exists (
      select 1 from public.samples s
      where s.user_id = p_user_id and s.kind = any (p.kinds) and s.platform = p_platform
        and s.started_at >= p."from" and s.started_at < p."to"
        and (p.source is null or s.source = p.source) and (p.variant is null or s.variant = p.variant)
        and (s.observed_at > p_observed_at or (coalesce(p."keepLonger", false) and s.ended_at > p."to")))
  ), incoming as (
    select r.* from jsonb_to_recordset(p_records) as r (
      kind text, "startedAt" timestamptz, "endedAt" timestamptz, source text, variant text, value numeric, "localDay" date,
      "offsetSeconds" integer, manual boolean, "sourceId" text)
    where not exists (
      select 1 from newer p where r.kind = any (p.kinds) and r."startedAt" >= p."from" and r."startedAt" < p."to"
        and (p.source is null or r.source = p.source) and (p.variant is null or r.variant = p.variant))
      and not exists (
        select 1 from ops.deleted_records d
        where v_has_deleted and d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sample'
          and d.source_id in (r."sourceId", ops.sample_identity(r.kind, r."startedAt", r."endedAt", r.source, r.variant))
          and d.observed_at >= p_observed_at)
  ), written as (
    insert into public.samples as s (user_id, kind, started_at, ended_at, platform, source, variant, value, local_day,
      start_offset_seconds, manual, source_id, raw_id, raw_created_at, observed_at)
    select p_user_id, i.kind, i."startedAt", i."endedAt", p_platform, i.source, i.variant, i.value,
      coalesce(i."localDay", case when i."offsetSeconds" is null then (i."startedAt" at time zone v_time_zone)::date
        else (i."startedAt" at time zone 'UTC' + make_interval(secs => i."offsetSeconds"))::date end),
      i."offsetSeconds", i.manual, i."sourceId", p_raw_id, p_raw_created_at, p_observed_at
    from incoming i
    on conflict (user_id, kind, started_at, ended_at, platform, source, variant) do update
    set value = excluded.value, 
      -- Of one reading that comes twice, the path that tells where the person was is right.
      local_day = case when excluded.start_offset_seconds is null and s.start_offset_seconds is not null then s.local_day else excluded.local_day end,
      start_offset_seconds = coalesce(excluded.start_offset_seconds, s.start_offset_seconds),
      manual = excluded.manual, source_id = coalesce(excluded.source_id, s.source_id), raw_id = excluded.raw_id,
      raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at
    where excluded.observed_at > s.observed_at
      or (excluded.observed_at = s.observed_at and (excluded.raw_id > s.raw_id or (excluded.raw_id = s.raw_id
        and row(s.value, s.local_day, s.start_offset_seconds, s.manual)
          is distinct from row(excluded.value, excluded.local_day, excluded.start_offset_seconds, excluded.manual))))
    returning old.local_day as old_day, new.local_day as new_day, old.value is distinct from new.value as changed
  )
  select array_agg(distinct day) into v_written
  from written cross join lateral (values (old_day), (new_day)) as touched (day)
  where day is not null and (changed or old_day is distinct from new_day);

  -- A record that comes again under its id with another time, kind or source is the same record, corrected; unless the version that came
  -- was not taken, because a longer or newer one is here.
  with corrected as (
    delete from public.samples s
    using jsonb_to_recordset(p_records) as r (kind text, "startedAt" timestamptz, "endedAt" timestamptz, source text, variant text, "sourceId" text)
    where r."sourceId" is not null and s.user_id = p_user_id and s.platform = p_platform and s.source_id = r."sourceId"
      and s.observed_at < p_observed_at
      and (s.kind, s.started_at, s.ended_at, s.source, s.variant) is distinct from (r.kind, r."startedAt", r."endedAt", r.source, r.variant)
      and exists (
        select 1 from public.samples n where n.user_id = p_user_id and n.kind = r.kind and n.started_at = r."startedAt"
          and n.ended_at = r."endedAt" and n.platform = p_platform and n.source = r.source and n.variant = r.variant)
      and not exists (
        select 1 from jsonb_to_recordset(p_records) as o (kind text, "startedAt" timestamptz, "endedAt" timestamptz, source text, variant text, "sourceId" text)
        where o."sourceId" = s.source_id and (o.kind, o."startedAt", o."endedAt", o.source, o.variant) = (s.kind, s.started_at, s.ended_at, s.source, s.variant))
    returning s.local_day
  )
  select v_replaced || coalesce(array_agg(distinct local_day), '{}') into v_replaced from corrected;

  with gone as (
    insert into ops.deleted_records as d (user_id, platform, record_type, source_id, observed_at)
    select p_user_id, p_platform, 'sample', source_id, p_observed_at from unnest(p_deleted) as source_id
    on conflict (user_id, platform, record_type, source_id) do update set observed_at = greatest(d.observed_at, excluded.observed_at)
    returning source_id
  ), removed as (
    delete from public.samples s using gone
    where s.user_id = p_user_id and s.platform = p_platform and s.source_id = gone.source_id and s.observed_at <= p_observed_at
    returning s.local_day
  )
  select array_agg(distinct local_day) into v_deleted from removed;

  return array(select distinct day from unnest(v_replaced || v_written || v_deleted) as day order by day);
end $$;
comment on function ops.store_samples(uuid, text, uuid, timestamptz, timestamptz, jsonb, jsonb, text[]) is
  'Writes the samples of one payload, replaces what its spans cover, removes what is gone at the source, and answers the local days whose numbers may have changed. An older payload never overwrites a newer one; the same payload twice changes nothing.';
grant execute on function ops.store_samples(uuid, text, uuid, timestamptz, timestamptz, jsonb, jsonb, text[]) to tributary_service;
