-- drops: drop view if exists public.consent_states; drop view if exists public.current_consent_texts;
create or replace view public.current_consent_texts as
select t.platform, t.purpose, t.locale, t.version, t.body, t.sha256, p.required
from public.consent_texts t join public.consent_purposes p on p.id = t.purpose
where t.version = (
  select max(other.version) from public.consent_texts other where other.platform = t.platform and other.purpose = t.purpose);
comment on view public.current_consent_texts is 'The texts that count now, in every language there is.';
comment on column public.current_consent_texts.platform is 'The platform it is about.';
comment on column public.current_consent_texts.purpose is 'What the data is for.';
comment on column public.current_consent_texts.locale is 'The language.';
comment on column public.current_consent_texts.version is 'The version; updateConsents wants it back.';
comment on column public.current_consent_texts.body is 'The text.';
comment on column public.current_consent_texts.sha256 is 'SHA-256 of its UTF-8 bytes, hexadecimal.';
comment on column public.current_consent_texts.required is 'Whether nothing can be received from the platform without it.';
grant select on public.current_consent_texts to tributary_service, tributary_hasura;

create or replace view public.consent_states as
select c.user_id, c.platform, c.purpose,
  case when c.decision = 'withdrawn' then 'withdrawn' when c.text_version = newest.version then 'given' else 'outdated' end as status,
  c.text_version, newest.version as current_version, c.decided_at, p.required
from public.consents c
join public.consent_purposes p on p.id = c.purpose
cross join lateral (
  select max(t.version) as version from public.consent_texts t where t.platform = c.platform and t.purpose = c.purpose) as newest
where not exists (
  select from public.consents later
  where later.user_id = c.user_id and later.platform = c.platform and later.purpose = c.purpose and later.position > c.position);
comment on view public.consent_states is 'What a person''s latest decisions come to.';
comment on column public.consent_states.user_id is 'Who decided.';
comment on column public.consent_states.platform is 'The platform it is about.';
comment on column public.consent_states.purpose is 'What the data is for.';
comment on column public.consent_states.status is 'given; withdrawn; outdated: there is a newer text, and processing waits until it is accepted.';
comment on column public.consent_states.text_version is 'The version of the text they decided about.';
comment on column public.consent_states.current_version is 'The newest version.';
comment on column public.consent_states.decided_at is 'When they decided.';
comment on column public.consent_states.required is 'Whether nothing can be received from the platform without it.';
grant select on public.consent_states to tributary_service, tributary_hasura;
