set local lock_timeout = '5s';

create table vault.master_key_versions (
  version integer primary key check (version > 0),
  source text not null check (source in ('local', 'passphrase', 'aws_kms', 'vault_transit')),
  reference text not null,
  parameters jsonb not null default '{}',
  environment text not null,
  state text not null check (state in ('current', 'opening', 'retired')),
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  check ((state = 'retired') = (retired_at is not null))
);
create unique index master_key_versions_one_current on vault.master_key_versions (state) where state = 'current';
comment on table vault.master_key_versions is 'Every version of a master key that wraps data keys. The keys themselves are elsewhere.';
comment on column vault.master_key_versions.version is 'Counts up; written into every box that is sealed under it.';
comment on column vault.master_key_versions.source is 'Where the master key is kept.';
comment on column vault.master_key_versions.reference is 'Which key of the source: a fingerprint, an ARN, or a name.';
comment on column vault.master_key_versions.parameters is 'What is needed beside the key and is no secret: salt, hash and number of iterations.';
comment on column vault.master_key_versions.environment is 'The installation it belongs to; its keys open nothing elsewhere.';
comment on column vault.master_key_versions.state is 'current: wraps and unwraps. opening: unwraps only. retired: nothing is wrapped by it any more.';
comment on column vault.master_key_versions.created_at is 'When it became current.';
comment on column vault.master_key_versions.retired_at is 'When the last key that it wrapped was gone; null before.';

-- Boxes have another layout from here on, and no version with the earlier one was released: on a laptop people connect again.
update public.connections set status = 'needs_reauth', status_reason = 'connection/reauth_required', updated_at = now()
where status in ('active', 'limited');
delete from vault.oauth_states;
delete from vault.tokens;
delete from ops.webhook_deliveries;
drop table vault.user_keys;

create table vault.user_keys (
  key_id uuid primary key,
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  version integer not null check (version > 0),
  master_version integer not null references vault.master_key_versions (version),
  wrapped_key bytea not null,
  seals bigint not null default 0 check (seals >= 0),
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  unique (user_id, version)
);
create unique index user_keys_one_current on vault.user_keys (user_id) where retired_at is null;
create index user_keys_retired on vault.user_keys (key_id) where retired_at is not null;
create index user_keys_by_master_version on vault.user_keys (master_version, key_id);
comment on table vault.user_keys is 'Data keys of each person, wrapped by a master key; deleting them makes the person''s tokens unreadable.';
comment on column vault.user_keys.key_id is 'Written into every box that the key seals; boxes choose their key by it.';
comment on column vault.user_keys.user_id is 'Whose key it is.';
comment on column vault.user_keys.version is 'Counts up for each person.';
comment on column vault.user_keys.master_version is 'The version of the master key that wraps it.';
comment on column vault.user_keys.wrapped_key is '256 random bits, wrapped; the working key is derived from them.';
comment on column vault.user_keys.seals is 'How many boxes it may have sealed; counted before they are sealed, and refused above a cap.';
comment on column vault.user_keys.created_at is 'When it was made.';
comment on column vault.user_keys.retired_at is 'Since when it opens and no longer seals; null while it is the person''s current key.';

create table vault.purpose_keys (
  key_id uuid primary key,
  purpose text not null check (purpose in ('oauth_state', 'inbox', 'revocation')),
  version integer not null check (version > 0),
  master_version integer not null references vault.master_key_versions (version),
  wrapped_key bytea not null,
  seals bigint not null default 0 check (seals >= 0),
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  unique (purpose, version)
);
create unique index purpose_keys_one_current on vault.purpose_keys (purpose) where retired_at is null;
comment on table vault.purpose_keys is 'Data keys for what is sealed without a person: one current key for each purpose.';
comment on column vault.purpose_keys.key_id is 'Written into every box that the key seals.';
comment on column vault.purpose_keys.purpose is 'The one thing it is for.';
comment on column vault.purpose_keys.version is 'Counts up for each purpose.';
comment on column vault.purpose_keys.master_version is 'The version of the master key that wraps it.';
comment on column vault.purpose_keys.wrapped_key is '256 random bits, wrapped; the working key is derived from them.';
comment on column vault.purpose_keys.seals is 'How many boxes it may have sealed: processes reserve them in blocks.';
comment on column vault.purpose_keys.created_at is 'When it was made.';
comment on column vault.purpose_keys.retired_at is 'Since when it opens and no longer seals; it is deleted when nothing it sealed can still be there.';

grant select, insert, update, delete on vault.master_key_versions, vault.user_keys, vault.purpose_keys to tributary_service;

create table public.key_rotations (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('all', 'master', 'user')),
  status text not null default 'running' check (status in ('running', 'complete')),
  requested_by uuid,
  keys_before timestamptz not null,
  master_version integer,
  total_keys integer not null check (total_keys >= 0),
  rotated_keys integer not null default 0 check (rotated_keys >= 0),
  skipped_keys integer not null default 0 check (skipped_keys >= 0),
  error_code text,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  finished_at timestamptz,
  check ((status = 'running') = (finished_at is null))
);
create unique index key_rotations_one_running on public.key_rotations (status) where status = 'running';
comment on table public.key_rotations is 'Rotations of the vault''s keys: what was asked for, how far it is, how it ended. No key is in here.';
comment on column public.key_rotations.id is 'Id of the rotation.';
comment on column public.key_rotations.kind is 'master: keys are wrapped anew. user: people get new keys and their tokens are sealed anew. all: both.';
comment on column public.key_rotations.status is 'running or complete.';
comment on column public.key_rotations.requested_by is 'The operator who asked for it; null when it was due.';
comment on column public.key_rotations.keys_before is 'People''s keys made before this are replaced.';
comment on column public.key_rotations.master_version is 'The version of the master key that everything ends under; null until it is made, and for kind user.';
comment on column public.key_rotations.total_keys is 'Keys to go through, counted at the start; for kind all each counts twice.';
comment on column public.key_rotations.rotated_keys is 'Keys done.';
comment on column public.key_rotations.skipped_keys is 'Keys, or tokens under them, that could not be opened and were left as they are.';
comment on column public.key_rotations.error_code is 'What stopped it the last time; it goes on by itself. Null while all is well.';
comment on column public.key_rotations.started_at is 'When it was asked for.';
comment on column public.key_rotations.updated_at is 'When it last moved.';
comment on column public.key_rotations.finished_at is 'When it was complete.';
grant select, insert, update, delete on public.key_rotations to tributary_service;
grant select on public.key_rotations to tributary_hasura;

alter table ops.webhook_deliveries alter column body_sealed drop not null;
create index webhook_deliveries_with_body on ops.webhook_deliveries (processed_at) where processed_at is not null and body_sealed is not null;
comment on column ops.webhook_deliveries.body_sealed is 'The exact bytes, sealed; null once the delivery is processed and past its retention.';
