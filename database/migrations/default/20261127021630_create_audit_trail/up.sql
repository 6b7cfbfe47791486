-- The audit trail: events are inserted with the change they tell of, then chained by the sealer. Nothing is ever updated
-- but personal values, which are emptied when a person is erased.
set local lock_timeout = '5s';

create table audit.events (
  id uuid primary key default gen_random_uuid(),
  occurred_at timestamptz not null default clock_timestamp(),
  action text not null check (action ~ '^[a-z0-9_]+\.[a-z0-9_]+$'),
  actor_kind text not null check (actor_kind in ('user', 'operator', 'auditor', 'api_key', 'platform', 'system')),
  outcome text not null check (outcome in ('success', 'refused', 'failure')),
  platform text,
  request_id text,
  actor_hmac bytea,
  subject_hmac bytea,
  source_hmac bytea,
  reason_hmac bytea,
  details_hmac bytea
);
comment on table audit.events is 'What happened, insert only. Personal values are here as HMAC-SHA-256 under salts of their own; the values are in audit.personal_values.';
comment on column audit.events.id is 'Id of the event.';
comment on column audit.events.occurred_at is 'When it happened; the order is audit.chain''s.';
comment on column audit.events.action is 'What was done, <thing>.<what happened>.';
comment on column audit.events.actor_kind is 'What kind of actor did it.';
comment on column audit.events.outcome is 'How it ended.';
comment on column audit.events.platform is 'The platform it is about.';
comment on column audit.events.request_id is 'The request it was part of, as in the logs.';
comment on column audit.events.actor_hmac is 'Of the actor''s id.';
comment on column audit.events.subject_hmac is 'Of the id of the person it is about.';
comment on column audit.events.source_hmac is 'Of the address it came from.';
comment on column audit.events.reason_hmac is 'Of the reason that was given.';
comment on column audit.events.details_hmac is 'Of further ids and counts.';

create table audit.personal_values (
  event_id uuid primary key references audit.events (id),
  subject_user_id uuid,
  actor_id text,
  source_address text,
  reason text,
  details text,
  actor_salt bytea,
  subject_salt bytea,
  source_salt bytea,
  reason_salt bytea,
  details_salt bytea
);
create index personal_values_by_subject on audit.personal_values (subject_user_id) where subject_user_id is not null;
create index personal_values_by_actor on audit.personal_values (actor_id) where actor_id is not null;
comment on table audit.personal_values is 'The values behind the HMACs of audit.events, each with its salt. Erasing a person empties value and salt together; every proof stays valid.';
comment on column audit.personal_values.event_id is 'The event.';
comment on column audit.personal_values.subject_user_id is 'Whose data it is about.';
comment on column audit.personal_values.actor_id is 'Who did it.';
comment on column audit.personal_values.source_address is 'Where it came from.';
comment on column audit.personal_values.reason is 'Why, in the actor''s words.';
comment on column audit.personal_values.details is 'Further ids and counts, a JSON object as it was hashed.';
comment on column audit.personal_values.actor_salt is 'Key of actor_hmac.';
comment on column audit.personal_values.subject_salt is 'Key of subject_hmac.';
comment on column audit.personal_values.source_salt is 'Key of source_hmac.';
comment on column audit.personal_values.reason_salt is 'Key of reason_hmac.';
comment on column audit.personal_values.details_salt is 'Key of details_hmac.';

create table audit.unsealed (event_id uuid primary key references audit.events (id));
comment on table audit.unsealed is 'Events the sealer has not chained yet; filled by a trigger, so no event is forgotten.';
comment on column audit.unsealed.event_id is 'The event.';

create table audit.chain (
  position bigint primary key check (position > 0),
  event_id uuid not null unique references audit.events (id),
  leaf_hash bytea not null check (octet_length(leaf_hash) = 32),
  chain_hash bytea not null check (octet_length(chain_hash) = 32)
);
comment on table audit.chain is 'The order of the events and its proof, insert only. Positions have no gaps: the sealer counts, no sequence does.';
comment on column audit.chain.position is 'Place in the trail, from 1.';
comment on column audit.chain.event_id is 'The event.';
comment on column audit.chain.leaf_hash is 'SHA-256(0x00 || event), a leaf of the Merkle tree (RFC 6962, 2.1).';
comment on column audit.chain.chain_hash is 'SHA-256(previous chain hash || leaf hash).';

create table audit.tree_heads (
  id uuid primary key default gen_random_uuid(),
  size bigint not null check (size >= 0),
  root_hash bytea not null,
  chain_hash bytea not null,
  frontier bytea[] not null,
  signed_at timestamptz not null,
  document text not null,
  signature bytea not null,
  published_at timestamptz
);
create index tree_heads_latest on audit.tree_heads (size, signed_at);
create index tree_heads_unpublished on audit.tree_heads (signed_at) where published_at is null;
comment on table audit.tree_heads is 'Signed heads of the Merkle tree; the copies that count are outside this database.';
comment on column audit.tree_heads.id is 'Id of the head.';
comment on column audit.tree_heads.size is 'Number of events under it.';
comment on column audit.tree_heads.root_hash is 'Root of the Merkle tree over them.';
comment on column audit.tree_heads.chain_hash is 'Chain hash of the last of them.';
comment on column audit.tree_heads.frontier is 'Roots of the perfect subtrees, largest first, from which the tree goes on.';
comment on column audit.tree_heads.signed_at is 'When it was signed.';
comment on column audit.tree_heads.document is 'The signed text.';
comment on column audit.tree_heads.signature is 'Ed25519 over document.';
comment on column audit.tree_heads.published_at is 'When it was stored outside; null until then.';

create function audit.refuse_change() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'the audit trail is append-only: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'TB002';
end $$;
comment on function audit.refuse_change() is 'Refuses UPDATE, DELETE and TRUNCATE with SQLSTATE TB002.';

create trigger refuse_row_change before update or delete on audit.events for each row execute function audit.refuse_change();
create trigger refuse_truncate before truncate on audit.events for each statement execute function audit.refuse_change();
create trigger refuse_row_change before update or delete on audit.chain for each row execute function audit.refuse_change();
create trigger refuse_truncate before truncate on audit.chain for each statement execute function audit.refuse_change();
create trigger refuse_row_delete before delete on audit.personal_values for each row execute function audit.refuse_change();
create trigger refuse_truncate before truncate on audit.personal_values for each statement execute function audit.refuse_change();
create trigger refuse_row_delete before delete on audit.tree_heads for each row execute function audit.refuse_change();
create trigger refuse_truncate before truncate on audit.tree_heads for each statement execute function audit.refuse_change();

create function audit.queue_for_sealing() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  insert into audit.unsealed (event_id) values (new.id);
  return null;
end $$;
comment on function audit.queue_for_sealing() is 'Notes a new event for the sealer, in its own transaction.';
revoke all on function audit.queue_for_sealing() from public;
create trigger queue_for_sealing after insert on audit.events for each row execute function audit.queue_for_sealing();

grant select, insert on audit.events, audit.personal_values, audit.chain, audit.tree_heads to tributary_service;
grant update (published_at) on audit.tree_heads to tributary_service;
grant select, delete on audit.unsealed to tributary_service;
