set local lock_timeout = '5s';

create table public.api_keys (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.app_users (user_id) on delete cascade,
  name text not null check (length(name) between 1 and 100),
  key_prefix text not null unique check (key_prefix ~ '^trib_[0-9a-f]{16}$'),
  scopes text[] not null check (cardinality(scopes) between 1 and 20),
  created_by uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null check (expires_at > created_at),
  last_used_at timestamptz,
  revoked_at timestamptz,
  replaced_by uuid references public.api_keys (id)
);
create index api_keys_by_user on public.api_keys (user_id, created_at desc);
comment on table public.api_keys is 'Keys of machine callers: what each may do and until when. The key itself is shown once and not kept.';
comment on column public.api_keys.id is 'Id of the key.';
comment on column public.api_keys.user_id is 'The person in whose name it uploads; null for a key of a machine.';
comment on column public.api_keys.name is 'What whoever made it calls it.';
comment on column public.api_keys.key_prefix is 'The first part of the key, by which it is recognized; opens nothing by itself.';
comment on column public.api_keys.scopes is 'What it may do, for example upload:apple-health, webhook:garmin or metrics:read.';
comment on column public.api_keys.created_by is 'The person who made it; null when it was made on the command line.';
comment on column public.api_keys.created_at is 'When it was made.';
comment on column public.api_keys.expires_at is 'When it stops working.';
comment on column public.api_keys.last_used_at is 'When it was last accepted, to the minute; null while it never was.';
comment on column public.api_keys.revoked_at is 'When it was revoked; null while it is not.';
comment on column public.api_keys.replaced_by is 'The key that rotation put in its place; null while it is the newest.';

-- Apart from the exposed table: no permission of Hasura can ever be widened to it.
create table ops.api_key_digests (
  key_id uuid primary key references public.api_keys (id) on delete cascade,
  digest bytea not null check (octet_length(digest) = 32)
);
comment on table ops.api_key_digests is 'SHA-256 of each API key. A key holds 256 random bits, so that a slow hash would add nothing.';
comment on column ops.api_key_digests.key_id is 'The key.';
comment on column ops.api_key_digests.digest is 'SHA-256 of its whole text.';

grant select, insert, update on public.api_keys to tributary_service;
grant select, insert on ops.api_key_digests to tributary_service;
grant select on public.api_keys to tributary_hasura;
