-- drops: drop function if exists ops.note_failed_request(text);
create or replace function ops.note_failed_request(p_platform text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_breaker record;
  v_window_is_over boolean;
  v_requests integer;
  v_failures integer;
begin
  select * into v_breaker from ops.circuit_breakers c where c.platform = p_platform for update;
  -- Open already: this request began before.
  if not found or v_breaker.state = 'open' then return v_breaker.state; end if;
  v_window_is_over := v_breaker.window_ends_at <= clock_timestamp();
  v_failures := case when v_window_is_over then 1 else v_breaker.failures + 1 end;
  v_requests := greatest(case when v_window_is_over then 1 else v_breaker.requests end, v_failures);
  if v_breaker.state = 'half_open' or (v_failures >= 5 and v_failures * 2 >= v_requests) then
    update ops.circuit_breakers c set state = 'open', openings = c.openings + 1, probe_until = null, requests = 0, failures = 0,
      window_ends_at = clock_timestamp(), changed_at = clock_timestamp(),
      open_until = clock_timestamp() + interval '1 second' * least(5 * power(2, least(c.openings, 10)), 60) * (0.8 + 0.4 * random())
    where c.platform = p_platform;
    return 'open';
  end if;
  update ops.circuit_breakers c set failures = v_failures, requests = v_requests,
    window_ends_at = case when v_window_is_over then clock_timestamp() + interval '1 minute' else c.window_ends_at end
  where c.platform = p_platform;
  return 'closed';
end $$;
comment on function ops.note_failed_request(text) is
  'A request got a 5xx or no answer. The breaker opens when at least five did within a minute and they are at least half of all, or when it was the probe: for 5 seconds, doubling up to a minute. Answers the state.';
grant execute on function ops.note_failed_request(text) to tributary_service;
