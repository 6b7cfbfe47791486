-- drops: drop trigger if exists check_breaker_state on ops.circuit_breakers; drop function if exists ops.check_breaker_state();
create or replace function ops.check_breaker_state() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  if (old.state, new.state) not in (('closed', 'open'), ('open', 'half_open'), ('half_open', 'open'), ('half_open', 'closed')) then
    raise exception 'a circuit breaker cannot go from % to %', old.state, new.state using errcode = 'TB011';
  end if;
  return new;
end $$;
comment on function ops.check_breaker_state() is 'Refuses the changes of circuit_breakers.state that docs/operations/states.md does not have.';

create or replace trigger check_breaker_state before update of state on ops.circuit_breakers
  for each row when (old.state is distinct from new.state) execute function ops.check_breaker_state();
