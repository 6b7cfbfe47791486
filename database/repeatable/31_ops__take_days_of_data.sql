-- drops: drop function if exists ops.take_days_of_data(text, integer);
create or replace function ops.take_days_of_data(p_platform text, p_days integer) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_wait_until timestamptz;
begin
  perform 1 from ops.request_budgets b where b.platform = p_platform and b.unit = 'day_of_data' for update;
  update ops.request_budgets b
  set used = 0, resets_at = to_timestamp((floor(extract(epoch from clock_timestamp()) / b.window_seconds) + 1) * b.window_seconds)
  where b.platform = p_platform and b.unit = 'day_of_data' and b.resets_at <= clock_timestamp();
  -- What is larger than the whole window goes alone rather than never.
  select max(b.resets_at) into v_wait_until
  from ops.request_budgets b
  where b.platform = p_platform and b.unit = 'day_of_data' and b.used > 0 and b.used + p_days > b.quota;
  if v_wait_until is null then
    update ops.request_budgets b set used = b.used + p_days where b.platform = p_platform and b.unit = 'day_of_data';
  end if;
  return v_wait_until;
end $$;
comment on function ops.take_days_of_data(text, integer) is
  'Takes so many days of data from what the application may ask for and answers null, or answers when to try again.';
grant execute on function ops.take_days_of_data(text, integer) to tributary_service;
