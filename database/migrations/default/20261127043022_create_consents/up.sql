set local lock_timeout = '5s';

create table public.consent_purposes (
  id text primary key check (id ~ '^[a-z][a-z0-9_]{0,62}$'),
  description text not null,
  required boolean not null default false
);
comment on table public.consent_purposes is 'What data is processed for; consent is given to each for itself.';
comment on column public.consent_purposes.id is 'The purpose.';
comment on column public.consent_purposes.description is 'What it means.';
comment on column public.consent_purposes.required is 'Whether nothing can be received from a platform without it.';
insert into public.consent_purposes (id, description, required) values
  ('collection', 'Receiving data from the platform, storing it and showing it to the person', true);
grant select, insert on public.consent_purposes to tributary_service;
grant select on public.consent_purposes to tributary_hasura;

create table public.consent_texts (
  platform text not null references public.platforms (id),
  purpose text not null references public.consent_purposes (id),
  version integer not null check (version > 0),
  locale text not null check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  body text not null check (length(body) between 20 and 20000),
  sha256 text not null,
  published_at timestamptz not null default now(),
  primary key (platform, purpose, version, locale),
  unique (platform, purpose, version, locale, sha256),
  constraint consent_texts_hash_is_of_body check (sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex'))
);
comment on table public.consent_texts is 'What people are asked to agree to, word for word; a text never changes, a new version follows it.';
comment on column public.consent_texts.platform is 'The platform it is about.';
comment on column public.consent_texts.purpose is 'What the data is for.';
comment on column public.consent_texts.version is 'The highest version counts; translations share one.';
comment on column public.consent_texts.locale is 'The language, for example en or pt-BR.';
comment on column public.consent_texts.body is 'The text.';
comment on column public.consent_texts.sha256 is 'SHA-256 of its UTF-8 bytes, hexadecimal.';
comment on column public.consent_texts.published_at is 'When it was published.';
grant select, insert on public.consent_texts to tributary_service;
grant select on public.consent_texts to tributary_hasura;

create table public.consents (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  position bigint not null generated always as identity,
  platform text not null,
  purpose text not null,
  decision text not null check (decision in ('given', 'withdrawn')),
  text_version integer not null,
  text_locale text not null,
  text_sha256 text not null,
  channel text not null check (channel in ('app', 'email', 'letter', 'other')),
  evidence text check (length(evidence) between 10 and 1000),
  decided_at timestamptz not null default now(),
  recorded_at timestamptz not null default now(),
  primary key (user_id, id),
  foreign key (platform, purpose, text_version, text_locale, text_sha256)
    references public.consent_texts (platform, purpose, version, locale, sha256),
  check (decided_at <= recorded_at),
  check ((evidence is null) = (channel = 'app'))
);
create unique index consents_in_order on public.consents (user_id, platform, purpose, position desc);
comment on table public.consents is 'Every decision of a person about a platform and a purpose. Rows are added and never changed; the latest counts.';
comment on column public.consents.user_id is 'Who decided.';
comment on column public.consents.id is 'Id of the decision.';
comment on column public.consents.position is 'The order of decisions: a later one has a higher number.';
comment on column public.consents.platform is 'The platform it is about.';
comment on column public.consents.purpose is 'What the data is for.';
comment on column public.consents.decision is 'given or withdrawn.';
comment on column public.consents.text_version is 'The version of the text that was agreed to.';
comment on column public.consents.text_locale is 'The language in which it was shown.';
comment on column public.consents.text_sha256 is 'SHA-256 of that text.';
comment on column public.consents.channel is 'How it came: app, email, letter or other.';
comment on column public.consents.evidence is 'Where the proof is, when it did not come through the app.';
comment on column public.consents.decided_at is 'When the person decided.';
comment on column public.consents.recorded_at is 'When it was written down.';
grant select, insert on public.consents to tributary_service;
grant select on public.consents to tributary_hasura;
