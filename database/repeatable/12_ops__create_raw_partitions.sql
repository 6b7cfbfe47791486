-- drops: drop function if exists ops.create_raw_partitions(date[]);
create or replace function ops.create_raw_partitions(p_months date[]) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_start date;
  v_created integer := 0;
  v_name text;
begin
  perform pg_advisory_xact_lock(hashtextextended('ops.create_monthly_partitions', 0));
  for v_start in select distinct date_trunc('month', month)::date from unnest(p_months) as month
  loop
    v_name := 'raw_fitness_data_' || to_char(v_start, 'YYYY_MM');
    if to_regclass('public.' || v_name) is null then
      execute format('create table public.%I partition of public.raw_fitness_data for values from (%L) to (%L)',
        v_name, v_start, (v_start + interval '1 month')::date);
      v_created := v_created + 1;
    end if;
    execute format('grant trigger on public.%I to tributary_hasura', v_name);
  end loop;
  return v_created;
end $$;
comment on function ops.create_raw_partitions(date[]) is
  'Creates the partitions of raw_fitness_data for the given months, for a copy that is imported; answers how many were new. Call it in a transaction of its own: it locks the table for a moment.';
revoke all on function ops.create_raw_partitions(date[]) from public;
grant execute on function ops.create_raw_partitions(date[]) to tributary_service;
