set local lock_timeout = '5s';

create table vault.user_keys (
  user_id uuid primary key references public.app_users (user_id) on delete cascade,
  key_id uuid not null unique,
  master_key_id text not null,
  wrapped_key bytea not null,
  created_at timestamptz not null default now()
);
comment on table vault.user_keys is 'One data key for each person, wrapped by a master key; deleting it makes the person''s tokens unreadable.';

create table vault.tokens (
  user_id uuid not null,
  platform text not null,
  access_token_sealed bytea not null,
  refresh_token_sealed bytea,
  access_expires_at timestamptz,
  token_version bigint not null default 1,
  lease_holder uuid,
  lease_expires_at timestamptz,
  updated_at timestamptz not null default now(),
  primary key (user_id, platform),
  foreign key (user_id, platform) references public.connections (user_id, platform) on delete cascade,
  check ((lease_holder is null) = (lease_expires_at is null))
);
comment on table vault.tokens is 'Sealed tokens, one pair for each connection. token_version fences refreshes: a write with an older version is refused.';

create table vault.oauth_states (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  platform text not null,
  issuer text not null,
  redirect_uri text not null,
  return_to text not null,
  state_hash bytea not null unique,
  verifier_sealed bytea not null,
  code_sealed bytea,
  callback_scopes text,
  handle_hash bytea unique,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  check ((handle_hash is null) = (code_sealed is null))
);
create index oauth_states_by_expiry on vault.oauth_states (expires_at);
comment on table vault.oauth_states is 'Attempts to connect that are not finished. State and handle are kept as SHA-256, verifier and code sealed.';

grant select, insert, update, delete on vault.user_keys, vault.tokens, vault.oauth_states to tributary_service;
