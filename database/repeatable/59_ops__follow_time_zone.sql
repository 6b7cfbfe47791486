-- drops: drop trigger if exists choose_time_zone on public.app_users; drop function if exists ops.choose_time_zone(); drop function if exists ops.follow_time_zone(uuid);
create or replace function ops.choose_time_zone() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  if new.time_zone is not null then
    -- Everything that has no offset is placed by it: a name that Postgres does not know would stop the person's data.
    begin
      perform now() at time zone new.time_zone;
    exception when invalid_parameter_value then
      raise exception 'time_zone is no IANA time zone' using errcode = 'check_violation';
    end;
  end if;
  new.time_zone_platform := null;
  return new;
end $$;
comment on function ops.choose_time_zone() is 'What a person chooses is theirs: no platform changes it any more. Refuses what is no time zone.';
-- Through the engine people act; the service alone follows platforms.
create or replace trigger choose_time_zone before update of time_zone on public.app_users
  for each row when (current_user = 'tributary_hasura') execute function ops.choose_time_zone();

create or replace function ops.follow_time_zone(p_user_id uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_newest record;
begin
  -- Of platforms that keep their data apart nothing may decide where others' data belongs.
  select a.time_zone, a.platform into v_newest
  from public.activities a join public.platforms p on p.id = a.platform and p.combinable
  where a.user_id = p_user_id and a.time_zone is not null and a.started_at is not null
  order by a.started_at desc limit 1;
  if not exists (
    select 1 from public.app_users u
    where u.user_id = p_user_id and (u.time_zone is null or u.time_zone_platform is not null)
      and (u.time_zone, u.time_zone_platform) is distinct from (v_newest.time_zone, v_newest.platform)) then return; end if;
  if v_newest.time_zone is not null then
    begin
      perform now() at time zone v_newest.time_zone;
    exception when invalid_parameter_value then return;
    end;
  end if;
  update public.app_users u set time_zone = v_newest.time_zone, time_zone_platform = v_newest.platform
  where u.user_id = p_user_id and (u.time_zone is null or u.time_zone_platform is not null);
end $$;
comment on function ops.follow_time_zone(uuid) is 'Sets the time zone of a person who chose none to that of their newest activity; forgets it when there is none any more.';
revoke all on function ops.follow_time_zone(uuid) from public;
grant execute on function ops.follow_time_zone(uuid) to tributary_service;
