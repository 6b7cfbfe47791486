-- drops: drop function if exists ops.find_policy_work(integer);
create or replace function ops.find_policy_work(p_limit integer) returns table (user_id uuid, platform text)
language sql stable
begin atomic
  select due.user_id, due.platform
  from (
    select f.user_id, p.id as platform from public.platforms p
    join public.user_fitness_summary f on f.platform = p.id and f.date <= (now() - make_interval(days => p.retention_days))::date
    union
    select c.user_id, c.platform from public.connections c join public.platforms p on p.id = c.platform
    where c.status = 'disconnected' and c.disconnected_at <= now() - make_interval(days => p.deauthorization_days)
      and exists (select 1 from public.user_fitness_summary f where f.user_id = c.user_id and f.platform = c.platform)
    union
    select d.user_id, d.platform from ops.deleted_records d join public.platforms p on p.id = d.platform
    where p.source_deletion_hours is not null and d.payloads_removed_at is null
  ) due
  where not ops.is_held(due.user_id)
  order by due.user_id, due.platform limit p_limit;
end;
comment on function ops.find_policy_work(integer) is
  'People with data of a platform that its policy no longer allows to keep, or soon will not: ops.enforce_policy looks at each more closely.';
grant execute on function ops.find_policy_work(integer) to tributary_service;
