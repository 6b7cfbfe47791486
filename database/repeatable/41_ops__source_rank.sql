-- drops: drop function if exists ops.source_rank(uuid, text, text, text);
create or replace function ops.source_rank(p_user_id uuid, p_kind text, p_platform text, p_source text) returns integer
language sql stable
begin atomic
  select coalesce(
    (select p.rank from public.source_priorities p
      where p.user_id = p_user_id and p.platform = p_platform and (p.source = p_source or p.source is null)
        -- Who ordered this metric meant this metric: the general order is for those without one.
        and p.kind is not distinct from (select max(o.kind) from public.source_priorities o where o.user_id = p_user_id and o.kind = p_kind)
      order by p.source is null limit 1),
    (select d.rank from public.default_source_priorities d
      where d.platform = p_platform and (d.kind = p_kind or d.kind is null) and (p_source ilike d.source_pattern or d.source_pattern is null)
      order by d.kind is null, d.source_pattern is null, d.id limit 1),
    1000);
end;
comment on function ops.source_rank(uuid, text, text, text) is
  'Where a device or app stands for a metric, the smallest first: the person''s own order, else the default, else 1000. An order for the metric itself goes before the general one, a row for the device before one for its platform.';
grant execute on function ops.source_rank(uuid, text, text, text) to tributary_service;
