-- drops: drop trigger if exists count_raw_data_inserted on public.raw_fitness_data; drop trigger if exists count_raw_data_deleted on public.raw_fitness_data; drop function if exists ops.count_raw_data_inserted(); drop function if exists ops.count_raw_data_deleted();
create or replace function ops.count_raw_data_inserted() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.user_fitness_summary as summary (user_id, date, platform, data_points, data_types)
  select added.user_id, added.created_at::date, added.platform, count(*), jsonb_agg(distinct added.data_type)
  from added
  group by added.user_id, added.created_at::date, added.platform
  order by 1, 2, 3
  on conflict (user_id, date, platform) do update
  set data_points = summary.data_points + excluded.data_points,
      data_types = (
        select jsonb_agg(distinct kind)
        from jsonb_array_elements_text(summary.data_types || excluded.data_types) as kind
      );
  return null;
end $$;
comment on function ops.count_raw_data_inserted() is
  'Keeps user_fitness_summary equal to a count over raw_fitness_data, at the cost of the new rows alone.';

create or replace function ops.count_raw_data_deleted() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  with touched as (
    select distinct removed.user_id, removed.created_at::date as date, removed.platform from removed
  ), gone as (
    delete from public.user_fitness_summary summary using touched
    where (summary.user_id, summary.date, summary.platform) = (touched.user_id, touched.date, touched.platform)
    returning 1
  )
  insert into public.user_fitness_summary as summary (user_id, date, platform, data_points, data_types)
  select raw.user_id, touched.date, raw.platform, count(*), jsonb_agg(distinct raw.data_type)
  from touched
  join public.raw_fitness_data raw
    on raw.user_id = touched.user_id and raw.platform = touched.platform
    and raw.created_at >= touched.date and raw.created_at < touched.date + 1
  group by raw.user_id, touched.date, raw.platform
  on conflict (user_id, date, platform) do update
  set data_points = excluded.data_points, data_types = excluded.data_types;
  return null;
end $$;
comment on function ops.count_raw_data_deleted() is 'Counts the days again from which payloads were removed.';

create or replace trigger count_raw_data_inserted after insert on public.raw_fitness_data
  referencing new table as added for each statement execute function ops.count_raw_data_inserted();
create or replace trigger count_raw_data_deleted after delete on public.raw_fitness_data
  referencing old table as removed for each statement execute function ops.count_raw_data_deleted();
