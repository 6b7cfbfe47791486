-- drops: drop function if exists ops.store_sleep_sessions(uuid, text, uuid, timestamptz, timestamptz, jsonb, text[]);
create or replace function ops.store_sleep_sessions(
  p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamptz, p_observed_at timestamptz, p_records jsonb, p_deleted text[]
) returns date[]
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_time_zone text := coalesce((select u.time_zone from public.app_users u where u.user_id = p_user_id), 'UTC');
  v_written date[];
  v_sessions uuid[];
  v_deleted date[];
  v_absorbed date[];
  v_shortened date[];
  v_records jsonb := ops.join_sleep_parts(p_user_id, p_platform, p_raw_id, p_raw_created_at, p_observed_at, p_records);
begin
  with incoming as (
    select r.* from jsonb_to_recordset(v_records) as r (
      "sourceId" text, source text, "localDay" date, "startedAt" timestamptz, "endedAt" timestamptz, "endOffsetSeconds" integer,
      "timeZone" text, nap boolean, "asleepS" integer, "inBedS" integer, "awakeS" integer, "lightS" integer, "deepS" integer,
      "remS" integer, score numeric, finality integer, "rawId" uuid, "rawCreatedAt" timestamptz, "observedAt" timestamptz)
    where not exists (
      select 1 from ops.deleted_records d
      where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sleep_session' and d.source_id = r."sourceId"
        and d.observed_at >= p_observed_at)
  ), written as (
    insert into public.sleep_sessions as s (user_id, platform, source_id, source, local_day, started_at, ended_at, end_offset_seconds,
      time_zone, nap, asleep_s, in_bed_s, awake_s, light_s, deep_s, rem_s, score, finality, raw_id, raw_created_at, observed_at)
    select p_user_id, p_platform, i."sourceId", i.source,
      coalesce(i."localDay", case when i."endOffsetSeconds" is null then (i."endedAt" at time zone v_time_zone)::date
        else (i."endedAt" at time zone 'UTC' + make_interval(secs => i."endOffsetSeconds"))::date end),
      i."startedAt", i."endedAt", i."endOffsetSeconds", i."timeZone", i.nap, i."asleepS", i."inBedS", i."awakeS", i."lightS", i."deepS",
      i."remS", i.score, i.finality, coalesce(i."rawId", p_raw_id), coalesce(i."rawCreatedAt", p_raw_created_at),
      coalesce(i."observedAt", p_observed_at)
    from incoming i
    order by i."sourceId"
    on conflict (user_id, platform, source_id) do update
    set source = excluded.source, local_day = excluded.local_day, started_at = excluded.started_at, ended_at = excluded.ended_at,
      end_offset_seconds = excluded.end_offset_seconds, time_zone = excluded.time_zone, nap = excluded.nap,
      asleep_s = excluded.asleep_s, in_bed_s = excluded.in_bed_s, awake_s = excluded.awake_s, light_s = excluded.light_s,
      deep_s = excluded.deep_s, rem_s = excluded.rem_s, score = excluded.score, finality = excluded.finality,
      raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at, updated_at = now()
    where (excluded.finality, excluded.observed_at, excluded.raw_id) > (s.finality, s.observed_at, s.raw_id)
      -- The same payload once more: after a fix of its normalizer it may say something else, a lower finality included.
      or (excluded.raw_id = s.raw_id and excluded.observed_at = s.observed_at
        and (row(s.source, s.local_day, s.started_at, s.ended_at, s.end_offset_seconds, s.time_zone, s.nap, s.asleep_s, s.in_bed_s, s.awake_s,
            s.light_s, s.deep_s, s.rem_s, s.score, s.finality)
          is distinct from row(excluded.source, excluded.local_day, excluded.started_at, excluded.ended_at, excluded.end_offset_seconds,
            excluded.time_zone, excluded.nap, excluded.asleep_s, excluded.in_bed_s, excluded.awake_s, excluded.light_s, excluded.deep_s,
            excluded.rem_s, excluded.score, excluded.finality)
        or exists (
          select t."startedAt", max(t."endedAt"), t.stage
          from jsonb_to_recordset(v_records) as r ("sourceId" text, stages jsonb)
          cross join lateral jsonb_to_recordset(r.stages) as t (stage text, "startedAt" timestamptz, "endedAt" timestamptz)
          where r."sourceId" = s.source_id group by t."startedAt", t.stage
          except select t.started_at, t.ended_at, t.stage from public.sleep_stages t where t.user_id = s.user_id and t.sleep_session_id = s.id)
        or exists (
          select t.started_at, t.stage from public.sleep_stages t where t.user_id = s.user_id and t.sleep_session_id = s.id
          except select t."startedAt", t.stage from jsonb_to_recordset(v_records) as r ("sourceId" text, stages jsonb)
          cross join lateral jsonb_to_recordset(r.stages) as t (stage text, "startedAt" timestamptz, "endedAt" timestamptz)
          where r."sourceId" = s.source_id)))
    returning new.id as id, old.local_day as old_day, new.local_day as new_day
  )
  select array_agg(distinct day), array_agg(distinct id) into v_written, v_sessions
  from written cross join lateral (values (old_day), (new_day)) as touched (day) where day is not null;

  delete from public.sleep_stages t where t.user_id = p_user_id and t.sleep_session_id = any (v_sessions);
  insert into public.sleep_stages (user_id, sleep_session_id, started_at, ended_at, stage, source_id, raw_id)
  select p_user_id, s.id, t."startedAt", max(t."endedAt"), t.stage, max(t."sourceId"), (array_agg(t."rawId"))[1]
  from jsonb_to_recordset(v_records) as r ("sourceId" text, stages jsonb)
  join public.sleep_sessions s on s.user_id = p_user_id and s.platform = p_platform and s.source_id = r."sourceId" and s.id = any (v_sessions)
  cross join lateral jsonb_to_recordset(r.stages) as t (stage text, "startedAt" timestamptz, "endedAt" timestamptz, "sourceId" text, "rawId" uuid)
  group by s.id, t."startedAt", t.stage;

  -- One night of one source is one session: what was known of it in pieces is in this one now, or is told anew by it.
  with nights as (
    select r.* from jsonb_to_recordset(v_records) as r (parts text, "sourceId" text, source text, "startedAt" timestamptz, "endedAt" timestamptz)
    where r.parts is not null
  ), absorbed as (
    delete from public.sleep_sessions s using nights n
    where s.user_id = p_user_id and s.platform = p_platform and s.source = n.source and s.source_id <> n."sourceId"
      and s.started_at < n."endedAt" and s.ended_at > n."startedAt"
      and (n.parts = 'some' or s.observed_at <= p_observed_at or (s.started_at >= n."startedAt" and s.ended_at <= n."endedAt"))
      and not exists (select 1 from nights o where o."sourceId" = s.source_id)
    returning s.local_day
  )
  select array_agg(distinct local_day) into v_absorbed from absorbed;

  with gone as (
    insert into ops.deleted_records as d (user_id, platform, record_type, source_id, observed_at)
    select p_user_id, p_platform, 'sleep_session', source_id, p_observed_at from unnest(p_deleted) as source_id
    on conflict (user_id, platform, record_type, source_id) do update set observed_at = greatest(d.observed_at, excluded.observed_at)
    returning source_id
  ), removed as (
    delete from public.sleep_sessions s using gone
    where s.user_id = p_user_id and s.platform = p_platform and s.source_id = gone.source_id and s.observed_at <= p_observed_at
    returning s.local_day
  )
  select array_agg(distinct local_day) into v_deleted from removed;

  if cardinality(p_deleted) > 0 then
    with cut as (
      delete from public.sleep_stages t using public.sleep_sessions s
      where s.user_id = p_user_id and s.platform = p_platform and s.observed_at <= p_observed_at
        and t.user_id = s.user_id and t.sleep_session_id = s.id and t.source_id = any (p_deleted)
      returning t.sleep_session_id
    )
    select array_agg(distinct sleep_session_id) into v_sessions from cut;
    v_shortened := ops.recompute_sleep(p_user_id, v_sessions);
  end if;

  return array(select distinct day from unnest(v_written || v_absorbed || v_deleted || v_shortened) as day order by day);
end $$;
comment on function ops.store_sleep_sessions(uuid, text, uuid, timestamptz, timestamptz, jsonb, text[]) is
  'Writes the sleep sessions of one payload with their stages and answers the local days whose numbers may have changed. A tentative version never replaces a final one, an older payload never a newer one; the same payload twice gives the same rows.';
grant execute on function ops.store_sleep_sessions(uuid, text, uuid, timestamptz, timestamptz, jsonb, text[]) to tributary_service;
