-- drops: drop function if exists ops.create_monthly_partitions(integer);
create or replace function ops.create_monthly_partitions(p_months_ahead integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_start date;
  v_created integer := 0;
  v_name text;
begin
  perform pg_advisory_xact_lock(hashtextextended('ops.create_monthly_partitions', 0));
  for v_start in
    select generate_series(date_trunc('month', now()), date_trunc('month', now()) + make_interval(months => p_months_ahead), '1 month')::date
  loop
    v_name := 'raw_fitness_data_' || to_char(v_start, 'YYYY_MM');
    if to_regclass('public.' || v_name) is null then
      execute format('create table public.%I partition of public.raw_fitness_data for values from (%L) to (%L)',
        v_name, v_start, (v_start + interval '1 month')::date);
      v_created := v_created + 1;
    end if;
    -- Hasura puts its event trigger on the parent, and Postgres asks for the right on every partition.
    execute format('grant trigger on public.%I to tributary_hasura', v_name);
  end loop;
  return v_created;
end $$;
comment on function ops.create_monthly_partitions(integer) is
  'Creates the partitions of raw_fitness_data for this month and the given number of months ahead; answers how many were new.';
revoke all on function ops.create_monthly_partitions(integer) from public;
grant execute on function ops.create_monthly_partitions(integer) to tributary_service;

select ops.create_monthly_partitions(3);
