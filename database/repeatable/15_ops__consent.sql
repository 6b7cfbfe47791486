-- drops: drop trigger if exists refuse_change on public.consents; drop trigger if exists refuse_change on public.consent_texts; drop trigger if exists refuse_truncate on public.consents; drop trigger if exists refuse_truncate on public.consent_texts; drop function if exists ops.refuse_consent_change(); drop function if exists ops.lock_consent(uuid, text); drop function if exists ops.has_consent(uuid, text);
create or replace function ops.has_consent(p_user_id uuid, p_platform text) returns boolean
language sql stable
begin atomic
  select not exists (
    select from public.consent_purposes p
    where p.required and not coalesce((
      select c.decision = 'given' and c.text_version = (
        select max(t.version) from public.consent_texts t where t.platform = p_platform and t.purpose = p.id)
      from public.consents c
      where c.user_id = p_user_id and c.platform = p_platform and c.purpose = p.id
      order by c.position desc limit 1), false));
end;
comment on function ops.has_consent(uuid, text) is 'Whether the person''s latest decision about every required purpose of the platform is to agree, and to the newest text. No text published: false.';
revoke all on function ops.has_consent(uuid, text) from public;
grant execute on function ops.has_consent(uuid, text) to tributary_service;

create or replace function ops.lock_consent(p_user_id uuid, p_platform text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  -- A withdrawal locks the row for update: it waits for writers that asked before it, and those that ask after it see it.
  perform from public.app_users u where u.user_id = p_user_id for key share;
  return found and ops.has_consent(p_user_id, p_platform);
end $$;
comment on function ops.lock_consent(uuid, text) is 'As has_consent, and it stays so until the transaction ends. Whoever writes a person''s data asks it first. False also when the person is gone.';
revoke all on function ops.lock_consent(uuid, text) from public;
grant execute on function ops.lock_consent(uuid, text) to tributary_service;

create or replace function ops.refuse_consent_change() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  -- Rows go with their person, whose own row is gone by then, and in no other way.
  if tg_op = 'DELETE' and tg_table_name = 'consents' then
    if not exists (select from public.app_users u where u.user_id = old.user_id) then return old; end if;
  end if;
  raise exception '% of % is not allowed: add a row', tg_op, tg_table_name using errcode = 'TB003';
end $$;
comment on function ops.refuse_consent_change() is 'Keeps consents and their texts as they were written.';
create or replace trigger refuse_change before update or delete on public.consents
  for each row execute function ops.refuse_consent_change();
create or replace trigger refuse_truncate before truncate on public.consents
  for each statement execute function ops.refuse_consent_change();
create or replace trigger refuse_change before update or delete on public.consent_texts
  for each row execute function ops.refuse_consent_change();
create or replace trigger refuse_truncate before truncate on public.consent_texts
  for each statement execute function ops.refuse_consent_change();
