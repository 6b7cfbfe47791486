-- Breaches of personal data: what happened, who is affected, which clocks run, who was told and when.
set local lock_timeout = '5s';

create table public.breach_rules (
  id text primary key,
  regime text not null,
  article text not null,
  recipient text not null check (recipient in ('authority', 'people', 'media', 'platform', 'controller')),
  counts text not null check (counts in ('hours', 'days', 'days_after_year')),
  amount integer not null check (amount > 0),
  min_people integer not null default 0 check (min_people >= 0),
  max_people integer check (max_people >= min_people),
  high_risk_only boolean not null default false,
  unless_unreadable boolean not null default false,
  platform text,
  description text not null
);
comment on table public.breach_rules is 'Who has to be told of a breach, by when and from how many people on. An operator may add rows: states and contracts have rules of their own.';
comment on column public.breach_rules.id is 'Short name.';
comment on column public.breach_rules.regime is 'gdpr, hipaa, ftc, or platform for a contract.';
comment on column public.breach_rules.article is 'Where it stands.';
comment on column public.breach_rules.recipient is 'authority, people, media, platform or controller.';
comment on column public.breach_rules.counts is 'hours: from becoming aware. days: calendar days after the day of discovery, to the end of the last. days_after_year: the same after the end of that year.';
comment on column public.breach_rules.amount is 'How many.';
comment on column public.breach_rules.min_people is 'It applies from so many people on.';
comment on column public.breach_rules.max_people is 'And up to so many; null: any number.';
comment on column public.breach_rules.high_risk_only is 'It applies where the risk is high.';
comment on column public.breach_rules.unless_unreadable is 'It does not apply where the data was encrypted and no key was exposed.';
comment on column public.breach_rules.platform is 'It applies where data of this platform is affected; null: any.';
comment on column public.breach_rules.description is 'In words.';

insert into public.breach_rules (id, regime, article, recipient, counts, amount, min_people, max_people, high_risk_only, unless_unreadable, platform, description) values
  ('gdpr_authority', 'gdpr', 'GDPR Art. 33(1)', 'authority', 'hours', 72, 0, null, false, false, null, 'The supervisory authority, 72 hours after becoming aware, weekends included; later only with reasons.'),
  ('gdpr_people', 'gdpr', 'GDPR Art. 34(1), (3)(a)', 'people', 'hours', 72, 1, null, true, true, null, 'The people, without undue delay: the law names no hours, 72 are this installation''s own limit.'),
  ('hipaa_people', 'hipaa', '45 CFR 164.404', 'people', 'days', 60, 1, null, false, true, null, 'The people, 60 days after discovery at the latest.'),
  ('hipaa_media', 'hipaa', '45 CFR 164.406', 'media', 'days', 60, 501, null, false, true, null, 'The media, where more than 500 residents of one state are affected.'),
  ('hipaa_hhs', 'hipaa', '45 CFR 164.408(b)', 'authority', 'days', 60, 500, null, false, true, null, 'The Secretary of HHS, together with the people, from 500 people on.'),
  ('hipaa_hhs_yearly', 'hipaa', '45 CFR 164.408(c)', 'authority', 'days_after_year', 60, 1, 499, false, true, null, 'The Secretary of HHS, 60 days after the end of the year of discovery, below 500 people.'),
  ('ftc_people', 'ftc', '16 CFR 318.4(a)', 'people', 'days', 60, 1, null, false, true, null, 'The people, 60 days after discovery at the latest.'),
  ('ftc_ftc', 'ftc', '16 CFR 318.5(c)', 'authority', 'days', 60, 500, null, false, true, null, 'The FTC, together with the people, from 500 people on.'),
  ('ftc_ftc_yearly', 'ftc', '16 CFR 318.5(c)', 'authority', 'days_after_year', 60, 1, 499, false, true, null, 'The FTC, 60 days after the end of the year, below 500 people.'),
  ('ftc_media', 'ftc', '16 CFR 318.5(b)', 'media', 'days', 60, 500, null, false, true, null, 'The media, where 500 residents of one state are affected.'),
  ('strava_contract', 'platform', 'Strava API agreement (reported; read yours)', 'platform', 'hours', 24, 0, null, false, false, 'strava', 'Strava, 24 hours after becoming aware.');

