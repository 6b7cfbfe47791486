-- drops: drop function if exists ops.store_sample_batch(uuid, text, timestamptz, uuid[], timestamptz[], integer[], text[], bigint[], bigint[], integer[], numeric[], text[], text[], text[], boolean[]);
create or replace function ops.store_sample_batch(
  p_user_id uuid, p_platform text, p_raw_created_at timestamptz, p_raw_ids uuid[], p_observed_at timestamptz[],
  p_raw integer[], p_kind text[], p_started_ms bigint[], p_ended_ms bigint[], p_offset_seconds integer[], p_value numeric[],
  p_source text[], p_variant text[], p_source_id text[], p_manual boolean[]
) returns date[]
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_time_zone text := coalesce((select u.time_zone from public.app_users u where u.user_id = p_user_id), 'UTC');
  v_written date[];
  v_has_deleted boolean := exists (
    select 1 from ops.deleted_records d where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sample');
begin
  with incoming as (
    select i.*, p_raw_ids[i.raw] as raw_id, p_observed_at[i.raw] as observed_at, to_timestamp(i.started_ms / 1000.0) as started_at
    from unnest(p_raw, p_kind, p_started_ms, p_ended_ms, p_offset_seconds, p_value, p_source, p_variant, p_source_id, p_manual)
      as i (raw, kind, started_ms, ended_ms, offset_seconds, value, source, variant, source_id, manual)
    where not v_has_deleted or not exists (
      select 1 from ops.deleted_records d
      where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sample'
        and d.source_id in (i.source_id, ops.sample_identity(i.kind, to_timestamp(i.started_ms / 1000.0), to_timestamp(i.ended_ms / 1000.0), i.source, i.variant))
        and d.observed_at >= p_observed_at[i.raw])
  ), written as (
    insert into public.samples as s (user_id, kind, started_at, ended_at, platform, source, variant, value, local_day,
      start_offset_seconds, manual, source_id, raw_id, raw_created_at, observed_at)
    select p_user_id, i.kind, i.started_at, to_timestamp(i.ended_ms / 1000.0), p_platform, i.source, i.variant, i.value,
      case when i.offset_seconds is null then (i.started_at at time zone v_time_zone)::date
        else (i.started_at at time zone 'UTC' + make_interval(secs => i.offset_seconds))::date end,
      i.offset_seconds, i.manual, i.source_id, i.raw_id, p_raw_created_at, i.observed_at
    from incoming i
    on conflict (user_id, kind, started_at, ended_at, platform, source, variant) do update
    set value = excluded.value, local_day = excluded.local_day, start_offset_seconds = excluded.start_offset_seconds,
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
  return coalesce(v_written, '{}');
end $$;
comment on function ops.store_sample_batch(uuid, text, timestamptz, uuid[], timestamptz[], integer[], text[], bigint[], bigint[], integer[], numeric[], text[], text[], text[], boolean[]) is
  'Writes the samples of several payloads that arrive together, as store_samples writes those of one: for imports, which have neither spans nor deletions beside them. p_raw says which of the payloads a sample is from, from 1. No two samples may be of one identity. Answers the local days whose numbers may have changed.';
grant execute on function ops.store_sample_batch(uuid, text, timestamptz, uuid[], timestamptz[], integer[], text[], bigint[], bigint[], integer[], numeric[], text[], text[], text[], boolean[]) to tributary_service;
