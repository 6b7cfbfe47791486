-- drops: drop function if exists ops.redact_payload(jsonb);
create or replace function ops.redact_payload(p_payload jsonb) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_object_agg(field.key, case
    when jsonb_typeof(field.value) in ('boolean', 'null') then field.value
    when field.value #>> '{}' ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then field.value
    when field.value #>> '{}' ~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)$' then field.value
    when field.key = 'platform' and exists (select from public.platforms p where p.id = field.value #>> '{}') then field.value
    else '"[redacted]"'::jsonb end), '{}'::jsonb)
  from jsonb_each(case when jsonb_typeof(p_payload) = 'object' then p_payload else '{}'::jsonb end) as field
  where field.key not in ('_cron', '_trace')
$$;
comment on function ops.redact_payload(jsonb) is 'Ids, instants, booleans and names of platforms; everything else, numbers included, is blotted out.';
