-- drops: drop function if exists ops.end_results(jsonb, text);
create or replace function ops.end_results(p_results jsonb, p_reason text) returns jsonb language sql immutable
begin atomic
  select coalesce(jsonb_agg(
    case when r.result ->> 'outcome' <> 'running' then r.result
      when p_reason is null and (r.result ->> 'requested')::integer > 0 then r.result || '{"outcome": "requested"}'
      when p_reason is null and r.result ->> 'reason' is null then r.result || '{"outcome": "complete"}'
      else r.result || jsonb_build_object('outcome', 'partial', 'reason', coalesce(r.result ->> 'reason', p_reason)) end
    order by r.place), '[]')
  from jsonb_array_elements(p_results) with ordinality as r (result, place);
end;
comment on function ops.end_results(jsonb, text) is
  'What a sync run says of each data type once it has ended: complete where nothing was in the way, or requested where it was asked for and the platform sends it by itself; partial with the reason otherwise.';
grant execute on function ops.end_results(jsonb, text) to tributary_service;
