-- drops: drop function if exists ops.take_request(text, numeric);
create or replace function ops.take_request(p_platform text, p_share numeric) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_wait_until timestamptz;
begin
  perform 1 from ops.request_budgets b where b.platform = p_platform and b.unit = 'request' order by b.window_name for update;
  update ops.request_budgets b
  set used = 0, resets_at = to_timestamp((floor(extract(epoch from clock_timestamp()) / b.window_seconds) + 1) * b.window_seconds)
  where b.platform = p_platform and b.unit = 'request' and b.resets_at <= clock_timestamp();
  select max(b.resets_at) into v_wait_until
  from ops.request_budgets b
  where b.platform = p_platform and b.unit = 'request' and b.used + 1 > floor(b.quota * p_share);
  v_wait_until := greatest(v_wait_until, (
    select p.paused_until from ops.request_pauses p where p.platform = p_platform and p.paused_until > clock_timestamp()));
  if v_wait_until is null then
    update ops.request_budgets b set used = b.used + 1 where b.platform = p_platform and b.unit = 'request';
  end if;
  return v_wait_until;
end $$;
comment on function ops.take_request(text, numeric) is
  'Takes one request from every window of the platform''s budget and answers null, or answers when to try again: when a window resets, or a pause that the platform asked for ends. The share (0 to 1] keeps the rest of each window for more urgent work.';
grant execute on function ops.take_request(text, numeric) to tributary_service;
