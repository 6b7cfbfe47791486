-- drops: drop function if exists ops.take_job(text, integer);
create or replace function ops.take_job(p_queue text, p_per_minute integer) returns timestamptz
language sql volatile set search_path = pg_catalog, pg_temp as $$
  insert into ops.job_rates as r (queue, used, window_ends_at) values (p_queue, 1, clock_timestamp() + interval '1 minute')
  on conflict (queue) do update set
    used = case when r.window_ends_at <= clock_timestamp() then 1 else least(r.used, p_per_minute) + 1 end,
    window_ends_at = case when r.window_ends_at <= clock_timestamp() then clock_timestamp() + interval '1 minute' else r.window_ends_at end
  returning case when r.used > p_per_minute then r.window_ends_at end
$$;
comment on function ops.take_job(text, integer) is
  'Begins one job of a queue and answers null, or answers when to try again because so many were begun within a minute.';
grant execute on function ops.take_job(text, integer) to tributary_service;
