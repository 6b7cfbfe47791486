-- drops: drop view if exists public.platform_status;
create or replace view public.platform_status as
select p.id as platform,
  case
    when b.state = 'half_open' then 'probing'
    when b.state = 'open' then 'failing'
    when t.reason = 'misconfigured' and t.paused_until is not null then 'misconfigured'
    when r.reason = 'misconfigured' and r.paused_until > now() then 'misconfigured'
    when t.paused_until is not null then 'failing'
    when greatest(w.paused_until, r.paused_until) > now() then 'limited'
    else 'ok'
  end as state,
  greatest(b.open_until, case when t.paused_until > now() then t.paused_until end,
    case when r.paused_until > now() then r.paused_until end, w.paused_until) as retry_at,
  coalesce(b.state, 'closed') as breaker,
  coalesce(b.changed_at, p.updated_at) as breaker_changed_at,
  case when b.window_ends_at > now() then b.requests else 0 end as recent_requests,
  case when b.window_ends_at > now() then b.failures else 0 end as recent_failures,
  case when t.paused_until is null then 'ok' else coalesce(t.reason, 'unavailable') end as token_endpoint,
  coalesce(w.budgets, '[]'::jsonb) as budgets
from public.platforms p
left join ops.circuit_breakers b on b.platform = p.id
left join ops.token_endpoints t on t.platform = p.id
left join ops.request_pauses r on r.platform = p.id
left join lateral (
  select max(q.resets_at) filter (where q.unit = 'request' and q.used >= q.quota and q.resets_at > now()) as paused_until,
    jsonb_agg(jsonb_build_object('name', q.window_name, 'unit', q.unit, 'quota', q.quota, 'resets_at', q.resets_at,
      'used', case when q.resets_at > now() then q.used else 0 end) order by q.window_seconds, q.window_name) as budgets
  from ops.request_budgets q where q.platform = p.id
) w on true;
comment on view public.platform_status is 'How each platform is doing at present, as all processes see it.';
comment on column public.platform_status.platform is 'The platform.';
comment on column public.platform_status.state is 'ok; limited: its request limit is used up or it asked for patience; failing: it is left alone; probing: one request at a time finds out; misconfigured: it does not accept this installation.';
comment on column public.platform_status.retry_at is 'When it is asked again at the earliest; null while it is asked.';
comment on column public.platform_status.breaker is 'The circuit breaker: closed, open or half_open.';
comment on column public.platform_status.breaker_changed_at is 'When the breaker last changed its state.';
comment on column public.platform_status.recent_requests is 'Requests in the present minute.';
comment on column public.platform_status.recent_failures is 'Of these, how many got a 5xx or no answer.';
comment on column public.platform_status.token_endpoint is 'ok, or why tokens are not refreshed there at present: misconfigured, rate_limited or unavailable.';
comment on column public.platform_status.budgets is 'The request limits with what is used of them: name, unit, quota, used, resets_at.';
grant select on public.platform_status to tributary_service, tributary_hasura;
