drop table if exists public.consents;
drop table if exists public.consent_texts;
drop table if exists public.consent_purposes;
