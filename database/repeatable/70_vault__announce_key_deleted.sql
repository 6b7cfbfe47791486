-- drops: drop trigger if exists announce_key_deleted on vault.user_keys; drop function if exists vault.announce_key_deleted();
create or replace function vault.announce_key_deleted() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  -- Any role may listen: the id of a key names nobody.
  perform pg_notify('vault_key_deleted', old.key_id::text);
  return null;
end $$;
comment on function vault.announce_key_deleted() is
  'Tells every process to forget a person''s key when it is deleted, however that came about: disconnect, erasure, rotation.';

create or replace trigger announce_key_deleted after delete on vault.user_keys
  for each row execute function vault.announce_key_deleted();
