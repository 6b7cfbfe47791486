-- drops: drop function if exists ops.take_request(text, numeric);
create or replace function ops.take_request(p_platform text, p_share numeric) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_wait_until timestamptz;
  v_breaker record;
begin
  select * into v_breaker from ops.circuit_breakers c where c.platform = p_platform for update;
  if v_breaker.state = 'open' and v_breaker.open_until > clock_timestamp() then return v_breaker.open_until; end if;
  if v_breaker.state = 'half_open' and v_breaker.probe_until > clock_timestamp() then
    -- A probe is on its way: its answer is known soon, and all who wait for it need not come at once.
    return least(v_breaker.probe_until, clock_timestamp() + interval '1 second' * (1 + 2 * random()));
  end if;
  perform 1 from ops.request_budgets b where b.platform = p_platform and b.unit = 'request' order by b.window_name for update;
  update ops.request_budgets b
  set used = 0, resets_at = to_timestamp((floor(extract(epoch from clock_timestamp()) / b.window_seconds) + 1) * b.window_seconds)
  where b.platform = p_platform and b.unit = 'request' and b.resets_at <= clock_timestamp();
  select max(b.resets_at) into v_wait_until
  from ops.request_budgets b
  where b.platform = p_platform and b.unit = 'request' and b.used + 1 > floor(b.quota * p_share);
  v_wait_until := greatest(v_wait_until, (
    select p.paused_until from ops.request_pauses p where p.platform = p_platform and p.paused_until > clock_timestamp()));
  if v_wait_until is not null then return v_wait_until; end if;
  update ops.request_budgets b set used = b.used + 1 where b.platform = p_platform and b.unit = 'request';
  if v_breaker.state = 'closed' then
    update ops.circuit_breakers c set
      requests = case when c.window_ends_at <= clock_timestamp() then 1 else c.requests + 1 end,
      failures = case when c.window_ends_at <= clock_timestamp() then 0 else c.failures end,
      window_ends_at = case when c.window_ends_at <= clock_timestamp() then clock_timestamp() + interval '1 minute' else c.window_ends_at end
    where c.platform = p_platform;
  else
    -- A probe may take as long as a request may; should its process die, another goes.
    update ops.circuit_breakers c set state = 'half_open', probe_until = clock_timestamp() + interval '75 seconds',
      changed_at = case when c.state = 'open' then clock_timestamp() else c.changed_at end
    where c.platform = p_platform;
  end if;
  return null;
end $$;
comment on function ops.take_request(text, numeric) is
  'Takes one request from every window of the platform''s budget and answers null, or answers when to try again: when a window resets, a pause that the platform asked for ends, or its circuit breaker lets somebody through. The share (0 to 1] keeps the rest of each window for more urgent work.';
grant execute on function ops.take_request(text, numeric) to tributary_service;
