-- drops: drop function if exists ops.drop_partition(text, text, timestamptz, timestamptz);
create or replace function ops.drop_partition(p_table text, p_name text, p_starts timestamptz, p_ends timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  if p_table = 'raw_fitness_data' then
    -- What hangs on the payloads, and the counts of them, which a dropped table would not tell.
    delete from ops.rejected_records r where r.raw_created_at >= p_starts and r.raw_created_at < p_ends;
    delete from public.user_fitness_summary s where s.date >= p_starts::date and s.date < p_ends::date;
  end if;
  execute format('alter table public.%I detach partition public.%I', p_table, p_name);
  execute format('drop table public.%I', p_name);
end $$;
comment on function ops.drop_partition(text, text, timestamptz, timestamptz) is
  'Drops a month of raw_fitness_data or samples with what hangs on its rows. For functions of the owner.';
revoke all on function ops.drop_partition(text, text, timestamptz, timestamptz) from public;
