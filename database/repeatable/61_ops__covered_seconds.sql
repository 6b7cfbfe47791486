-- drops: drop function if exists ops.covered_seconds(tstzmultirange);
create or replace function ops.covered_seconds(p_times tstzmultirange) returns integer
language sql immutable
return (select round(sum(extract(epoch from upper(part) - lower(part))))::integer from unnest(p_times) as part);
comment on function ops.covered_seconds(tstzmultirange) is 'How long these times are together; null where there are none, which is not zero.';
grant execute on function ops.covered_seconds(tstzmultirange) to tributary_service;
