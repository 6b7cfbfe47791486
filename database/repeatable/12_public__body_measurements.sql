-- drops: drop view if exists public.body_measurements;
create or replace view public.body_measurements with (security_invoker = true) as
select s.user_id, s.kind, s.started_at as measured_at, s.value, k.unit, s.platform, s.source, s.local_day, s.manual
from public.samples s join public.metric_kinds k on k.id = s.kind
where k.category in ('body', 'blood');
comment on view public.body_measurements is 'Weight, body composition, temperature, blood pressure, blood glucose: the samples about the body.';
comment on column public.body_measurements.user_id is 'Whose measurement it is.';
comment on column public.body_measurements.kind is 'What was measured; see metric_kinds.';
comment on column public.body_measurements.measured_at is 'When.';
comment on column public.body_measurements.value is 'The value.';
comment on column public.body_measurements.unit is 'UCUM unit of the value.';
comment on column public.body_measurements.platform is 'Where it came from.';
comment on column public.body_measurements.source is 'The device or app that measured; empty when the platform does not say.';
comment on column public.body_measurements.local_day is 'The day where the person was.';
comment on column public.body_measurements.manual is 'Typed in by hand, not measured.';
grant select on public.body_measurements to tributary_service, tributary_hasura;
