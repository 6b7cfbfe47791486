-- drops: drop trigger if exists note_merging_rules on public.app_users; drop function if exists ops.note_merging_rules(); drop function if exists ops.merging_rules();
-- After the rules themselves, so that nothing merged by the old ones passes for new. Whoever changes what 41 to 50 make of the same rows counts up.
-- 2: a workout that another device cut in pieces is counted once.
create or replace function ops.merging_rules() returns integer
language sql immutable
return 2;
comment on function ops.merging_rules() is 'The version of the merging rules; days of people with an older one are merged anew.';
grant execute on function ops.merging_rules() to tributary_service;

create or replace function ops.note_merging_rules() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  new.merging_rules := ops.merging_rules();
  return new;
end $$;
comment on function ops.note_merging_rules() is 'A new person has no day that older rules merged.';

create or replace trigger note_merging_rules before insert on public.app_users
  for each row execute function ops.note_merging_rules();
