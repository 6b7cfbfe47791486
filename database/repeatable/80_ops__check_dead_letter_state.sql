-- drops: drop trigger if exists check_dead_letter_state on public.dead_letters; drop function if exists ops.check_dead_letter_state();
create or replace function ops.check_dead_letter_state() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  if (old.state, new.state) not in (('waiting', 'retried'), ('waiting', 'discarded'), ('retried', 'waiting')) then
    raise exception 'a dead letter cannot go from % to %', old.state, new.state using errcode = 'TB010';
  end if;
  return new;
end $$;
comment on function ops.check_dead_letter_state() is 'Refuses the changes of dead_letters.state that docs/operations/states.md does not have.';

create or replace trigger check_dead_letter_state before update of state on public.dead_letters
  for each row when (old.state is distinct from new.state) execute function ops.check_dead_letter_state();
