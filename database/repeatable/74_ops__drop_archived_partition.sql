-- drops: drop function if exists ops.drop_archived_partition(text, text, text[]);
create or replace function ops.drop_archived_partition(p_table text, p_name text, p_kept_platforms text[])
returns table (outcome text, archived bigint, changed uuid[])
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' set timezone = 'UTC' as $$
declare
  v_part record;
  v_column text := case p_table when 'samples' then 'started_at' else 'created_at' end;
  v_others boolean;
begin
  select p.* into v_part from ops.closed_partitions(p_table, now()) p where p.name = p_name;
  if not found then raise exception 'there is no closed month %', p_name; end if;
  -- Nobody writes to it from here until it is gone: what is compared is what is dropped.
  execute format('lock table public.%I in share row exclusive mode', p_name);
  execute format('
    with live as (
      select t.user_id, count(*) as n, bit_xor(hashtextextended(t::text, 0)) as digest from public.%I t
      where t.platform <> all ($1)
        and not exists (select from public.legal_holds h where h.released_at is null and (h.everybody or h.user_id = t.user_id))
      group by t.user_id
    ), kept as (
      select a.user_id, sum(a.row_count) as n, bit_xor(a.rows_digest) as digest from ops.archives a
      where a.source = $2 and a.month = $3 and a.dropped_at is null group by a.user_id
    )
    select coalesce(sum(kept.n), 0), array_agg(user_id) filter (where live.n is distinct from kept.n or live.digest is distinct from kept.digest)
    from live full join kept using (user_id)', p_name)
    into archived, changed using p_kept_platforms, p_table, v_part.starts::date;
  if changed is not null then
    outcome := 'changed';
    return next;
    return;
  end if;
  execute format('select (select count(*) from public.%I) > $1', p_name) into v_others using archived;
  if v_others then
    -- Through the table itself: what counts its rows hears of it.
    execute format('delete from public.%I t where t.%I >= $1 and t.%I < $2 and t.platform <> all ($3) and exists (
      select from ops.archives a where a.user_id = t.user_id and a.source = $4 and a.month = $5 and a.dropped_at is null)', p_table, v_column, v_column)
      using v_part.starts, v_part.ends, p_kept_platforms, p_table, v_part.starts::date;
  else
    perform ops.drop_partition(p_table, p_name, v_part.starts, v_part.ends);
  end if;
  update ops.archives a set dropped_at = now() where a.source = p_table and a.month = v_part.starts::date and a.dropped_at is null;
  outcome := case when v_others then 'emptied' else 'dropped' end;
  return next;
end $$;
comment on function ops.drop_archived_partition(text, text, text[]) is
  'Drops a month whose every row is in an archive, or answers of whom it is not. Rows of platforms whose policy can ask them back, and of people under a legal hold, stay. Safe to run twice.';
revoke all on function ops.drop_archived_partition(text, text, text[]) from public;
grant execute on function ops.drop_archived_partition(text, text, text[]) to tributary_service;
