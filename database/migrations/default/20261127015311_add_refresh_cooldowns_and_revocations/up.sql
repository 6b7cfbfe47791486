set local lock_timeout = '5s';

alter table vault.tokens
  add column refresh_failures integer not null default 0 check (refresh_failures >= 0),
  add column refresh_not_before timestamptz;
comment on column vault.tokens.refresh_failures is 'Refreshes that failed one after the other; 0 after one that succeeded.';
comment on column vault.tokens.refresh_not_before is 'No refresh is tried before this; null while none has failed.';

create table ops.token_endpoints (
  platform text primary key references public.platforms (id),
  failures integer not null default 0 check (failures >= 0),
  reason text,
  paused_until timestamptz,
  updated_at timestamptz not null default now()
);
comment on table ops.token_endpoints is 'How each platform''s token endpoint is doing: while it refuses everybody, nobody but one probe at a time asks it.';
comment on column ops.token_endpoints.platform is 'Whose token endpoint it is.';
comment on column ops.token_endpoints.failures is 'Refreshes of any connection that failed since the last one that succeeded.';
comment on column ops.token_endpoints.reason is 'Why the last one failed; null while none has.';
comment on column ops.token_endpoints.paused_until is 'No refresh is asked for before this; then one at a time until one succeeds. Null while it is well.';
comment on column ops.token_endpoints.updated_at is 'When the row last changed.';

create table vault.pending_revocations (
  id uuid primary key,
  connection_id uuid not null,
  platform text not null references public.platforms (id),
  tokens_sealed bytea not null,
  attempts integer not null default 0 check (attempts >= 0),
  gives_up_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index pending_revocations_by_connection on vault.pending_revocations (connection_id);
comment on table vault.pending_revocations is 'Tokens of ended connections that the platform has not confirmed as revoked. Sealed for this purpose alone, under no person''s key. No foreign key to the person: the platform has to be told although the person has been erased.';
comment on column vault.pending_revocations.id is 'Authenticated with the box.';
comment on column vault.pending_revocations.connection_id is 'The connection that ended.';
comment on column vault.pending_revocations.platform is 'Where to revoke.';
comment on column vault.pending_revocations.tokens_sealed is 'The pair, sealed; deleted with the row on success, on a new consent, or when it is given up.';
comment on column vault.pending_revocations.attempts is 'How often the platform was asked.';
comment on column vault.pending_revocations.gives_up_at is 'After this the row is deleted, whatever the platform said.';
comment on column vault.pending_revocations.created_at is 'When the connection ended.';

alter table public.connections add column revocation_status text check (revocation_status in ('pending', 'confirmed', 'given_up'));
comment on column public.connections.revocation_status is 'After a disconnect, whether the platform has confirmed that the tokens are revoked there (pending, confirmed, given_up); null while connected and where there was nothing to revoke.';

grant select, insert, update, delete on ops.token_endpoints, vault.pending_revocations to tributary_service;
