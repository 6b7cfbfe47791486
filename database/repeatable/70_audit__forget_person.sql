-- drops: drop function if exists audit.forget_person(uuid);
create or replace function audit.forget_person(p_user_id uuid) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_changed integer;
begin
  update audit.personal_values v set
    subject_user_id = null, subject_salt = null, source_address = null, source_salt = null,
    reason = null, reason_salt = null, details = null, details_salt = null,
    actor_id = case when v.actor_id = p_user_id::text then null else v.actor_id end,
    actor_salt = case when v.actor_id = p_user_id::text then null else v.actor_salt end
  where v.subject_user_id = p_user_id;
  get diagnostics v_changed = row_count;
  update audit.personal_values v set actor_id = null, actor_salt = null, source_address = null, source_salt = null
  where v.actor_id = p_user_id::text;
  return v_changed;
end $$;
comment on function audit.forget_person(uuid) is
  'Empties what the audit trail knows of a person, salts included, and keeps the events: who else acted on them stays known. Answers how many events were about them. Safe to run twice.';
revoke all on function audit.forget_person(uuid) from public;
grant execute on function audit.forget_person(uuid) to tributary_service;
