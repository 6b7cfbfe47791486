-- drops: drop function if exists ops.take_request(text, numeric); drop function if exists ops.window_end(integer, timestamptz);
create or replace function ops.window_end(p_seconds integer, p_at timestamptz) returns timestamptz
language sql immutable
return to_timestamp((floor(extract(epoch from p_at) / p_seconds) + 1) * p_seconds);
comment on function ops.window_end(integer, timestamptz) is 'When the natural window of so many seconds ends that holds this moment.';
grant execute on function ops.window_end(integer, timestamptz) to tributary_service;

create or replace function ops.take_request(p_platform text, p_share numeric) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_breaker record;
  v_now timestamptz;
  v_wait_until timestamptz;
begin
  -- Whoever asks for the same platform waits here, so all that follows is as short as it can be.
  select c.state, c.open_until, c.probe_until into v_breaker from ops.circuit_breakers c where c.platform = p_platform for update;
  v_now := clock_timestamp();
  if v_breaker.state = 'open' and v_breaker.open_until > v_now then return v_breaker.open_until; end if;
  if v_breaker.state = 'half_open' and v_breaker.probe_until > v_now then
    -- A probe is on its way: its answer is known soon, and all who wait for it need not come at once.
    return least(v_breaker.probe_until, v_now + interval '1 second' * (1 + 2 * random()));
  end if;
  -- Locked, too: an answer that tells of more requests than ours must not come between this look and what is counted below.
  select greatest(
      max(case when b.resets_at > v_now then b.resets_at else ops.window_end(b.window_seconds, v_now) end)
        filter (where (case when b.resets_at > v_now then b.used else 0 end) + 1 > floor(b.quota * p_share)),
      (select p.paused_until from ops.request_pauses p where p.platform = p_platform and p.paused_until > v_now))
    into v_wait_until
  from (
    select r.resets_at, r.window_seconds, r.used, r.quota from ops.request_budgets r
    where r.platform = p_platform and r.unit = 'request' order by r.window_name for update) b;
  if v_wait_until is not null then return v_wait_until; end if;
  update ops.request_budgets b set
    used = case when b.resets_at > v_now then b.used + 1 else 1 end,
    resets_at = case when b.resets_at > v_now then b.resets_at else ops.window_end(b.window_seconds, v_now) end
  where b.platform = p_platform and b.unit = 'request';
  if v_breaker.state = 'closed' then
    update ops.circuit_breakers c set
      requests = case when c.window_ends_at <= v_now then 1 else c.requests + 1 end,
      failures = case when c.window_ends_at <= v_now then 0 else c.failures end,
      window_ends_at = case when c.window_ends_at <= v_now then v_now + interval '1 minute' else c.window_ends_at end
    where c.platform = p_platform;
  else
    -- A probe may take as long as a request may; should its process die, another goes.
    update ops.circuit_breakers c set state = 'half_open', probe_until = v_now + interval '75 seconds',
      changed_at = case when c.state = 'open' then v_now else c.changed_at end
    where c.platform = p_platform;
  end if;
  return null;
end $$;
comment on function ops.take_request(text, numeric) is
  'Takes one request from every window of the platform''s budget and answers null, or answers when to try again: when a window resets, a pause that the platform asked for ends, or its circuit breaker lets somebody through. The share (0 to 1] keeps the rest of each window for more urgent work.';
grant execute on function ops.take_request(text, numeric) to tributary_service;
