-- drops: drop view if exists public.access_log;
create or replace view public.access_log as
select v.subject_user_id as user_id, e.id, e.occurred_at, e.action, e.actor_kind,
  coalesce(v.actor_id = v.subject_user_id::text, false) as by_myself,
  e.outcome, e.platform, v.reason, e.request_id,
  case when v.actor_id = v.subject_user_id::text then v.source_address end as source_address
from audit.personal_values v join audit.events e on e.id = v.event_id
where v.subject_user_id is not null;
comment on view public.access_log is 'Who did what with a person''s connections and data, from the audit trail.';
comment on column public.access_log.user_id is 'Whose data it is about.';
comment on column public.access_log.id is 'Id of the event.';
comment on column public.access_log.occurred_at is 'When it happened.';
comment on column public.access_log.action is 'What was done, for example connection.completed or token.opened.';
comment on column public.access_log.actor_kind is 'Who did it: user, operator, auditor, api_key, platform or system (a job of this service).';
comment on column public.access_log.by_myself is 'Whether it was the person themselves.';
comment on column public.access_log.outcome is 'How it ended: success, refused or failure.';
comment on column public.access_log.platform is 'The platform it is about.';
comment on column public.access_log.reason is 'The reason that was given, where one is demanded.';
comment on column public.access_log.request_id is 'The request it was part of.';
comment on column public.access_log.source_address is 'Where it came from, when it was the person themselves.';
grant select on public.access_log to tributary_service, tributary_hasura;