create table public.breaches (
  id uuid primary key default gen_random_uuid(),
  description text not null check (length(description) between 10 and 10000),
  aware_at timestamptz not null,
  risk text not null check (risk in ('unlikely', 'some', 'high')),
  unreadable boolean not null,
  keys_exposed boolean not null,
  platforms text[] not null default '{}',
  scope jsonb not null,
  consequences text check (length(consequences) <= 10000),
  measures text check (length(measures) <= 10000),
  people integer not null default 0 check (people >= 0),
  notice_subject text check (length(notice_subject) between 5 and 200),
  notice_text text check (length(notice_text) between 20 and 20000),
  reported_by uuid,
  reported_at timestamptz not null default now(),
  closed_at timestamptz,
  updated_at timestamptz not null default now(),
  check (aware_at <= reported_at),
  check (not (unreadable and keys_exposed)),
  check ((notice_subject is null) = (notice_text is null))
);
comment on table public.breaches is 'The register of breaches (GDPR Art. 33(5)): all of them, whether anybody had to be told or not.';
comment on column public.breaches.id is 'Id of the breach.';
comment on column public.breaches.description is 'What happened.';
comment on column public.breaches.aware_at is 'When somebody here became aware of it: all clocks count from then.';
comment on column public.breaches.risk is 'To the people: unlikely, some or high.';
comment on column public.breaches.unreadable is 'What was exposed was encrypted, and no key of it was exposed.';
comment on column public.breaches.keys_exposed is 'Keys were exposed too.';
comment on column public.breaches.platforms is 'Platforms whose data is affected; empty: any.';
comment on column public.breaches.scope is 'What the affected people were found by.';
comment on column public.breaches.consequences is 'What may follow from it for the people.';
comment on column public.breaches.measures is 'What was done about it.';
comment on column public.breaches.people is 'How many people are affected.';
comment on column public.breaches.notice_subject is 'Subject of what the people are told.';
comment on column public.breaches.notice_text is 'What they are told.';
comment on column public.breaches.reported_by is 'Who reported it here; null: the command line.';
comment on column public.breaches.reported_at is 'When it was reported here.';
comment on column public.breaches.closed_at is 'When nothing was left to do.';
comment on column public.breaches.updated_at is 'When it last changed.';

create table public.breach_clocks (
  breach_id uuid not null references public.breaches (id) on delete cascade,
  rule_id text not null references public.breach_rules (id),
  applies boolean not null,
  due_at timestamptz not null,
  met_at timestamptz,
  reference text check (length(reference) between 1 and 500),
  late_reason text check (length(late_reason) between 10 and 2000),
  primary key (breach_id, rule_id),
  check ((met_at is null) = (reference is null)),
  check (met_at is null or met_at <= due_at or late_reason is not null)
);
comment on table public.breach_clocks is 'By when whom to tell of a breach, and when that was done.';
comment on column public.breach_clocks.breach_id is 'The breach.';
comment on column public.breach_clocks.rule_id is 'The rule.';
comment on column public.breach_clocks.applies is 'Whether it has to be done, by what is known now.';
comment on column public.breach_clocks.due_at is 'Until when.';
comment on column public.breach_clocks.met_at is 'When it was done.';
comment on column public.breach_clocks.reference is 'A number, an address, a file: what shows it.';
comment on column public.breach_clocks.late_reason is 'Why it was late; nothing late without it.';
create index breach_clocks_running on public.breach_clocks (due_at) where met_at is null and applies;

create table public.breach_notifications (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  breach_id uuid not null references public.breaches (id) on delete cascade,
  id uuid not null default gen_random_uuid() unique,
  status text not null default 'affected' check (status in ('affected', 'queued', 'sent', 'failed')),
  channel text check (channel in ('smtp', 'webhook')),
  attempts integer not null default 0 check (attempts >= 0),
  sent_at timestamptz,
  receipt text check (length(receipt) <= 500),
  error_code text,
  updated_at timestamptz not null default now(),
  primary key (user_id, breach_id),
  check ((status = 'sent') = (sent_at is not null))
);
comment on table public.breach_notifications is 'Whom a breach affects, and whether they have been told.';
comment on column public.breach_notifications.user_id is 'Who is affected.';
comment on column public.breach_notifications.breach_id is 'By which breach.';
comment on column public.breach_notifications.id is 'Id of the notice; sent along, so that a repetition is recognized.';
comment on column public.breach_notifications.status is 'affected (nothing sent), queued, sent or failed.';
comment on column public.breach_notifications.channel is 'smtp or webhook.';
comment on column public.breach_notifications.attempts is 'How often it was tried.';
comment on column public.breach_notifications.sent_at is 'When it was taken.';
comment on column public.breach_notifications.receipt is 'What whoever took it answered: the id of a message.';
comment on column public.breach_notifications.error_code is 'Why the last attempt failed.';
comment on column public.breach_notifications.updated_at is 'When it last changed.';
create index breach_notifications_by_breach on public.breach_notifications (breach_id, status);

grant select on public.breach_rules to tributary_service, tributary_hasura;
grant select, insert, update on public.breaches, public.breach_clocks, public.breach_notifications to tributary_service;
grant select on public.breaches, public.breach_clocks, public.breach_notifications to tributary_hasura;
