-- drops: drop function if exists ops.closed_partitions(text, timestamptz);
create or replace function ops.closed_partitions(p_table text, p_before timestamptz)
returns table (name text, starts timestamptz, ends timestamptz)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select c.relname, b.bounds[1]::timestamptz, b.bounds[2]::timestamptz
  from pg_inherits i join pg_class c on c.oid = i.inhrelid,
    regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') as b (bounds)
  where i.inhparent = format('public.%I', p_table)::regclass and b.bounds[2]::timestamptz <= p_before
  order by 2
$$;
comment on function ops.closed_partitions(text, timestamptz) is 'The months of a partitioned table that ended before a time, oldest first.';
grant execute on function ops.closed_partitions(text, timestamptz) to tributary_service;
