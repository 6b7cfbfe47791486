-- drops: drop function if exists ops.drop_expired_partitions(text, timestamptz);
create or replace function ops.drop_expired_partitions(p_table text, p_before timestamptz)
returns table (partition_name text, outcome text, deleted bigint)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  v_part record;
  v_held boolean;
  v_column text := case p_table when 'samples' then 'started_at' else 'created_at' end;
begin
  if p_table not in ('raw_fitness_data', 'samples') then
    raise exception 'only raw_fitness_data and samples have partitions that expire';
  end if;
  if exists (select from public.legal_holds h where h.released_at is null and h.everybody) then return; end if;
  for v_part in
    select p.name, p.starts, p.ends from ops.closed_partitions(p_table, p_before) p
  loop
    execute format('select exists (select from public.%I t join public.legal_holds h on h.user_id = t.user_id where h.released_at is null)',
      v_part.name) into v_held;
    if v_held then
      -- Through the table itself: what counts its rows hears of it.
      execute format('delete from public.%I t where t.%I >= $1 and t.%I < $2
        and not exists (select from public.legal_holds h where h.user_id = t.user_id and h.released_at is null)',
        p_table, v_column, v_column) using v_part.starts, v_part.ends;
      get diagnostics deleted = row_count;
      outcome := 'held';
    else
      execute format('select count(*) from public.%I', v_part.name) into deleted;
      perform ops.drop_partition(p_table, v_part.name, v_part.starts, v_part.ends);
      outcome := 'dropped';
    end if;
    partition_name := v_part.name;
    return next;
  end loop;
end $$;
comment on function ops.drop_expired_partitions(text, timestamptz) is
  'Drops the months of raw_fitness_data or samples that ended before a time; of a month with rows under a legal hold everybody else''s rows go. Safe to run twice.';
revoke all on function ops.drop_expired_partitions(text, timestamptz) from public;
grant execute on function ops.drop_expired_partitions(text, timestamptz) to tributary_service;
