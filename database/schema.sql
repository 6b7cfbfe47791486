-- Written by `npm run db:dump` from migrations and repeatable files; do not edit.

create schema if not exists audit;
comment on schema audit is 'The append-only trail; never tracked.';
grant usage on schema audit to tributary_service;

create schema if not exists ops;
comment on schema ops is 'Deliveries, budgets and bookkeeping of the service; never tracked.';
grant usage on schema ops to tributary_service;

create schema if not exists public;
comment on schema public is 'standard public schema';
grant usage on schema public to public;
grant usage on schema public to tributary_hasura;
grant create, usage on schema public to tributary_migration with grant option;
grant usage on schema public to tributary_service;

create schema if not exists vault;
comment on schema vault is 'Keys and sealed tokens; never tracked, readable by the service alone.';
grant usage on schema vault to tributary_service;

create extension pgcrypto with schema public;

create table audit.chain (
  "position" bigint not null,
  event_id uuid not null,
  leaf_hash bytea not null,
  chain_hash bytea not null,
  constraint chain_pkey PRIMARY KEY ("position"),
  constraint chain_event_id_key UNIQUE (event_id),
  constraint chain_chain_hash_check CHECK ((octet_length(chain_hash) = 32)),
  constraint chain_leaf_hash_check CHECK ((octet_length(leaf_hash) = 32)),
  constraint chain_position_check CHECK (("position" > 0)),
  constraint chain_event_id_fkey FOREIGN KEY (event_id) REFERENCES audit.events(id)
);
CREATE TRIGGER refuse_row_change BEFORE DELETE OR UPDATE ON audit.chain FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit.chain FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
comment on table audit.chain is 'The order of the events and its proof, insert only. Positions have no gaps: the sealer counts, no sequence does.';
comment on column audit.chain."position" is 'Place in the trail, from 1.';
comment on column audit.chain.event_id is 'The event.';
comment on column audit.chain.leaf_hash is 'SHA-256(0x00 || event), a leaf of the Merkle tree (RFC 6962, 2.1).';
comment on column audit.chain.chain_hash is 'SHA-256(previous chain hash || leaf hash).';
grant insert, select on audit.chain to tributary_service;

create table audit.events (
  id uuid default gen_random_uuid() not null,
  occurred_at timestamp with time zone default clock_timestamp() not null,
  action text not null,
  actor_kind text not null,
  outcome text not null,
  platform text,
  request_id text,
  actor_hmac bytea,
  subject_hmac bytea,
  source_hmac bytea,
  reason_hmac bytea,
  details_hmac bytea,
  constraint events_pkey PRIMARY KEY (id),
  constraint events_action_check CHECK ((action ~ '^[a-z0-9_]+\.[a-z0-9_]+$'::text)),
  constraint events_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['user'::text, 'operator'::text, 'auditor'::text, 'api_key'::text, 'platform'::text, 'system'::text]))),
  constraint events_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'refused'::text, 'failure'::text])))
);
CREATE TRIGGER queue_for_sealing AFTER INSERT ON audit.events FOR EACH ROW EXECUTE FUNCTION audit.queue_for_sealing();
CREATE TRIGGER refuse_row_change BEFORE DELETE OR UPDATE ON audit.events FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit.events FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
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
grant insert, select on audit.events to tributary_service;

create table audit.personal_values (
  event_id uuid not null,
  subject_user_id uuid,
  actor_id text,
  source_address text,
  reason text,
  details text,
  actor_salt bytea,
  subject_salt bytea,
  source_salt bytea,
  reason_salt bytea,
  details_salt bytea,
  constraint personal_values_pkey PRIMARY KEY (event_id),
  constraint personal_values_event_id_fkey FOREIGN KEY (event_id) REFERENCES audit.events(id)
);
CREATE INDEX personal_values_by_actor ON audit.personal_values USING btree (actor_id) WHERE (actor_id IS NOT NULL);
CREATE INDEX personal_values_by_subject ON audit.personal_values USING btree (subject_user_id) WHERE (subject_user_id IS NOT NULL);
CREATE TRIGGER forget_erased BEFORE INSERT ON audit.personal_values FOR EACH ROW EXECUTE FUNCTION audit.forget_erased();
CREATE TRIGGER note_access AFTER INSERT ON audit.personal_values FOR EACH ROW WHEN ((new.subject_user_id IS NOT NULL)) EXECUTE FUNCTION ops.note_access();
CREATE TRIGGER refuse_row_delete BEFORE DELETE ON audit.personal_values FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit.personal_values FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
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
grant insert, select on audit.personal_values to tributary_service;

create table audit.tree_heads (
  id uuid default gen_random_uuid() not null,
  size bigint not null,
  root_hash bytea not null,
  chain_hash bytea not null,
  frontier bytea[] not null,
  signed_at timestamp with time zone not null,
  document text not null,
  signature bytea not null,
  published_at timestamp with time zone,
  constraint tree_heads_pkey PRIMARY KEY (id),
  constraint tree_heads_size_check CHECK ((size >= 0))
);
CREATE INDEX tree_heads_latest ON audit.tree_heads USING btree (size, signed_at);
CREATE INDEX tree_heads_unpublished ON audit.tree_heads USING btree (signed_at) WHERE (published_at IS NULL);
CREATE TRIGGER refuse_row_delete BEFORE DELETE ON audit.tree_heads FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit.tree_heads FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
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
grant insert, select on audit.tree_heads to tributary_service;
grant update (published_at) on audit.tree_heads to tributary_service;

create table audit.unsealed (
  event_id uuid not null,
  constraint unsealed_pkey PRIMARY KEY (event_id),
  constraint unsealed_event_id_fkey FOREIGN KEY (event_id) REFERENCES audit.events(id)
);
comment on table audit.unsealed is 'Events the sealer has not chained yet; filled by a trigger, so no event is forgotten.';
comment on column audit.unsealed.event_id is 'The event.';
grant delete, select on audit.unsealed to tributary_service;

create table ops.api_key_digests (
  key_id uuid not null,
  digest bytea not null,
  constraint api_key_digests_pkey PRIMARY KEY (key_id),
  constraint api_key_digests_digest_check CHECK ((octet_length(digest) = 32)),
  constraint api_key_digests_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id) ON DELETE CASCADE
);
comment on table ops.api_key_digests is 'SHA-256 of each API key. A key holds 256 random bits, so that a slow hash would add nothing.';
comment on column ops.api_key_digests.key_id is 'The key.';
comment on column ops.api_key_digests.digest is 'SHA-256 of its whole text.';
grant insert, select on ops.api_key_digests to tributary_service;

create table ops.archives (
  user_id uuid not null,
  source text not null,
  month date not null,
  part integer not null,
  row_count bigint not null,
  byte_count bigint not null,
  rows_digest bigint not null,
  sha256 bytea not null,
  backup_key_id text not null,
  key_wrapped bytea not null,
  archived_at timestamp with time zone default now() not null,
  dropped_at timestamp with time zone,
  constraint archives_pkey PRIMARY KEY (user_id, source, month, part),
  constraint archives_month_check CHECK ((month = date_trunc('month'::text, (month)::timestamp with time zone))),
  constraint archives_part_check CHECK ((part >= 0)),
  constraint archives_row_count_check CHECK ((row_count > 0)),
  constraint archives_source_check CHECK ((source = ANY (ARRAY['raw_fitness_data'::text, 'samples'::text]))),
  constraint archives_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX archives_by_month ON ops.archives USING btree (source, month);
CREATE TRIGGER refuse_erased BEFORE INSERT ON ops.archives FOR EACH ROW EXECUTE FUNCTION ops.refuse_erased();
comment on table ops.archives is 'Sealed Parquet files outside the database with one person''s rows of one month. The key of each rests here alone: without its row a file is noise.';
comment on column ops.archives.user_id is 'Whose rows.';
comment on column ops.archives.source is 'The table they were in.';
comment on column ops.archives.month is 'Its first day.';
comment on column ops.archives.part is 'From 0; a month whose rows came later has a further one.';
comment on column ops.archives.row_count is 'Rows in the file.';
comment on column ops.archives.byte_count is 'Of the sealed file.';
comment on column ops.archives.rows_digest is 'Exclusive or of the hashes of the rows as they were in the table.';
comment on column ops.archives.sha256 is 'Of the Parquet file before it was sealed.';
comment on column ops.archives.backup_key_id is 'Which BACKUP_KEY wraps the key.';
comment on column ops.archives.key_wrapped is 'The file''s own key, wrapped.';
comment on column ops.archives.archived_at is 'When the file was written and read back.';
comment on column ops.archives.dropped_at is 'When the rows left the table; null until then.';
grant delete, insert, select on ops.archives to tributary_service;
grant update (dropped_at) on ops.archives to tributary_service;

create table ops.callbacks (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  platform text not null,
  data_type text not null,
  url_sealed bytea not null,
  url_digest bytea not null,
  file_facts jsonb,
  delivery_id uuid not null,
  state text default 'waiting'::text not null,
  outcome text,
  created_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  constraint callbacks_pkey PRIMARY KEY (user_id, id),
  constraint callbacks_user_id_platform_url_digest_key UNIQUE (user_id, platform, url_digest),
  constraint callbacks_check CHECK (((state = 'waiting'::text) = (finished_at IS NULL))),
  constraint callbacks_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'stored'::text, 'failed'::text]))),
  constraint callbacks_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint callbacks_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX callbacks_by_age ON ops.callbacks USING btree (created_at);
CREATE TRIGGER check_callback_state BEFORE UPDATE OF state ON ops.callbacks FOR EACH ROW WHEN ((old.state IS DISTINCT FROM new.state)) EXECUTE FUNCTION ops.check_callback_state();
comment on table ops.callbacks is 'Addresses at which a platform said that data waits; each is fetched once with the owner''s token.';
comment on column ops.callbacks.user_id is 'Whose data it is.';
comment on column ops.callbacks.id is 'Id of the callback.';
comment on column ops.callbacks.platform is 'Who sent it.';
comment on column ops.callbacks.data_type is 'What kind of payload it is stored as.';
comment on column ops.callbacks.url_sealed is 'The address as delivered, sealed: it may hold a token.';
comment on column ops.callbacks.url_digest is 'SHA-256 of the address: an address is fetched once.';
comment on column ops.callbacks.file_facts is 'What is stored beside a file; null where the answer is JSON.';
comment on column ops.callbacks.delivery_id is 'The delivery it came with.';
comment on column ops.callbacks.state is 'waiting, stored or failed.';
comment on column ops.callbacks.outcome is 'Why it failed.';
comment on column ops.callbacks.created_at is 'When it came.';
comment on column ops.callbacks.finished_at is 'When it was fetched or given up.';
grant delete, insert, select, update on ops.callbacks to tributary_service;

create table ops.circuit_breakers (
  platform text not null,
  state text default 'closed'::text not null,
  requests integer default 0 not null,
  failures integer default 0 not null,
  window_ends_at timestamp with time zone default now() not null,
  openings integer default 0 not null,
  open_until timestamp with time zone,
  probe_until timestamp with time zone,
  changed_at timestamp with time zone default now() not null,
  constraint circuit_breakers_pkey PRIMARY KEY (platform),
  constraint circuit_breakers_check CHECK (((state = 'closed'::text) = (open_until IS NULL))),
  constraint circuit_breakers_check1 CHECK (((state = 'half_open'::text) = (probe_until IS NOT NULL))),
  constraint circuit_breakers_failures_check CHECK ((failures >= 0)),
  constraint circuit_breakers_openings_check CHECK ((openings >= 0)),
  constraint circuit_breakers_requests_check CHECK ((requests >= 0)),
  constraint circuit_breakers_state_check CHECK ((state = ANY (ARRAY['closed'::text, 'open'::text, 'half_open'::text]))),
  constraint circuit_breakers_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
);
CREATE TRIGGER check_breaker_state BEFORE UPDATE OF state ON ops.circuit_breakers FOR EACH ROW WHEN ((old.state IS DISTINCT FROM new.state)) EXECUTE FUNCTION ops.check_breaker_state();
comment on table ops.circuit_breakers is 'Whether a platform is asked at all, for all processes: a platform that fails is left alone, then probed by one request at a time.';
comment on column ops.circuit_breakers.platform is 'The platform.';
comment on column ops.circuit_breakers.state is 'closed: it is asked; open: it is not; half_open: one request at a time finds out whether it is well.';
comment on column ops.circuit_breakers.requests is 'Requests begun in the present window.';
comment on column ops.circuit_breakers.failures is 'Of these, how many got a 5xx or no answer.';
comment on column ops.circuit_breakers.window_ends_at is 'When counting begins anew.';
comment on column ops.circuit_breakers.openings is 'How often in a row it opened: each time for longer.';
comment on column ops.circuit_breakers.open_until is 'Until when nobody asks; null while it is closed.';
comment on column ops.circuit_breakers.probe_until is 'By when the probe has to have answered before another may go; null unless it is half open.';
comment on column ops.circuit_breakers.changed_at is 'When the state last changed.';
grant insert, select, update on ops.circuit_breakers to tributary_service;

create table ops.dead_jobs (
  dead_letter_id uuid not null,
  task text not null,
  job_key text not null,
  payload json not null,
  priority smallint not null,
  max_attempts smallint not null,
  queue_name text,
  constraint dead_jobs_pkey PRIMARY KEY (dead_letter_id),
  constraint dead_jobs_job_key_key UNIQUE (job_key),
  constraint dead_jobs_dead_letter_id_fkey FOREIGN KEY (dead_letter_id) REFERENCES public.dead_letters(id) ON DELETE CASCADE
);
comment on table ops.dead_jobs is 'What is needed to queue a dead letter''s job again, whole; never exposed.';
comment on column ops.dead_jobs.dead_letter_id is 'The dead letter.';
comment on column ops.dead_jobs.task is 'The kind of job.';
comment on column ops.dead_jobs.job_key is 'The job''s key: one job has one dead letter, however often it dies.';
comment on column ops.dead_jobs.payload is 'What the job was given.';
comment on column ops.dead_jobs.priority is 'As it was queued.';
comment on column ops.dead_jobs.max_attempts is 'As it was queued.';
comment on column ops.dead_jobs.queue_name is 'The serial queue it stood in; null when none.';
grant delete, insert, select, update on ops.dead_jobs to tributary_service;

create table ops.deleted_records (
  user_id uuid not null,
  platform text not null,
  source_id text not null,
  observed_at timestamp with time zone not null,
  record_type text default 'activity'::text not null,
  payloads_removed_at timestamp with time zone,
  constraint deleted_records_pkey PRIMARY KEY (user_id, platform, record_type, source_id),
  constraint deleted_records_record_type_check CHECK ((record_type = ANY (ARRAY['activity'::text, 'sleep_session'::text, 'sample'::text]))),
  constraint deleted_records_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint deleted_records_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX deleted_records_in_payloads ON ops.deleted_records USING btree (platform, user_id) WHERE (payloads_removed_at IS NULL);
comment on table ops.deleted_records is 'What is gone at the source, so that a late or replayed payload from before does not bring it back.';
comment on column ops.deleted_records.payloads_removed_at is 'When the record was removed from the stored payloads as well; null while it is still in them, or where no policy asks for it.';
grant delete, insert, select, update on ops.deleted_records to tributary_service;

create table ops.delivered_items (
  user_id uuid not null,
  platform text not null,
  data_type text not null,
  digest bytea not null,
  received_at timestamp with time zone default now() not null,
  record text,
  recorded_at timestamp with time zone,
  constraint delivered_items_pkey PRIMARY KEY (user_id, platform, data_type, digest),
  constraint delivered_items_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint delivered_items_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX delivered_items_by_age ON ops.delivered_items USING btree (received_at);
comment on table ops.delivered_items is 'SHA-256 of every item that a platform pushed: what is sent again is not news. Kept for thirty days.';
comment on column ops.delivered_items.user_id is 'Whose item it was.';
comment on column ops.delivered_items.platform is 'Who pushed it.';
comment on column ops.delivered_items.data_type is 'Its kind.';
comment on column ops.delivered_items.digest is 'Of its exact bytes.';
comment on column ops.delivered_items.received_at is 'When it first came.';
comment on column ops.delivered_items.record is 'Which record it is, by the platform''s own id or its start: sent again in another form it is the same. Null where nothing is asked for by window.';
comment on column ops.delivered_items.recorded_at is 'The time that the platform files it under; null where that is not known without holding it whole.';
grant delete, insert, select, update on ops.delivered_items to tributary_service;

create table ops.erasure_ledger (
  person_hmac bytea not null,
  erased_at timestamp with time zone default now() not null,
  published_at timestamp with time zone,
  person_digest bytea,
  account_digests bytea[] default '{}'::bytea[] not null,
  constraint erasure_ledger_pkey PRIMARY KEY (person_hmac),
  constraint erasure_ledger_person_digest_check CHECK ((octet_length(person_digest) = 32)),
  constraint erasure_ledger_person_hmac_check CHECK ((octet_length(person_hmac) = 32))
);
comment on table ops.erasure_ledger is 'Who was erased, as HMAC of the person''s id: a restore skips them. A copy of every row goes beside the backups, for the database may be what is lost.';
comment on column ops.erasure_ledger.person_hmac is 'HMAC-SHA-256 of the person''s id under a key derived from BACKUP_KEY.';
comment on column ops.erasure_ledger.erased_at is 'When the person was erased.';
comment on column ops.erasure_ledger.published_at is 'When the row was copied beside the backups; null until then.';
comment on column ops.erasure_ledger.person_digest is 'Digest of the tombstone, so that a restored database knows it too.';
comment on column ops.erasure_ledger.account_digests is 'Digests of the tombstones of the accounts at platforms.';
grant insert, select on ops.erasure_ledger to tributary_service;
grant update (account_digests) on ops.erasure_ledger to tributary_service;
grant update (person_digest) on ops.erasure_ledger to tributary_service;
grant update (published_at) on ops.erasure_ledger to tributary_service;

create table ops.erasure_revocations (
  revocation_id uuid not null,
  erasure_id uuid not null,
  platform text not null,
  outcome text,
  settled_at timestamp with time zone,
  constraint erasure_revocations_pkey PRIMARY KEY (revocation_id),
  constraint erasure_revocations_outcome_check CHECK ((outcome = ANY (ARRAY['confirmed'::text, 'given_up'::text]))),
  constraint erasure_revocations_erasure_id_fkey FOREIGN KEY (erasure_id) REFERENCES public.erasures(id) ON DELETE CASCADE
);
comment on table ops.erasure_revocations is 'What platforms answered when they were told that an erased person has gone.';
comment on column ops.erasure_revocations.revocation_id is 'Row of vault.pending_revocations while it is open.';
comment on column ops.erasure_revocations.erasure_id is 'The erasure it is of.';
comment on column ops.erasure_revocations.platform is 'The platform.';
comment on column ops.erasure_revocations.outcome is 'confirmed or given_up; null: not yet, or somebody connected the account again.';
comment on column ops.erasure_revocations.settled_at is 'When that was.';
grant insert, select on ops.erasure_revocations to tributary_service;
grant update (outcome) on ops.erasure_revocations to tributary_service;
grant update (settled_at) on ops.erasure_revocations to tributary_service;

create table ops.erasure_tombstones (
  digest bytea not null,
  kind text not null,
  erasure_id uuid not null,
  created_at timestamp with time zone default now() not null,
  refused bigint default 0 not null,
  last_refused_at timestamp with time zone,
  constraint erasure_tombstones_pkey PRIMARY KEY (digest),
  constraint erasure_tombstones_digest_check CHECK ((octet_length(digest) = 32)),
  constraint erasure_tombstones_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'account'::text]))),
  constraint erasure_tombstones_refused_check CHECK ((refused >= 0))
);
comment on table ops.erasure_tombstones is 'People and accounts at platforms that nothing may bring back.';
comment on column ops.erasure_tombstones.digest is 'ops.person_digest of the person, or an HMAC under BACKUP_KEY of platform and account: numbers of accounts could be guessed from a digest.';
comment on column ops.erasure_tombstones.kind is 'person or account.';
comment on column ops.erasure_tombstones.erasure_id is 'The erasure it is of.';
comment on column ops.erasure_tombstones.created_at is 'When the erasure began.';
comment on column ops.erasure_tombstones.refused is 'How often something would have brought them back.';
comment on column ops.erasure_tombstones.last_refused_at is 'When that was last.';
grant insert, select on ops.erasure_tombstones to tributary_service;
grant update (last_refused_at) on ops.erasure_tombstones to tributary_service;
grant update (refused) on ops.erasure_tombstones to tributary_service;

create table ops.export_chunks (
  user_id uuid not null,
  export_id uuid not null,
  attempt uuid not null,
  from_byte bigint not null,
  byte_count integer not null,
  bytes_sealed bytea not null,
  constraint export_chunks_pkey PRIMARY KEY (user_id, export_id, attempt, from_byte),
  constraint export_chunks_byte_count_check CHECK ((byte_count > 0)),
  constraint export_chunks_from_byte_check CHECK ((from_byte >= 0)),
  constraint export_chunks_user_id_export_id_fkey FOREIGN KEY (user_id, export_id) REFERENCES public.data_exports(user_id, id) ON DELETE CASCADE
);
comment on table ops.export_chunks is 'The zip of an export in sealed pieces, until it is fetched or expires.';
grant delete, insert, select on ops.export_chunks to tributary_service;

create table ops.failed_notices (
  user_id uuid not null,
  platform text not null,
  source_id text not null,
  cause text not null,
  noticed_at timestamp with time zone default now() not null,
  constraint failed_notices_pkey PRIMARY KEY (user_id, platform, source_id),
  constraint failed_notices_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint failed_notices_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
comment on table ops.failed_notices is 'Records that a webhook told of and that could not be read back: what a later comparison finds has a reason.';
comment on column ops.failed_notices.user_id is 'Whose record it is.';
comment on column ops.failed_notices.platform is 'Who told of it.';
comment on column ops.failed_notices.source_id is 'The platform''s id of the record.';
comment on column ops.failed_notices.cause is 'Why it could not be read back, as an error code.';
comment on column ops.failed_notices.noticed_at is 'When.';
grant delete, insert, select, update on ops.failed_notices to tributary_service;

create table ops.job_rates (
  queue text not null,
  used integer default 0 not null,
  window_ends_at timestamp with time zone default now() not null,
  constraint job_rates_pkey PRIMARY KEY (queue),
  constraint job_rates_used_check CHECK ((used >= 0))
);
comment on table ops.job_rates is 'How many jobs of a queue were begun in the present minute, by all processes; used only where a rate is set.';
comment on column ops.job_rates.queue is 'The queue.';
comment on column ops.job_rates.used is 'Jobs begun.';
comment on column ops.job_rates.window_ends_at is 'When counting begins anew.';
grant insert, select, update on ops.job_rates to tributary_service;

create table ops.rate_limits (
  key character varying(255) not null,
  points integer default 0 not null,
  expire bigint,
  constraint rate_limits_pkey PRIMARY KEY (key)
);
comment on table ops.rate_limits is 'Requests counted in the present window of each limit, in the shape that the library rate-limiter-flexible writes; shared by all processes.';
comment on column ops.rate_limits.key is 'The limit and whom it is about: a person, a person and a platform, or a source address.';
comment on column ops.rate_limits.points is 'Requests in this window.';
comment on column ops.rate_limits.expire is 'When the window ends, in milliseconds since 1970-01-01 UTC; rows are deleted an hour later.';
grant delete, insert, select, update on ops.rate_limits to tributary_service;

create table ops.rejected_records (
  user_id uuid not null,
  raw_created_at timestamp with time zone not null,
  raw_id uuid not null,
  "position" integer not null,
  reason text not null,
  constraint rejected_records_pkey PRIMARY KEY (user_id, raw_created_at, raw_id, "position"),
  constraint rejected_records_position_check CHECK (("position" >= 0)),
  constraint rejected_records_user_id_raw_created_at_raw_id_fkey FOREIGN KEY (user_id, raw_created_at, raw_id) REFERENCES public.raw_fitness_data(user_id, created_at, id) ON DELETE CASCADE
);
comment on table ops.rejected_records is 'Records inside a payload that could not be normalized, by position, with the reason and never the value.';
grant delete, insert, select, update on ops.rejected_records to tributary_service;

create table ops.repeatable_applied (
  name text not null,
  hash text not null,
  drops text not null,
  applied_at timestamp with time zone default now() not null,
  constraint repeatable_applied_pkey PRIMARY KEY (name)
);
comment on table ops.repeatable_applied is 'Repeatable files as last run, with the statements that undo them.';

create table ops.request_budgets (
  platform text not null,
  window_name text not null,
  window_seconds integer not null,
  quota integer not null,
  used integer default 0 not null,
  resets_at timestamp with time zone not null,
  unit text default 'request'::text not null,
  constraint request_budgets_pkey PRIMARY KEY (platform, window_name),
  constraint request_budgets_quota_check CHECK ((quota >= 0)),
  constraint request_budgets_unit_check CHECK ((unit = ANY (ARRAY['request'::text, 'day_of_data'::text]))),
  constraint request_budgets_used_check CHECK ((used >= 0)),
  constraint request_budgets_window_seconds_check CHECK ((window_seconds > 0)),
  constraint request_budgets_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
);
comment on table ops.request_budgets is 'The platform''s request limits and what is used of them, shared by all processes and learnt from response headers.';
comment on column ops.request_budgets.unit is 'What is counted: requests, or days of data asked for.';
grant delete, insert, select, update on ops.request_budgets to tributary_service;

create table ops.request_pauses (
  platform text not null,
  paused_until timestamp with time zone not null,
  reason text,
  constraint request_pauses_pkey PRIMARY KEY (platform),
  constraint request_pauses_reason_check CHECK ((reason = 'misconfigured'::text)),
  constraint request_pauses_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
);
comment on table ops.request_pauses is 'Until when a platform is left alone: it asked for it (Retry-After), or does not serve this application at present.';
comment on column ops.request_pauses.reason is 'misconfigured: it does not serve this application, which is for the operator to mend; null: it asked for patience.';
grant insert, select, update on ops.request_pauses to tributary_service;

create table ops.requested_windows (
  user_id uuid not null,
  platform text not null,
  data_type text not null,
  window_start timestamp with time zone not null,
  window_end timestamp with time zone not null,
  outcome text,
  asked_at timestamp with time zone default now() not null,
  account text not null,
  granted_scopes text[] default '{}'::text[] not null,
  run_id uuid,
  asked_by_run uuid,
  records integer,
  constraint requested_windows_pkey PRIMARY KEY (user_id, platform, account, data_type, window_end, window_start),
  constraint requested_windows_check CHECK ((window_end > window_start)),
  constraint requested_windows_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint requested_windows_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX requested_windows_asked_by_run ON ops.requested_windows USING btree (user_id, asked_by_run) WHERE (asked_by_run IS NOT NULL);
CREATE UNIQUE INDEX requested_windows_of_run ON ops.requested_windows USING btree (user_id, run_id, data_type) WHERE (run_id IS NOT NULL);
comment on table ops.requested_windows is 'Every window of time that a platform was asked for, by list or by backfill: a reconnect asks for what is between them.';
comment on column ops.requested_windows.user_id is 'Whose history it is.';
comment on column ops.requested_windows.platform is 'Who was asked.';
comment on column ops.requested_windows.data_type is 'The kind of data; * for all: lists, and what the platform sent by itself.';
comment on column ops.requested_windows.window_start is 'Start of the window.';
comment on column ops.requested_windows.window_end is 'End of the window.';
comment on column ops.requested_windows.outcome is 'read (a list), pushed, accepted (asked for, it comes by itself), arrived, nothing_came, asked_before, too_old or not_permitted.';
comment on column ops.requested_windows.asked_at is 'When it was first asked for.';
comment on column ops.requested_windows.account is 'The account at the platform: another account''s windows say nothing.';
comment on column ops.requested_windows.granted_scopes is 'What was granted then: what was read with less says nothing of the rest.';
comment on column ops.requested_windows.run_id is 'The run that reads a list; its window grows backwards page by page. Null for backfills.';
comment on column ops.requested_windows.asked_by_run is 'The run that asked for a backfill; null for lists.';
comment on column ops.requested_windows.records is 'How many records of a backfill are here; null before it was looked at, and for lists.';
grant delete, insert, select, update on ops.requested_windows to tributary_service;

create table ops.schema_migrations (
  version text not null,
  name text not null,
  applied_at timestamp with time zone default now() not null,
  constraint schema_migrations_pkey PRIMARY KEY (version)
);
comment on table ops.schema_migrations is 'Migrations this database has; written by database/migrate.ts.';

create table ops.summary_rebuilds (
  user_id uuid not null,
  local_day date not null,
  requested_at timestamp with time zone default now() not null,
  constraint summary_rebuilds_pkey PRIMARY KEY (user_id, local_day),
  constraint summary_rebuilds_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
comment on table ops.summary_rebuilds is 'Days whose inputs changed and whose summary is still to be rebuilt.';
grant delete, insert, select, update on ops.summary_rebuilds to tributary_service;

create table ops.sync_plans (
  user_id uuid not null,
  platform text not null,
  heard_at timestamp with time zone[] default '{}'::timestamp with time zone[] not null,
  silent_after timestamp with time zone,
  next_poll_at timestamp with time zone,
  poll_interval_s integer default 0 not null,
  poll_digest bytea,
  constraint sync_plans_pkey PRIMARY KEY (user_id, platform),
  constraint sync_plans_user_id_platform_fkey FOREIGN KEY (user_id, platform) REFERENCES public.connections(user_id, platform) ON DELETE CASCADE
);
CREATE INDEX sync_plans_due ON ops.sync_plans USING btree (platform, next_poll_at) WHERE (next_poll_at IS NOT NULL);
CREATE INDEX sync_plans_silent ON ops.sync_plans USING btree (silent_after) WHERE (silent_after IS NOT NULL);
comment on table ops.sync_plans is 'When each connection is looked at next.';
comment on column ops.sync_plans.user_id is 'Whose connection it is.';
comment on column ops.sync_plans.platform is 'The platform connected to.';
comment on column ops.sync_plans.heard_at is 'When webhooks came, at most one in half a day, the last twenty-four: the person''s rhythm.';
comment on column ops.sync_plans.silent_after is 'From then on silence is strange; null while the service polls anyway.';
comment on column ops.sync_plans.next_poll_at is 'When it is polled next; null while webhooks are relied on.';
comment on column ops.sync_plans.poll_interval_s is 'How long the last wait between polls was: it grows while nothing is new.';
comment on column ops.sync_plans.poll_digest is 'SHA-256 of each page of the last poll, one behind the other: the same again is not stored.';
grant delete, insert, select, update on ops.sync_plans to tributary_service;

create table ops.token_endpoints (
  platform text not null,
  failures integer default 0 not null,
  reason text,
  paused_until timestamp with time zone,
  updated_at timestamp with time zone default now() not null,
  constraint token_endpoints_pkey PRIMARY KEY (platform),
  constraint token_endpoints_failures_check CHECK ((failures >= 0)),
  constraint token_endpoints_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
);
comment on table ops.token_endpoints is 'How each platform''s token endpoint is doing: while it refuses everybody, nobody but one probe at a time asks it.';
comment on column ops.token_endpoints.platform is 'Whose token endpoint it is.';
comment on column ops.token_endpoints.failures is 'Refreshes of any connection that failed since the last one that succeeded.';
comment on column ops.token_endpoints.reason is 'Why the last one failed; null while none has.';
comment on column ops.token_endpoints.paused_until is 'No refresh is asked for before this; then one at a time until one succeeds. Null while it is well.';
comment on column ops.token_endpoints.updated_at is 'When the row last changed.';
grant delete, insert, select, update on ops.token_endpoints to tributary_service;

create table ops.upload_chunks (
  user_id uuid not null,
  upload_id uuid not null,
  from_byte bigint not null,
  byte_count integer not null,
  bytes_sealed bytea not null,
  constraint upload_chunks_pkey PRIMARY KEY (user_id, upload_id, from_byte),
  constraint upload_chunks_byte_count_check CHECK (((byte_count >= 1) AND (byte_count <= 1048576))),
  constraint upload_chunks_from_byte_check CHECK ((from_byte >= 0)),
  constraint upload_chunks_user_id_upload_id_fkey FOREIGN KEY (user_id, upload_id) REFERENCES ops.uploads(user_id, id) ON DELETE CASCADE
);
comment on table ops.upload_chunks is 'The bytes of files that are being received or imported, sealed, at most 1 MiB a row.';
comment on column ops.upload_chunks.user_id is 'Whose file it is.';
comment on column ops.upload_chunks.upload_id is 'The file.';
comment on column ops.upload_chunks.from_byte is 'Place of the first byte in the file.';
comment on column ops.upload_chunks.byte_count is 'How many bytes are sealed here.';
comment on column ops.upload_chunks.bytes_sealed is 'The bytes, sealed for this person.';
grant delete, insert, select, update on ops.upload_chunks to tributary_service;

create table ops.uploads (
  user_id uuid not null,
  id uuid not null,
  platform text not null,
  state text default 'receiving'::text not null,
  received_bytes bigint default 0 not null,
  sha256 text,
  sync_run_id uuid,
  received_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint uploads_pkey PRIMARY KEY (user_id, id),
  constraint uploads_check CHECK (((state = 'receiving'::text) OR ((sha256 IS NOT NULL) AND (sync_run_id IS NOT NULL)))),
  constraint uploads_received_bytes_check CHECK ((received_bytes >= 0)),
  constraint uploads_state_check CHECK ((state = ANY (ARRAY['receiving'::text, 'importing'::text, 'done'::text, 'failed'::text]))),
  constraint uploads_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint uploads_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE,
  constraint uploads_user_id_sync_run_id_fkey FOREIGN KEY (user_id, sync_run_id) REFERENCES public.sync_runs(user_id, id) ON DELETE CASCADE
);
CREATE INDEX uploads_by_change ON ops.uploads USING btree (updated_at) WHERE (state = 'receiving'::text);
CREATE INDEX uploads_by_content ON ops.uploads USING btree (user_id, platform, sha256) WHERE (sha256 IS NOT NULL);
comment on table ops.uploads is 'Files that people upload: received piece by piece, then imported. The bytes go when the import has ended; the digest stays, so that the same file is recognised.';
comment on column ops.uploads.user_id is 'Whose file it is.';
comment on column ops.uploads.id is 'Chosen by the client, so that it can go on after its connection broke.';
comment on column ops.uploads.platform is 'The platform that made the file.';
comment on column ops.uploads.state is 'receiving, importing, done or failed.';
comment on column ops.uploads.received_bytes is 'How much of it is stored.';
comment on column ops.uploads.sha256 is 'Digest of the whole file, hexadecimal; null until it is complete.';
comment on column ops.uploads.sync_run_id is 'The import of it; null until it is complete.';
comment on column ops.uploads.received_at is 'When its first byte came.';
comment on column ops.uploads.updated_at is 'When it last changed.';
grant delete, insert, select, update on ops.uploads to tributary_service;

create table ops.webhook_deliveries (
  id uuid default gen_random_uuid() not null,
  platform text not null,
  dedupe_key text not null,
  body_sealed bytea,
  state text default 'received'::text not null,
  outcome text,
  received_at timestamp with time zone default now() not null,
  processed_at timestamp with time zone,
  items_done integer default 0 not null,
  outcomes jsonb default '{}'::jsonb not null,
  trace text,
  constraint webhook_deliveries_pkey PRIMARY KEY (id),
  constraint webhook_deliveries_platform_dedupe_key_key UNIQUE (platform, dedupe_key),
  constraint webhook_deliveries_check CHECK (((state = ANY (ARRAY['receiving'::text, 'received'::text])) = (processed_at IS NULL))),
  constraint webhook_deliveries_items_done_check CHECK ((items_done >= 0)),
  constraint webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['receiving'::text, 'received'::text, 'processed'::text, 'dropped'::text])))
);
CREATE INDEX webhook_deliveries_waiting ON ops.webhook_deliveries USING btree (received_at) WHERE (state = 'received'::text);
CREATE INDEX webhook_deliveries_with_body ON ops.webhook_deliveries USING btree (processed_at) WHERE ((processed_at IS NOT NULL) AND (body_sealed IS NOT NULL));
CREATE TRIGGER check_delivery_state BEFORE UPDATE OF state ON ops.webhook_deliveries FOR EACH ROW WHEN ((old.state IS DISTINCT FROM new.state)) EXECUTE FUNCTION ops.check_delivery_state();
comment on table ops.webhook_deliveries is 'The inbox: the exact bytes of every accepted webhook, sealed, stored before it is answered.';
comment on column ops.webhook_deliveries.body_sealed is 'The exact bytes, sealed; null when they are in webhook_delivery_chunks.';
comment on column ops.webhook_deliveries.items_done is 'Items of a large delivery that are dealt with: where a worker that was killed is succeeded.';
comment on column ops.webhook_deliveries.outcomes is 'How many items of a large delivery ended how.';
comment on column ops.webhook_deliveries.trace is 'JSON: the chain of work it arrived in, for the job that is made of it; null outside of one.';
grant delete, insert, select, update on ops.webhook_deliveries to tributary_service;

create table ops.webhook_delivery_chunks (
  delivery_id uuid not null,
  "position" integer not null,
  bytes_sealed bytea not null,
  constraint webhook_delivery_chunks_pkey PRIMARY KEY (delivery_id, "position"),
  constraint webhook_delivery_chunks_position_check CHECK (("position" >= 0)),
  constraint webhook_delivery_chunks_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES ops.webhook_deliveries(id) ON DELETE CASCADE
);
comment on table ops.webhook_delivery_chunks is 'The bytes of a large delivery in pieces of at most 1 MiB, each sealed.';
comment on column ops.webhook_delivery_chunks.delivery_id is 'The delivery.';
comment on column ops.webhook_delivery_chunks."position" is 'From 0, in the order of the bytes.';
comment on column ops.webhook_delivery_chunks.bytes_sealed is 'The piece.';
grant delete, insert, select, update on ops.webhook_delivery_chunks to tributary_service;

create table ops.webhook_subscriptions (
  platform text not null,
  subscription_id text not null,
  confirmed_at timestamp with time zone default now() not null,
  constraint webhook_subscriptions_pkey PRIMARY KEY (platform),
  constraint webhook_subscriptions_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
);
comment on table ops.webhook_subscriptions is 'Our subscription at each platform; a delivery for another one is refused.';
grant delete, insert, select, update on ops.webhook_subscriptions to tributary_service;

create table ops.workers (
  pool_id text not null,
  started_at timestamp with time zone default now() not null,
  seen_at timestamp with time zone default now() not null,
  constraint workers_pkey PRIMARY KEY (pool_id)
);
comment on table ops.workers is 'Heartbeats of the job processes: the jobs of one that fell silent are released.';
grant delete, insert, select, update on ops.workers to tributary_service;

create view public.access_log as
 SELECT v.subject_user_id AS user_id,
    e.id,
    e.occurred_at,
    e.action,
    e.actor_kind,
    COALESCE((v.actor_id = (v.subject_user_id)::text), false) AS by_myself,
    e.outcome,
    e.platform,
    v.reason,
    e.request_id,
        CASE
            WHEN (v.actor_id = (v.subject_user_id)::text) THEN v.source_address
            ELSE NULL::text
        END AS source_address
   FROM (audit.personal_values v
     JOIN audit.events e ON ((e.id = v.event_id)))
  WHERE (v.subject_user_id IS NOT NULL);
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
grant select on public.access_log to tributary_hasura;
grant select on public.access_log to tributary_service;

create table public.activities (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  platform text not null,
  source_id text not null,
  sport text not null,
  source_sport text not null,
  name text,
  local_day date not null,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  start_offset_seconds integer,
  time_zone text,
  start_time_hidden boolean default false not null,
  distance_m numeric,
  moving_time_s integer,
  elapsed_time_s integer,
  elevation_gain_m numeric,
  mean_speed_m_per_s numeric,
  max_speed_m_per_s numeric,
  heart_rate_mean_bpm numeric,
  heart_rate_max_bpm numeric,
  cadence_mean_rpm numeric,
  power_mean_w numeric,
  energy_kcal numeric,
  manual boolean default false not null,
  indoor boolean default false not null,
  has_route boolean default false not null,
  private boolean default false not null,
  device_name text,
  source_url text,
  raw_id uuid not null,
  raw_created_at timestamp with time zone not null,
  observed_at timestamp with time zone not null,
  details_observed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  parent_source_id text,
  counted boolean default true not null,
  constraint activities_pkey PRIMARY KEY (user_id, id),
  constraint activities_user_id_platform_source_id_key UNIQUE (user_id, platform, source_id),
  constraint activities_check CHECK ((ended_at >= started_at)),
  constraint activities_check1 CHECK (((NOT start_time_hidden) OR (started_at IS NULL))),
  constraint activities_distance_m_check CHECK ((distance_m >= (0)::numeric)),
  constraint activities_elapsed_time_s_check CHECK ((elapsed_time_s >= 0)),
  constraint activities_elevation_gain_m_check CHECK ((elevation_gain_m >= (0)::numeric)),
  constraint activities_energy_kcal_check CHECK ((energy_kcal >= (0)::numeric)),
  constraint activities_heart_rate_max_bpm_check CHECK ((heart_rate_max_bpm > (0)::numeric)),
  constraint activities_heart_rate_mean_bpm_check CHECK ((heart_rate_mean_bpm > (0)::numeric)),
  constraint activities_moving_time_s_check CHECK ((moving_time_s >= 0)),
  constraint activities_start_offset_seconds_check CHECK (((start_offset_seconds >= '-64800'::integer) AND (start_offset_seconds <= 64800))),
  constraint activities_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint activities_sport_fkey FOREIGN KEY (sport) REFERENCES public.sports(id),
  constraint activities_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX activities_by_day ON public.activities USING btree (user_id, local_day DESC);
CREATE INDEX activities_by_start ON public.activities USING btree (user_id, started_at DESC);
comment on table public.activities is 'Workouts and other recorded activities, one row each, in canonical units.';
comment on column public.activities.user_id is 'Whose activity it is.';
comment on column public.activities.id is 'Stable id here.';
comment on column public.activities.platform is 'Where it came from.';
comment on column public.activities.source_id is 'The platform''s own id, as text: some are larger than a JavaScript number holds.';
comment on column public.activities.sport is 'Canonical sport.';
comment on column public.activities.source_sport is 'The platform''s word for the sport.';
comment on column public.activities.name is 'Title the person gave it.';
comment on column public.activities.local_day is 'The day where the person was when it started.';
comment on column public.activities.started_at is 'When it started; null when the person hides the start time.';
comment on column public.activities.ended_at is 'When it ended: start plus elapsed time; null when the start is unknown.';
comment on column public.activities.start_offset_seconds is 'Offset from UTC at the start, in seconds; null when unknown.';
comment on column public.activities.time_zone is 'IANA time zone, where the platform names one.';
comment on column public.activities.start_time_hidden is 'The person hides the start time; only the day is known.';
comment on column public.activities.distance_m is 'Distance in metres; null when not measured.';
comment on column public.activities.moving_time_s is 'Time in motion in seconds.';
comment on column public.activities.elapsed_time_s is 'Time from start to end in seconds.';
comment on column public.activities.elevation_gain_m is 'Height gained in metres.';
comment on column public.activities.mean_speed_m_per_s is 'Mean speed in metres per second.';
comment on column public.activities.max_speed_m_per_s is 'Highest speed in metres per second.';
comment on column public.activities.heart_rate_mean_bpm is 'Mean heart rate in beats per minute.';
comment on column public.activities.heart_rate_max_bpm is 'Highest heart rate in beats per minute.';
comment on column public.activities.cadence_mean_rpm is 'Mean cadence in revolutions per minute (running: of one foot).';
comment on column public.activities.power_mean_w is 'Mean power in watts.';
comment on column public.activities.energy_kcal is 'Energy spent in kilocalories.';
comment on column public.activities.manual is 'Typed in by hand, not recorded.';
comment on column public.activities.indoor is 'On a trainer or treadmill.';
comment on column public.activities.has_route is 'The platform has a GPS track of it.';
comment on column public.activities.private is 'Visible only to its owner at the platform.';
comment on column public.activities.device_name is 'The device that recorded it.';
comment on column public.activities.source_url is 'Where to see it at the platform.';
comment on column public.activities.raw_id is 'The payload it was last read from.';
comment on column public.activities.raw_created_at is 'The created_at of that payload: raw rows are found by user_id, created_at and id.';
comment on column public.activities.observed_at is 'When that payload was received; an older payload never overwrites a newer one.';
comment on column public.activities.details_observed_at is 'When the detailed payload was received; null until it was.';
comment on column public.activities.created_at is 'When the row was first written.';
comment on column public.activities.updated_at is 'When the row last changed.';
comment on column public.activities.parent_source_id is 'The activity it is a part of (one leg of a multisport event), by the platform''s id.';
comment on column public.activities.counted is 'False for a whole whose parts are counted: sums add only what is counted.';
grant select on public.activities to tributary_hasura;
grant delete, insert, select, update on public.activities to tributary_service;

create table public.activity_duplicates (
  user_id uuid not null,
  activity_id uuid not null,
  shown_id uuid not null,
  matched_by text not null,
  created_at timestamp with time zone default now() not null,
  constraint activity_duplicates_pkey PRIMARY KEY (user_id, activity_id),
  constraint activity_duplicates_check CHECK ((activity_id <> shown_id)),
  constraint activity_duplicates_matched_by_check CHECK ((matched_by = ANY (ARRAY['time'::text, 'day'::text]))),
  constraint activity_duplicates_user_id_activity_id_fkey FOREIGN KEY (user_id, activity_id) REFERENCES public.activities(user_id, id) ON DELETE CASCADE,
  constraint activity_duplicates_user_id_shown_id_fkey FOREIGN KEY (user_id, shown_id) REFERENCES public.activities(user_id, id) ON DELETE CASCADE
);
CREATE INDEX activity_duplicates_by_shown ON public.activity_duplicates USING btree (user_id, shown_id);
comment on table public.activity_duplicates is 'Activities that are another record of a workout which is shown already.';
comment on column public.activity_duplicates.user_id is 'Whose workout it is.';
comment on column public.activity_duplicates.activity_id is 'The record that is not shown.';
comment on column public.activity_duplicates.shown_id is 'The record that is shown in its place.';
comment on column public.activity_duplicates.matched_by is 'time: they overlap; day: one hides its start, and day, distance and duration agree.';
comment on column public.activity_duplicates.created_at is 'When it was recognized.';
grant select on public.activity_duplicates to tributary_hasura;
grant delete, insert, select, update on public.activity_duplicates to tributary_service;

create table public.activity_laps (
  user_id uuid not null,
  activity_id uuid not null,
  lap_number integer not null,
  started_at timestamp with time zone,
  elapsed_time_s numeric,
  moving_time_s numeric,
  distance_m numeric,
  elevation_gain_m numeric,
  mean_speed_m_per_s numeric,
  max_speed_m_per_s numeric,
  heart_rate_mean_bpm numeric,
  heart_rate_max_bpm numeric,
  cadence_mean_rpm numeric,
  power_mean_w numeric,
  raw_id uuid not null,
  raw_created_at timestamp with time zone not null,
  observed_at timestamp with time zone not null,
  constraint activity_laps_pkey PRIMARY KEY (user_id, activity_id, lap_number),
  constraint activity_laps_distance_m_check CHECK ((distance_m >= (0)::numeric)),
  constraint activity_laps_elapsed_time_s_check CHECK ((elapsed_time_s >= (0)::numeric)),
  constraint activity_laps_elevation_gain_m_check CHECK ((elevation_gain_m >= (0)::numeric)),
  constraint activity_laps_heart_rate_max_bpm_check CHECK ((heart_rate_max_bpm > (0)::numeric)),
  constraint activity_laps_heart_rate_mean_bpm_check CHECK ((heart_rate_mean_bpm > (0)::numeric)),
  constraint activity_laps_lap_number_check CHECK ((lap_number > 0)),
  constraint activity_laps_moving_time_s_check CHECK ((moving_time_s >= (0)::numeric)),
  constraint activity_laps_user_id_activity_id_fkey FOREIGN KEY (user_id, activity_id) REFERENCES public.activities(user_id, id) ON DELETE CASCADE
);
comment on table public.activity_laps is 'The laps of an activity, numbered from 1.';
comment on column public.activity_laps.user_id is 'Whose activity it is.';
comment on column public.activity_laps.activity_id is 'The activity.';
comment on column public.activity_laps.lap_number is 'Its place in the activity, from 1.';
comment on column public.activity_laps.started_at is 'When the lap began.';
comment on column public.activity_laps.elapsed_time_s is 'Time from start to end in seconds.';
comment on column public.activity_laps.moving_time_s is 'Time in motion in seconds.';
comment on column public.activity_laps.distance_m is 'Distance in metres.';
comment on column public.activity_laps.elevation_gain_m is 'Height gained in metres.';
comment on column public.activity_laps.mean_speed_m_per_s is 'Mean speed in metres per second.';
comment on column public.activity_laps.max_speed_m_per_s is 'Highest speed in metres per second.';
comment on column public.activity_laps.heart_rate_mean_bpm is 'Mean heart rate in beats per minute.';
comment on column public.activity_laps.heart_rate_max_bpm is 'Highest heart rate in beats per minute.';
comment on column public.activity_laps.cadence_mean_rpm is 'Mean cadence in revolutions per minute (running: of one foot).';
comment on column public.activity_laps.power_mean_w is 'Mean power in watts.';
comment on column public.activity_laps.raw_id is 'The payload it was read from.';
comment on column public.activity_laps.raw_created_at is 'The created_at of that payload.';
comment on column public.activity_laps.observed_at is 'When that payload was received.';
grant select on public.activity_laps to tributary_hasura;
grant delete, insert, select, update on public.activity_laps to tributary_service;

create table public.activity_streams (
  user_id uuid not null,
  activity_id uuid not null,
  kind text not null,
  unit text not null,
  offsets_s integer[] not null,
  "values" numeric[] not null,
  raw_id uuid not null,
  raw_created_at timestamp with time zone not null,
  observed_at timestamp with time zone not null,
  constraint activity_streams_pkey PRIMARY KEY (user_id, activity_id, kind),
  constraint activity_streams_check CHECK ((cardinality(offsets_s) = cardinality("values"))),
  constraint activity_streams_user_id_activity_id_fkey FOREIGN KEY (user_id, activity_id) REFERENCES public.activities(user_id, id) ON DELETE CASCADE
);
comment on table public.activity_streams is 'Series recorded during an activity: one row for each kind, as two arrays of equal length.';
comment on column public.activity_streams.user_id is 'Whose activity it is.';
comment on column public.activity_streams.activity_id is 'The activity.';
comment on column public.activity_streams.kind is 'What was recorded, with its unit, for example heart_rate_bpm.';
comment on column public.activity_streams.unit is 'UCUM unit of the values.';
comment on column public.activity_streams.offsets_s is 'Seconds since the start, one for each value.';
comment on column public.activity_streams."values" is 'The values; null where the device recorded none.';
comment on column public.activity_streams.raw_id is 'The payload it was read from.';
comment on column public.activity_streams.raw_created_at is 'The created_at of that payload.';
comment on column public.activity_streams.observed_at is 'When that payload was received.';
grant select on public.activity_streams to tributary_hasura;
grant delete, insert, select, update on public.activity_streams to tributary_service;

create table public.activity_zones (
  user_id uuid not null,
  activity_id uuid not null,
  kind text not null,
  zone_number integer not null,
  unit text not null,
  lower_bound numeric,
  upper_bound numeric,
  time_s numeric not null,
  raw_id uuid not null,
  raw_created_at timestamp with time zone not null,
  observed_at timestamp with time zone not null,
  constraint activity_zones_pkey PRIMARY KEY (user_id, activity_id, kind, zone_number),
  constraint activity_zones_check CHECK ((upper_bound >= lower_bound)),
  constraint activity_zones_kind_check CHECK ((kind = ANY (ARRAY['heart_rate_bpm'::text, 'speed_m_per_s'::text, 'power_w'::text]))),
  constraint activity_zones_lower_bound_check CHECK ((lower_bound >= (0)::numeric)),
  constraint activity_zones_time_s_check CHECK ((time_s >= (0)::numeric)),
  constraint activity_zones_zone_number_check CHECK ((zone_number > 0)),
  constraint activity_zones_user_id_activity_id_fkey FOREIGN KEY (user_id, activity_id) REFERENCES public.activities(user_id, id) ON DELETE CASCADE
);
comment on table public.activity_zones is 'How long an activity was in each training zone, with the bounds that the platform applied.';
comment on column public.activity_zones.user_id is 'Whose activity it is.';
comment on column public.activity_zones.activity_id is 'The activity.';
comment on column public.activity_zones.kind is 'What the zone is of, as in activity_streams: heart_rate_bpm, speed_m_per_s or power_w.';
comment on column public.activity_zones.zone_number is 'Its place among the zones of this kind, from 1, the easiest.';
comment on column public.activity_zones.unit is 'UCUM unit of the bounds.';
comment on column public.activity_zones.lower_bound is 'Where the zone begins; null when the platform does not say.';
comment on column public.activity_zones.upper_bound is 'Where the zone ends; null for the last, which has no end.';
comment on column public.activity_zones.time_s is 'Time of the activity in this zone, in seconds.';
comment on column public.activity_zones.raw_id is 'The payload it was read from.';
comment on column public.activity_zones.raw_created_at is 'The created_at of that payload.';
comment on column public.activity_zones.observed_at is 'When that payload was received.';
grant select on public.activity_zones to tributary_hasura;
grant delete, insert, select, update on public.activity_zones to tributary_service;

create table public.api_keys (
  id uuid default gen_random_uuid() not null,
  user_id uuid,
  name text not null,
  key_prefix text not null,
  scopes text[] not null,
  created_by uuid,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  replaced_by uuid,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_key_prefix_key UNIQUE (key_prefix),
  constraint api_keys_check CHECK ((expires_at > created_at)),
  constraint api_keys_key_prefix_check CHECK ((key_prefix ~ '^trib_[0-9a-f]{16}$'::text)),
  constraint api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  constraint api_keys_scopes_check CHECK (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 20))),
  constraint api_keys_replaced_by_fkey FOREIGN KEY (replaced_by) REFERENCES public.api_keys(id),
  constraint api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX api_keys_by_user ON public.api_keys USING btree (user_id, created_at DESC);
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
grant select on public.api_keys to tributary_hasura;
grant insert, select, update on public.api_keys to tributary_service;

create table public.app_users (
  user_id uuid not null,
  time_zone text,
  created_at timestamp with time zone default now() not null,
  time_zone_platform text,
  merging_rules integer default 1 not null,
  constraint app_users_pkey PRIMARY KEY (user_id)
);
CREATE INDEX app_users_by_merging_rules ON public.app_users USING btree (merging_rules);
CREATE TRIGGER choose_time_zone BEFORE UPDATE OF time_zone ON public.app_users FOR EACH ROW WHEN ((CURRENT_USER = 'tributary_hasura'::name)) EXECUTE FUNCTION ops.choose_time_zone();
CREATE TRIGGER note_merging_rules BEFORE INSERT ON public.app_users FOR EACH ROW EXECUTE FUNCTION ops.note_merging_rules();
CREATE TRIGGER refuse_erased BEFORE INSERT ON public.app_users FOR EACH ROW EXECUTE FUNCTION ops.refuse_erased();
CREATE TRIGGER refuse_to_lose_held BEFORE DELETE ON public.app_users FOR EACH ROW EXECUTE FUNCTION ops.refuse_to_lose_held();
comment on table public.app_users is 'One row for each person who has connected something.';
comment on column public.app_users.user_id is 'The person, as named by the identity provider in x-hasura-user-id.';
comment on column public.app_users.time_zone is 'IANA time zone: the person''s choice, else that of their newest activity at a platform whose data may be combined; null: not known.';
comment on column public.app_users.created_at is 'When the person was first seen here.';
comment on column public.app_users.time_zone_platform is 'The platform that time_zone is from; null: the person chose it, or it is not known.';
comment on column public.app_users.merging_rules is 'By which version of the merging rules all days of the person were merged; ops.merging_rules() is the present one.';
grant select on public.app_users to tributary_hasura;
grant update (time_zone) on public.app_users to tributary_hasura;
grant delete, insert, select, update on public.app_users to tributary_service;

create view public.body_measurements as
 SELECT s.user_id,
    s.kind,
    s.started_at AS measured_at,
    s.value,
    k.unit,
    s.platform,
    s.source,
    s.local_day,
    s.manual
   FROM (public.samples s
     JOIN public.metric_kinds k ON ((k.id = s.kind)))
  WHERE (k.category = ANY (ARRAY['body'::text, 'blood'::text]));
comment on view public.body_measurements is 'Weight, body composition, temperature, blood pressure, blood glucose: the samples about the body.';
comment on column public.body_measurements.user_id is 'Whose measurement it is.';
comment on column public.body_measurements.kind is 'What was measured; see metric_kinds.';
comment on column public.body_measurements.measured_at is 'When.';
comment on column public.body_measurements.value is 'The value.';
comment on column public.body_measurements.unit is 'UCUM unit of the value.';
comment on column public.body_measurements.platform is 'Where it came from.';
comment on column public.body_measurements.source is 'The device or app that measured; empty when the platform does not say.';
comment on column public.body_measurements.local_day is 'The day where the person was.';
comment on column public.body_measurements.manual is 'Typed in by hand, not measured.';
grant select on public.body_measurements to tributary_hasura;
grant select on public.body_measurements to tributary_service;

create table public.breach_clocks (
  breach_id uuid not null,
  rule_id text not null,
  applies boolean not null,
  due_at timestamp with time zone not null,
  met_at timestamp with time zone,
  reference text,
  late_reason text,
  constraint breach_clocks_pkey PRIMARY KEY (breach_id, rule_id),
  constraint breach_clocks_check CHECK (((met_at IS NULL) = (reference IS NULL))),
  constraint breach_clocks_check1 CHECK (((met_at IS NULL) OR (met_at <= due_at) OR (late_reason IS NOT NULL))),
  constraint breach_clocks_late_reason_check CHECK (((length(late_reason) >= 10) AND (length(late_reason) <= 2000))),
  constraint breach_clocks_reference_check CHECK (((length(reference) >= 1) AND (length(reference) <= 500))),
  constraint breach_clocks_breach_id_fkey FOREIGN KEY (breach_id) REFERENCES public.breaches(id) ON DELETE CASCADE,
  constraint breach_clocks_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES public.breach_rules(id)
);
CREATE INDEX breach_clocks_running ON public.breach_clocks USING btree (due_at) WHERE ((met_at IS NULL) AND applies);
comment on table public.breach_clocks is 'By when whom to tell of a breach, and when that was done.';
comment on column public.breach_clocks.breach_id is 'The breach.';
comment on column public.breach_clocks.rule_id is 'The rule.';
comment on column public.breach_clocks.applies is 'Whether it has to be done, by what is known now.';
comment on column public.breach_clocks.due_at is 'Until when.';
comment on column public.breach_clocks.met_at is 'When it was done.';
comment on column public.breach_clocks.reference is 'A number, an address, a file: what shows it.';
comment on column public.breach_clocks.late_reason is 'Why it was late; nothing late without it.';
grant select on public.breach_clocks to tributary_hasura;
grant insert, select, update on public.breach_clocks to tributary_service;

create table public.breach_notifications (
  user_id uuid not null,
  breach_id uuid not null,
  id uuid default gen_random_uuid() not null,
  status text default 'affected'::text not null,
  channel text,
  attempts integer default 0 not null,
  sent_at timestamp with time zone,
  receipt text,
  error_code text,
  updated_at timestamp with time zone default now() not null,
  constraint breach_notifications_pkey PRIMARY KEY (user_id, breach_id),
  constraint breach_notifications_id_key UNIQUE (id),
  constraint breach_notifications_attempts_check CHECK ((attempts >= 0)),
  constraint breach_notifications_channel_check CHECK ((channel = ANY (ARRAY['smtp'::text, 'webhook'::text]))),
  constraint breach_notifications_check CHECK (((status = 'sent'::text) = (sent_at IS NOT NULL))),
  constraint breach_notifications_receipt_check CHECK ((length(receipt) <= 500)),
  constraint breach_notifications_status_check CHECK ((status = ANY (ARRAY['affected'::text, 'queued'::text, 'sent'::text, 'failed'::text]))),
  constraint breach_notifications_breach_id_fkey FOREIGN KEY (breach_id) REFERENCES public.breaches(id) ON DELETE CASCADE,
  constraint breach_notifications_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX breach_notifications_by_breach ON public.breach_notifications USING btree (breach_id, status);
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
grant select on public.breach_notifications to tributary_hasura;
grant insert, select, update on public.breach_notifications to tributary_service;

create table public.breach_rules (
  id text not null,
  regime text not null,
  article text not null,
  recipient text not null,
  counts text not null,
  amount integer not null,
  min_people integer default 0 not null,
  max_people integer,
  high_risk_only boolean default false not null,
  unless_unreadable boolean default false not null,
  platform text,
  description text not null,
  constraint breach_rules_pkey PRIMARY KEY (id),
  constraint breach_rules_amount_check CHECK ((amount > 0)),
  constraint breach_rules_check CHECK ((max_people >= min_people)),
  constraint breach_rules_counts_check CHECK ((counts = ANY (ARRAY['hours'::text, 'days'::text, 'days_after_year'::text]))),
  constraint breach_rules_min_people_check CHECK ((min_people >= 0)),
  constraint breach_rules_recipient_check CHECK ((recipient = ANY (ARRAY['authority'::text, 'people'::text, 'media'::text, 'platform'::text, 'controller'::text])))
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
grant select on public.breach_rules to tributary_hasura;
grant select on public.breach_rules to tributary_service;

create table public.breaches (
  id uuid default gen_random_uuid() not null,
  description text not null,
  aware_at timestamp with time zone not null,
  risk text not null,
  unreadable boolean not null,
  keys_exposed boolean not null,
  platforms text[] default '{}'::text[] not null,
  scope jsonb not null,
  consequences text,
  measures text,
  people integer default 0 not null,
  notice_subject text,
  notice_text text,
  reported_by uuid,
  reported_at timestamp with time zone default now() not null,
  closed_at timestamp with time zone,
  updated_at timestamp with time zone default now() not null,
  constraint breaches_pkey PRIMARY KEY (id),
  constraint breaches_check CHECK ((aware_at <= reported_at)),
  constraint breaches_check1 CHECK ((NOT (unreadable AND keys_exposed))),
  constraint breaches_check2 CHECK (((notice_subject IS NULL) = (notice_text IS NULL))),
  constraint breaches_consequences_check CHECK ((length(consequences) <= 10000)),
  constraint breaches_description_check CHECK (((length(description) >= 10) AND (length(description) <= 10000))),
  constraint breaches_measures_check CHECK ((length(measures) <= 10000)),
  constraint breaches_notice_subject_check CHECK (((length(notice_subject) >= 5) AND (length(notice_subject) <= 200))),
  constraint breaches_notice_text_check CHECK (((length(notice_text) >= 20) AND (length(notice_text) <= 20000))),
  constraint breaches_people_check CHECK ((people >= 0)),
  constraint breaches_risk_check CHECK ((risk = ANY (ARRAY['unlikely'::text, 'some'::text, 'high'::text])))
);
comment on table public.breaches is 'The register of breaches (GDPR Art. 33(5)): all of them, whether anybody had to be told or not.';
comment on column public.breaches.id is 'Id of the breach.';
comment on column public.breaches.description is 'What happened.';
comment on column public.breaches.aware_at is 'When somebody here became aware of it: all clocks count from then.';
comment on column public.breaches.risk is 'To the people: unlikely, some or high.';
comment on column public.breaches.unreadable is 'What was exposed was encrypted, and no key of it was exposed.';
comment on column public.breaches.keys_exposed is 'Keys were exposed too.';
comment on column public.breaches.platforms is 'Platforms whose data is affected; empty: any.';
comment on column public.breaches.scope is 'What the affected people were found by; whom it named is in breach_notifications alone.';
comment on column public.breaches.consequences is 'What may follow from it for the people.';
comment on column public.breaches.measures is 'What was done about it.';
comment on column public.breaches.people is 'How many people are affected.';
comment on column public.breaches.notice_subject is 'Subject of what the people are told.';
comment on column public.breaches.notice_text is 'What they are told.';
comment on column public.breaches.reported_by is 'Who reported it here; null: the command line.';
comment on column public.breaches.reported_at is 'When it was reported here.';
comment on column public.breaches.closed_at is 'When nothing was left to do.';
comment on column public.breaches.updated_at is 'When it last changed.';
grant select on public.breaches to tributary_hasura;
grant insert, select, update on public.breaches to tributary_service;

create table public.connection_statuses (
  id text not null,
  description text not null,
  constraint connection_statuses_pkey PRIMARY KEY (id)
);
comment on table public.connection_statuses is 'The states a connection can be in.';
comment on column public.connection_statuses.id is 'The state.';
comment on column public.connection_statuses.description is 'What it means.';
grant select on public.connection_statuses to tributary_hasura;
grant select on public.connection_statuses to tributary_service;

create table public.connection_strategy_changes (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  platform text not null,
  changed_at timestamp with time zone default now() not null,
  strategy text not null,
  polling boolean not null,
  reason text not null,
  quiet_s integer,
  expected_within_s integer,
  constraint connection_strategy_changes_pkey PRIMARY KEY (user_id, id),
  constraint connection_strategy_changes_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint connection_strategy_changes_strategy_fkey FOREIGN KEY (strategy) REFERENCES public.sync_strategies(id),
  constraint connection_strategy_changes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX connection_strategy_changes_by_time ON public.connection_strategy_changes USING btree (user_id, platform, changed_at DESC);
comment on table public.connection_strategy_changes is 'Every time that a connection went over to polling or back to webhooks, and why.';
comment on column public.connection_strategy_changes.user_id is 'Whose connection it is.';
comment on column public.connection_strategy_changes.id is 'Id of the change.';
comment on column public.connection_strategy_changes.platform is 'The platform connected to.';
comment on column public.connection_strategy_changes.changed_at is 'When.';
comment on column public.connection_strategy_changes.strategy is 'The strategy from then on.';
comment on column public.connection_strategy_changes.polling is 'Whether the service polls from then on.';
comment on column public.connection_strategy_changes.reason is 'Why, as in connections.strategy_reason.';
comment on column public.connection_strategy_changes.quiet_s is 'How long nothing had been heard, in seconds; null where that did not matter.';
comment on column public.connection_strategy_changes.expected_within_s is 'Within how many seconds something was expected, by the person''s own rhythm; null where that did not matter.';
grant select on public.connection_strategy_changes to tributary_hasura;
grant delete, insert, select, update on public.connection_strategy_changes to tributary_service;

create table public.connections (
  user_id uuid not null,
  platform text not null,
  id uuid default gen_random_uuid() not null,
  status text not null,
  status_reason text,
  granted_scopes text[] default '{}'::text[] not null,
  missing_scopes text[] default '{}'::text[] not null,
  strategy text default 'push'::text not null,
  platform_user_id text not null,
  last_webhook_at timestamp with time zone,
  last_synced_at timestamp with time zone,
  connected_at timestamp with time zone default now() not null,
  disconnected_at timestamp with time zone,
  updated_at timestamp with time zone default now() not null,
  revocation_status text,
  polling_since timestamp with time zone,
  strategy_reason text,
  synced_through timestamp with time zone,
  constraint connections_pkey PRIMARY KEY (user_id, platform),
  constraint connections_id_key UNIQUE (id),
  constraint connections_revocation_status_check CHECK ((revocation_status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'given_up'::text]))),
  constraint connections_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint connections_status_fkey FOREIGN KEY (status) REFERENCES public.connection_statuses(id),
  constraint connections_strategy_fkey FOREIGN KEY (strategy) REFERENCES public.sync_strategies(id),
  constraint connections_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX connections_one_owner_per_account ON public.connections USING btree (platform, platform_user_id) WHERE (status <> 'disconnected'::text);
CREATE TRIGGER check_connection_status BEFORE UPDATE OF status ON public.connections FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION ops.check_connection_status();
CREATE TRIGGER check_revocation_status BEFORE UPDATE OF revocation_status ON public.connections FOR EACH ROW WHEN ((old.revocation_status IS DISTINCT FROM new.revocation_status)) EXECUTE FUNCTION ops.check_revocation_status();
CREATE TRIGGER note_connection AFTER INSERT OR UPDATE OF status, connected_at ON public.connections FOR EACH ROW EXECUTE FUNCTION ops.note_connection();
comment on table public.connections is 'A person''s consent to one platform, and how it is doing.';
comment on column public.connections.user_id is 'Whose connection it is.';
comment on column public.connections.platform is 'The platform connected to.';
comment on column public.connections.id is 'Stable id of the connection.';
comment on column public.connections.status is 'The state it is in.';
comment on column public.connections.status_reason is 'Why it is not active, as an error code; null while it is.';
comment on column public.connections.granted_scopes is 'What the person granted.';
comment on column public.connections.missing_scopes is 'What is needed for full data and was not granted.';
comment on column public.connections.strategy is 'How new data is noticed.';
comment on column public.connections.platform_user_id is 'The account at the platform; not exposed to people.';
comment on column public.connections.last_webhook_at is 'When the platform last told us something about this account.';
comment on column public.connections.last_synced_at is 'When data last arrived.';
comment on column public.connections.connected_at is 'When consent was given.';
comment on column public.connections.disconnected_at is 'When it ended; null while it lasts.';
comment on column public.connections.updated_at is 'When the row last changed.';
comment on column public.connections.revocation_status is 'After a disconnect, whether the platform has confirmed that the tokens are revoked there (pending, confirmed, given_up); null while connected and where there was nothing to revoke.';
comment on column public.connections.polling_since is 'Since when the service polls, for webhooks are silent or there are none; null while webhooks are relied on.';
comment on column public.connections.strategy_reason is 'Why: webhooks_arrive, heard_again, waiting_for_the_first, silent, never_heard, no_webhooks, or silent_and_not_pollable.';
comment on column public.connections.synced_through is 'Whatever had arrived at the platform by then has been asked for; null before the first complete look.';
grant select on public.connections to tributary_hasura;
grant delete, insert, select, update on public.connections to tributary_service;

create table public.consent_purposes (
  id text not null,
  description text not null,
  required boolean default false not null,
  constraint consent_purposes_pkey PRIMARY KEY (id),
  constraint consent_purposes_id_check CHECK ((id ~ '^[a-z][a-z0-9_]{0,62}$'::text))
);
comment on table public.consent_purposes is 'What data is processed for; consent is given to each for itself.';
comment on column public.consent_purposes.id is 'The purpose.';
comment on column public.consent_purposes.description is 'What it means.';
comment on column public.consent_purposes.required is 'Whether nothing can be received from a platform without it.';
grant select on public.consent_purposes to tributary_hasura;
grant insert, select on public.consent_purposes to tributary_service;

create view public.consent_states as
 SELECT c.user_id,
    c.platform,
    c.purpose,
        CASE
            WHEN (c.decision = 'withdrawn'::text) THEN 'withdrawn'::text
            WHEN (c.text_version = newest.version) THEN 'given'::text
            ELSE 'outdated'::text
        END AS status,
    c.text_version,
    newest.version AS current_version,
    c.decided_at,
    p.required
   FROM ((public.consents c
     JOIN public.consent_purposes p ON ((p.id = c.purpose)))
     CROSS JOIN LATERAL ( SELECT max(t.version) AS version
           FROM public.consent_texts t
          WHERE ((t.platform = c.platform) AND (t.purpose = c.purpose))) newest)
  WHERE (NOT (EXISTS ( SELECT
           FROM public.consents later
          WHERE ((later.user_id = c.user_id) AND (later.platform = c.platform) AND (later.purpose = c.purpose) AND (later."position" > c."position")))));
comment on view public.consent_states is 'What a person''s latest decisions come to.';
comment on column public.consent_states.user_id is 'Who decided.';
comment on column public.consent_states.platform is 'The platform it is about.';
comment on column public.consent_states.purpose is 'What the data is for.';
comment on column public.consent_states.status is 'given; withdrawn; outdated: there is a newer text, and processing waits until it is accepted.';
comment on column public.consent_states.text_version is 'The version of the text they decided about.';
comment on column public.consent_states.current_version is 'The newest version.';
comment on column public.consent_states.decided_at is 'When they decided.';
comment on column public.consent_states.required is 'Whether nothing can be received from the platform without it.';
grant select on public.consent_states to tributary_hasura;
grant select on public.consent_states to tributary_service;

create table public.consent_texts (
  platform text not null,
  purpose text not null,
  version integer not null,
  locale text not null,
  body text not null,
  sha256 text not null,
  published_at timestamp with time zone default now() not null,
  constraint consent_texts_pkey PRIMARY KEY (platform, purpose, version, locale),
  constraint consent_texts_platform_purpose_version_locale_sha256_key UNIQUE (platform, purpose, version, locale, sha256),
  constraint consent_texts_body_check CHECK (((length(body) >= 20) AND (length(body) <= 20000))),
  constraint consent_texts_hash_is_of_body CHECK ((sha256 = encode(sha256(convert_to(body, 'UTF8'::name)), 'hex'::text))),
  constraint consent_texts_locale_check CHECK ((locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'::text)),
  constraint consent_texts_version_check CHECK ((version > 0)),
  constraint consent_texts_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint consent_texts_purpose_fkey FOREIGN KEY (purpose) REFERENCES public.consent_purposes(id)
);
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON public.consent_texts FOR EACH ROW EXECUTE FUNCTION ops.refuse_consent_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON public.consent_texts FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_consent_change();
comment on table public.consent_texts is 'What people are asked to agree to, word for word; a text never changes, a new version follows it.';
comment on column public.consent_texts.platform is 'The platform it is about.';
comment on column public.consent_texts.purpose is 'What the data is for.';
comment on column public.consent_texts.version is 'The highest version counts; translations share one.';
comment on column public.consent_texts.locale is 'The language, for example en or pt-BR.';
comment on column public.consent_texts.body is 'The text.';
comment on column public.consent_texts.sha256 is 'SHA-256 of its UTF-8 bytes, hexadecimal.';
comment on column public.consent_texts.published_at is 'When it was published.';
grant select on public.consent_texts to tributary_hasura;
grant insert, select on public.consent_texts to tributary_service;

create table public.consents (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  "position" bigint generated always as identity not null,
  platform text not null,
  purpose text not null,
  decision text not null,
  text_version integer not null,
  text_locale text not null,
  text_sha256 text not null,
  channel text not null,
  evidence text,
  decided_at timestamp with time zone default now() not null,
  recorded_at timestamp with time zone default now() not null,
  constraint consents_pkey PRIMARY KEY (user_id, id),
  constraint consents_channel_check CHECK ((channel = ANY (ARRAY['app'::text, 'email'::text, 'letter'::text, 'other'::text]))),
  constraint consents_check CHECK ((decided_at <= recorded_at)),
  constraint consents_check1 CHECK (((evidence IS NULL) = (channel = 'app'::text))),
  constraint consents_decision_check CHECK ((decision = ANY (ARRAY['given'::text, 'withdrawn'::text]))),
  constraint consents_evidence_check CHECK (((length(evidence) >= 10) AND (length(evidence) <= 1000))),
  constraint consents_platform_purpose_text_version_text_locale_text_sh_fkey FOREIGN KEY (platform, purpose, text_version, text_locale, text_sha256) REFERENCES public.consent_texts(platform, purpose, version, locale, sha256),
  constraint consents_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX consents_in_order ON public.consents USING btree (user_id, platform, purpose, "position" DESC);
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON public.consents FOR EACH ROW EXECUTE FUNCTION ops.refuse_consent_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON public.consents FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_consent_change();
comment on table public.consents is 'Every decision of a person about a platform and a purpose. Rows are added and never changed; the latest counts.';
comment on column public.consents.user_id is 'Who decided.';
comment on column public.consents.id is 'Id of the decision.';
comment on column public.consents."position" is 'The order of decisions: a later one has a higher number.';
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
grant select on public.consents to tributary_hasura;
grant insert, select on public.consents to tributary_service;

create view public.current_consent_texts as
 SELECT t.platform,
    t.purpose,
    t.locale,
    t.version,
    t.body,
    t.sha256,
    p.required
   FROM (public.consent_texts t
     JOIN public.consent_purposes p ON ((p.id = t.purpose)))
  WHERE (t.version = ( SELECT max(other.version) AS max
           FROM public.consent_texts other
          WHERE ((other.platform = t.platform) AND (other.purpose = t.purpose))));
comment on view public.current_consent_texts is 'The texts that count now, in every language there is.';
comment on column public.current_consent_texts.platform is 'The platform it is about.';
comment on column public.current_consent_texts.purpose is 'What the data is for.';
comment on column public.current_consent_texts.locale is 'The language.';
comment on column public.current_consent_texts.version is 'The version; updateConsents wants it back.';
comment on column public.current_consent_texts.body is 'The text.';
comment on column public.current_consent_texts.sha256 is 'SHA-256 of its UTF-8 bytes, hexadecimal.';
comment on column public.current_consent_texts.required is 'Whether nothing can be received from the platform without it.';
grant select on public.current_consent_texts to tributary_hasura;
grant select on public.current_consent_texts to tributary_service;

create table public.daily_metrics (
  user_id uuid not null,
  local_day date not null,
  platform text not null,
  kind text not null,
  value numeric not null,
  derived boolean default false not null,
  raw_id uuid,
  updated_at timestamp with time zone default now() not null,
  raw_created_at timestamp with time zone,
  observed_at timestamp with time zone,
  finality bigint default 0 not null,
  constraint daily_metrics_pkey PRIMARY KEY (user_id, local_day, platform, kind),
  constraint daily_metrics_kind_fkey FOREIGN KEY (kind) REFERENCES public.metric_kinds(id),
  constraint daily_metrics_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint daily_metrics_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
comment on table public.daily_metrics is 'One number for each person, local day, platform and kind.';
comment on column public.daily_metrics.user_id is 'Whose metric it is.';
comment on column public.daily_metrics.local_day is 'The person''s day.';
comment on column public.daily_metrics.platform is 'Where it came from.';
comment on column public.daily_metrics.kind is 'What it is; see metric_kinds for unit and aggregation.';
comment on column public.daily_metrics.value is 'The value in the unit of its kind.';
comment on column public.daily_metrics.derived is 'Computed here from the day''s activities rather than reported by the platform.';
comment on column public.daily_metrics.raw_id is 'The payload it was read from; null when derived.';
comment on column public.daily_metrics.updated_at is 'When the value last changed.';
comment on column public.daily_metrics.raw_created_at is 'The created_at of that payload.';
comment on column public.daily_metrics.observed_at is 'When that payload was received; null when derived.';
comment on column public.daily_metrics.finality is 'How complete the platform called it (seconds of the day covered, say): a less complete value never replaces a more complete one.';
grant select on public.daily_metrics to tributary_hasura;
grant delete, insert, select, update on public.daily_metrics to tributary_service;

create table public.daily_summaries (
  user_id uuid not null,
  local_day date not null,
  activity_count integer default 0 not null,
  distance_m numeric,
  moving_time_s bigint,
  elapsed_time_s bigint,
  elevation_gain_m numeric,
  energy_kcal numeric,
  heart_rate_mean_bpm numeric,
  heart_rate_max_bpm numeric,
  sports text[] default '{}'::text[] not null,
  sources jsonb default '{}'::jsonb not null,
  updated_at timestamp with time zone default now() not null,
  steps numeric,
  day_distance_m numeric,
  active_energy_kcal numeric,
  resting_heart_rate_bpm numeric,
  hrv_rmssd_ms numeric,
  sleep_asleep_s numeric,
  body_weight_kg numeric,
  provenance jsonb default '{}'::jsonb not null,
  kept_apart jsonb default '{}'::jsonb not null,
  constraint daily_summaries_pkey PRIMARY KEY (user_id, local_day),
  constraint daily_summaries_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE TRIGGER note_merged_insert AFTER INSERT ON public.daily_summaries REFERENCING NEW TABLE AS merged FOR EACH STATEMENT EXECUTE FUNCTION ops.note_merged();
CREATE TRIGGER note_merged_update AFTER UPDATE ON public.daily_summaries REFERENCING NEW TABLE AS merged FOR EACH STATEMENT EXECUTE FUNCTION ops.note_merged();
comment on table public.daily_summaries is 'A person''s day at a glance, merged across platforms.';
comment on column public.daily_summaries.user_id is 'Whose day it is.';
comment on column public.daily_summaries.local_day is 'The day where the person was.';
comment on column public.daily_summaries.activity_count is 'Activities started on the day.';
comment on column public.daily_summaries.distance_m is 'Distance covered in activities, in metres; null when none was measured.';
comment on column public.daily_summaries.moving_time_s is 'Time in motion in activities, in seconds.';
comment on column public.daily_summaries.elapsed_time_s is 'Time from start to end of activities, in seconds.';
comment on column public.daily_summaries.elevation_gain_m is 'Height gained in activities, in metres.';
comment on column public.daily_summaries.energy_kcal is 'Energy spent in activities, in kilocalories; null when not reported.';
comment on column public.daily_summaries.heart_rate_mean_bpm is 'Mean heart rate in activities, weighted by moving time, in beats per minute.';
comment on column public.daily_summaries.heart_rate_max_bpm is 'Highest heart rate in activities, in beats per minute.';
comment on column public.daily_summaries.sports is 'The canonical sports of the day, sorted.';
comment on column public.daily_summaries.sources is 'Provenance: which platform contributed which numbers.';
comment on column public.daily_summaries.updated_at is 'When the row last changed.';
comment on column public.daily_summaries.steps is 'Steps of the day; null when none were measured.';
comment on column public.daily_summaries.day_distance_m is 'Distance covered on foot or wheels over the whole day, in metres; distance_m is that of activities alone.';
comment on column public.daily_summaries.active_energy_kcal is 'Energy spent on activity over the whole day, in kilocalories; energy_kcal is that of activities alone.';
comment on column public.daily_summaries.resting_heart_rate_bpm is 'Heart rate at rest in beats per minute.';
comment on column public.daily_summaries.hrv_rmssd_ms is 'Heart rate variability (RMSSD) of the night in milliseconds.';
comment on column public.daily_summaries.sleep_asleep_s is 'Time asleep, naps included, of the sleep that ended on the day, in seconds.';
comment on column public.daily_summaries.body_weight_kg is 'Last body weight of the day in kilograms.';
comment on column public.daily_summaries.provenance is 'For each number: how it was merged and from which platforms and devices.';
comment on column public.daily_summaries.kept_apart is 'How many numbers of each platform were not merged because its policy forbids combining.';
grant select on public.daily_summaries to tributary_hasura;
grant delete, insert, select, update on public.daily_summaries to tributary_service;

create table public.data_exports (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  request_id uuid not null,
  status text default 'running'::text not null,
  progress numeric default 0 not null,
  rows_written bigint default 0 not null,
  byte_count bigint,
  sha256 text,
  error_code text,
  attempt uuid,
  download_until timestamp with time zone,
  requested_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  ready_at timestamp with time zone,
  expires_at timestamp with time zone,
  downloaded_at timestamp with time zone,
  constraint data_exports_pkey PRIMARY KEY (user_id, id),
  constraint data_exports_id_key UNIQUE (id),
  constraint data_exports_check CHECK (((status = 'running'::text) = ((ready_at IS NULL) AND (error_code IS NULL)))),
  constraint data_exports_check1 CHECK (((ready_at IS NULL) = (expires_at IS NULL))),
  constraint data_exports_check2 CHECK (((status = 'downloaded'::text) = (downloaded_at IS NOT NULL))),
  constraint data_exports_progress_check CHECK (((progress >= (0)::numeric) AND (progress <= (1)::numeric))),
  constraint data_exports_status_check CHECK ((status = ANY (ARRAY['running'::text, 'ready'::text, 'downloaded'::text, 'expired'::text, 'failed'::text]))),
  constraint data_exports_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX data_exports_one_at_a_time ON public.data_exports USING btree (user_id) WHERE (status = 'running'::text);
CREATE TRIGGER note_export AFTER INSERT ON public.data_exports FOR EACH ROW EXECUTE FUNCTION ops.note_export();
comment on table public.data_exports is 'Copies of a person''s data that were asked for: how far each is, and whether it can be fetched.';
comment on column public.data_exports.user_id is 'Whose data it is.';
comment on column public.data_exports.id is 'Id of the export; GET /exports/<id> fetches it once.';
comment on column public.data_exports.request_id is 'The row of data_requests that it answers.';
comment on column public.data_exports.status is 'running, ready, downloaded, expired or failed.';
comment on column public.data_exports.progress is 'Share of the work done, from 0 to 1.';
comment on column public.data_exports.rows_written is 'Rows written so far.';
comment on column public.data_exports.byte_count is 'Size of the zip in bytes; null until it is ready.';
comment on column public.data_exports.sha256 is 'SHA-256 of the zip, hexadecimal; null until it is ready.';
comment on column public.data_exports.error_code is 'Why it failed; null unless it did.';
comment on column public.data_exports.attempt is 'Which run of the job writes it; not exposed to people.';
comment on column public.data_exports.download_until is 'While it is being fetched, until when nobody else can; not exposed to people.';
comment on column public.data_exports.requested_at is 'When it was asked for.';
comment on column public.data_exports.updated_at is 'When it last made progress.';
comment on column public.data_exports.ready_at is 'When it was ready.';
comment on column public.data_exports.expires_at is 'When it is removed, fetched or not.';
comment on column public.data_exports.downloaded_at is 'When it was fetched whole, and removed.';
grant select on public.data_exports to tributary_hasura;
grant delete, insert, select on public.data_exports to tributary_service;
grant update (attempt) on public.data_exports to tributary_service;
grant update (byte_count) on public.data_exports to tributary_service;
grant update (download_until) on public.data_exports to tributary_service;
grant update (downloaded_at) on public.data_exports to tributary_service;
grant update (error_code) on public.data_exports to tributary_service;
grant update (expires_at) on public.data_exports to tributary_service;
grant update (progress) on public.data_exports to tributary_service;
grant update (ready_at) on public.data_exports to tributary_service;
grant update (rows_written) on public.data_exports to tributary_service;
grant update (sha256) on public.data_exports to tributary_service;
grant update (status) on public.data_exports to tributary_service;
grant update (updated_at) on public.data_exports to tributary_service;

create table public.data_requests (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  kind text not null,
  status text default 'received'::text not null,
  channel text not null,
  received_at timestamp with time zone not null,
  received_day date not null,
  due_day date not null,
  due_at timestamp with time zone not null,
  extended_at timestamp with time zone,
  extension_reason text,
  answered_at timestamp with time zone,
  refusal_reason text,
  warning text,
  warned_at timestamp with time zone,
  updated_at timestamp with time zone default now() not null,
  constraint data_requests_pkey PRIMARY KEY (user_id, id),
  constraint data_requests_id_key UNIQUE (id),
  constraint data_requests_channel_check CHECK ((channel = ANY (ARRAY['app'::text, 'email'::text, 'letter'::text, 'other'::text]))),
  constraint data_requests_check CHECK ((due_day > received_day)),
  constraint data_requests_check1 CHECK (((extended_at IS NULL) = (extension_reason IS NULL))),
  constraint data_requests_check2 CHECK (((answered_at IS NULL) = (status = ANY (ARRAY['received'::text, 'in_progress'::text])))),
  constraint data_requests_check3 CHECK (((refusal_reason IS NOT NULL) = (status = 'refused'::text))),
  constraint data_requests_check4 CHECK (((warning IS NULL) = (warned_at IS NULL))),
  constraint data_requests_extension_reason_check CHECK (((length(extension_reason) >= 10) AND (length(extension_reason) <= 1000))),
  constraint data_requests_kind_check CHECK ((kind = ANY (ARRAY['access'::text, 'export'::text, 'erasure'::text, 'rectification'::text, 'restriction'::text, 'objection'::text]))),
  constraint data_requests_refusal_reason_check CHECK (((length(refusal_reason) >= 10) AND (length(refusal_reason) <= 1000))),
  constraint data_requests_status_check CHECK ((status = ANY (ARRAY['received'::text, 'in_progress'::text, 'completed'::text, 'refused'::text, 'cancelled'::text]))),
  constraint data_requests_warning_check CHECK ((warning = ANY (ARRAY['seven_days'::text, 'two_days'::text, 'overdue'::text]))),
  constraint data_requests_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX data_requests_open ON public.data_requests USING btree (due_at) WHERE (answered_at IS NULL);
comment on table public.data_requests is 'What a person asked for under the GDPR, and by when it has to be answered.';
comment on column public.data_requests.user_id is 'Who asked.';
comment on column public.data_requests.id is 'Id of the request.';
comment on column public.data_requests.kind is 'What was asked for: access, export, erasure, rectification, restriction or objection.';
comment on column public.data_requests.status is 'received, in_progress, completed, refused or cancelled.';
comment on column public.data_requests.channel is 'How it came: app, email, letter or other.';
comment on column public.data_requests.received_at is 'When it came.';
comment on column public.data_requests.received_day is 'The day it came, where the operator is.';
comment on column public.data_requests.due_day is 'The last day on which it can be answered in time: one month, or three when it was extended.';
comment on column public.data_requests.due_at is 'The end of that day, where the operator is.';
comment on column public.data_requests.extended_at is 'When the two further months were taken and the person told; null: they were not.';
comment on column public.data_requests.extension_reason is 'Why it takes longer, as the person was told.';
comment on column public.data_requests.answered_at is 'When it was done, refused or withdrawn; null while it is open.';
comment on column public.data_requests.refusal_reason is 'Why it was refused, as the person was told.';
comment on column public.data_requests.warning is 'How close the end is: seven_days, two_days or overdue; null: further away.';
comment on column public.data_requests.warned_at is 'When that was noticed.';
comment on column public.data_requests.updated_at is 'When it last changed.';
grant select on public.data_requests to tributary_hasura;
grant delete, insert, select on public.data_requests to tributary_service;
grant update (answered_at) on public.data_requests to tributary_service;
grant update (due_at) on public.data_requests to tributary_service;
grant update (due_day) on public.data_requests to tributary_service;
grant update (extended_at) on public.data_requests to tributary_service;
grant update (extension_reason) on public.data_requests to tributary_service;
grant update (refusal_reason) on public.data_requests to tributary_service;
grant update (status) on public.data_requests to tributary_service;
grant update (updated_at) on public.data_requests to tributary_service;
grant update (warned_at) on public.data_requests to tributary_service;
grant update (warning) on public.data_requests to tributary_service;

create table public.dead_letters (
  id uuid default gen_random_uuid() not null,
  user_id uuid,
  platform text,
  task text not null,
  cause text not null,
  payload jsonb default '{}'::jsonb not null,
  attempts integer not null,
  deaths integer default 1 not null,
  state text default 'waiting'::text not null,
  queued_at timestamp with time zone not null,
  died_at timestamp with time zone default now() not null,
  retry_at timestamp with time zone,
  resolved_at timestamp with time zone,
  trace_id text,
  constraint dead_letters_pkey PRIMARY KEY (id),
  constraint dead_letters_attempts_check CHECK ((attempts >= 0)),
  constraint dead_letters_cause_check CHECK ((cause ~ '^[a-z]+/[a-z_]+$'::text)),
  constraint dead_letters_check CHECK (((state = 'waiting'::text) = (resolved_at IS NULL))),
  constraint dead_letters_check1 CHECK (((retry_at IS NULL) OR (state = 'waiting'::text))),
  constraint dead_letters_deaths_check CHECK ((deaths > 0)),
  constraint dead_letters_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'retried'::text, 'discarded'::text]))),
  constraint dead_letters_trace_id_check CHECK ((trace_id ~ '^[0-9a-f]{32}$'::text)),
  constraint dead_letters_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint dead_letters_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX dead_letters_by_age ON public.dead_letters USING btree (died_at DESC);
CREATE INDEX dead_letters_by_user ON public.dead_letters USING btree (user_id, died_at DESC);
CREATE INDEX dead_letters_to_retry ON public.dead_letters USING btree (retry_at) WHERE (retry_at IS NOT NULL);
CREATE TRIGGER check_dead_letter_state BEFORE UPDATE OF state ON public.dead_letters FOR EACH ROW WHEN ((old.state IS DISTINCT FROM new.state)) EXECUTE FUNCTION ops.check_dead_letter_state();
comment on table public.dead_letters is 'Jobs that failed for good and left the queue: what failed, why, and what became of it.';
comment on column public.dead_letters.id is 'Id of the dead letter.';
comment on column public.dead_letters.user_id is 'Whose data the job was about; null when nobody''s or not known.';
comment on column public.dead_letters.platform is 'The platform it was about; null when none.';
comment on column public.dead_letters.task is 'The kind of job.';
comment on column public.dead_letters.cause is 'Code of the error it ended with; docs/errors.md says what each means.';
comment on column public.dead_letters.payload is 'What the job was given, without anything but ids, times and names of platforms.';
comment on column public.dead_letters.attempts is 'How often it ran, over all its lives.';
comment on column public.dead_letters.deaths is 'How often it failed for good; it is 2 or more when it was retried and failed again.';
comment on column public.dead_letters.state is 'waiting: nothing happens until retry_at, or until somebody decides. retried: back in the queue. discarded: given up.';
comment on column public.dead_letters.queued_at is 'When the job was queued.';
comment on column public.dead_letters.died_at is 'When it last failed for good.';
comment on column public.dead_letters.retry_at is 'When it goes back to the queue by itself; null when it waits for somebody.';
comment on column public.dead_letters.resolved_at is 'When it was retried or discarded; null while it waits.';
comment on column public.dead_letters.trace_id is 'The chain of work that queued the job, as in the logs; null for one that the clock queued.';
grant select on public.dead_letters to tributary_hasura;
grant delete, insert, select, update on public.dead_letters to tributary_service;

create table public.default_source_priorities (
  id integer not null,
  kind text,
  platform text not null,
  source_pattern text,
  rank integer not null,
  constraint default_source_priorities_pkey PRIMARY KEY (id),
  constraint default_source_priorities_kind_platform_source_pattern_key UNIQUE NULLS NOT DISTINCT (kind, platform, source_pattern),
  constraint default_source_priorities_rank_check CHECK (((rank >= 1) AND (rank <= 1000))),
  constraint default_source_priorities_kind_fkey FOREIGN KEY (kind) REFERENCES public.metric_kinds(id)
);
comment on table public.default_source_priorities is 'Whose word counts when several devices measured the same time, unless the person decided otherwise; the smallest rank wins.';
comment on column public.default_source_priorities.id is 'Its number.';
comment on column public.default_source_priorities.kind is 'The metric it is about; null: every one without a row of its own.';
comment on column public.default_source_priorities.platform is 'The platform.';
comment on column public.default_source_priorities.source_pattern is 'Which of its devices or apps, as a pattern for ilike; null: every one without a row of its own.';
comment on column public.default_source_priorities.rank is 'The smallest wins; a source without a row has 1000.';
grant select on public.default_source_priorities to tributary_hasura;
grant select on public.default_source_priorities to tributary_service;

create table public.emergency_accesses (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  reason text not null,
  minutes integer not null,
  requested_by uuid not null,
  requested_at timestamp with time zone default now() not null,
  approved_by uuid,
  approved_at timestamp with time zone,
  expires_at timestamp with time zone,
  constraint emergency_accesses_pkey PRIMARY KEY (user_id, id),
  constraint emergency_accesses_id_key UNIQUE (id),
  constraint emergency_accesses_check CHECK ((approved_by <> requested_by)),
  constraint emergency_accesses_check1 CHECK ((((approved_by IS NULL) = (approved_at IS NULL)) AND ((approved_by IS NULL) = (expires_at IS NULL)))),
  constraint emergency_accesses_check2 CHECK ((expires_at <= (approved_at + '01:00:00'::interval))),
  constraint emergency_accesses_minutes_check CHECK (((minutes >= 1) AND (minutes <= 60))),
  constraint emergency_accesses_reason_check CHECK (((length(reason) >= 10) AND (length(reason) <= 1000))),
  constraint emergency_accesses_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
comment on table public.emergency_accesses is 'Break-glass: an operator asks to read one person''s data, another person approves, and it ends by itself. Every read is in access_log.';
comment on column public.emergency_accesses.user_id is 'Whose data it is about.';
comment on column public.emergency_accesses.id is 'Id of the access.';
comment on column public.emergency_accesses.reason is 'Why, in the words of who asked.';
comment on column public.emergency_accesses.minutes is 'For how long from the approval.';
comment on column public.emergency_accesses.requested_by is 'Who asked, and alone may read.';
comment on column public.emergency_accesses.requested_at is 'When it was asked for; it lapses after an hour without approval.';
comment on column public.emergency_accesses.approved_by is 'Who approved: somebody else.';
comment on column public.emergency_accesses.approved_at is 'When it was approved.';
comment on column public.emergency_accesses.expires_at is 'When it ends, by itself.';
grant select on public.emergency_accesses to tributary_hasura;
grant insert, select on public.emergency_accesses to tributary_service;
grant update (approved_at) on public.emergency_accesses to tributary_service;
grant update (approved_by) on public.emergency_accesses to tributary_service;
grant update (expires_at) on public.emergency_accesses to tributary_service;

create table public.erasures (
  id uuid default gen_random_uuid() not null,
  user_id uuid,
  subject_digest bytea not null,
  status text default 'requested'::text not null,
  channel text not null,
  requested_by uuid,
  requested_at timestamp with time zone default now() not null,
  erases_at timestamp with time zone not null,
  held boolean default false not null,
  started_at timestamp with time zone,
  erased_at timestamp with time zone,
  finished_at timestamp with time zone,
  progress jsonb default '{}'::jsonb not null,
  report text,
  report_signature text,
  report_key text,
  updated_at timestamp with time zone default now() not null,
  request_id uuid,
  constraint erasures_pkey PRIMARY KEY (id),
  constraint erasures_channel_check CHECK ((channel = ANY (ARRAY['app'::text, 'operator'::text, 'replay'::text]))),
  constraint erasures_check CHECK (((status = 'complete'::text) = (report IS NOT NULL))),
  constraint erasures_check1 CHECK (((status <> ALL (ARRAY['complete'::text, 'cancelled'::text])) OR (finished_at IS NOT NULL))),
  constraint erasures_status_check CHECK ((status = ANY (ARRAY['requested'::text, 'erasing'::text, 'confirming'::text, 'complete'::text, 'cancelled'::text]))),
  constraint erasures_subject_digest_check CHECK ((octet_length(subject_digest) = 32)),
  constraint erasures_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE SET NULL
);
CREATE INDEX erasures_by_subject ON public.erasures USING btree (subject_digest);
CREATE UNIQUE INDEX erasures_one_open ON public.erasures USING btree (user_id) WHERE ((status = ANY (ARRAY['requested'::text, 'erasing'::text])) AND (user_id IS NOT NULL));
CREATE INDEX erasures_open ON public.erasures USING btree (erases_at) WHERE (status = ANY (ARRAY['requested'::text, 'erasing'::text, 'confirming'::text]));
comment on table public.erasures is 'Deletions of everything about a person: asked for, going on and done. What is done names nobody.';
comment on column public.erasures.id is 'Id of the request; the person keeps it to ask for the report.';
comment on column public.erasures.user_id is 'Whose data it is; null once it is deleted.';
comment on column public.erasures.subject_digest is 'Lets the person, and nobody else, ask for the report afterwards.';
comment on column public.erasures.status is 'requested (can be cancelled), erasing, confirming (all is deleted here, a platform has not answered), complete or cancelled.';
comment on column public.erasures.channel is 'app: the person; operator: on their behalf; replay: they were erased before and a restored backup brought them back.';
comment on column public.erasures.requested_by is 'The operator who asked on their behalf.';
comment on column public.erasures.requested_at is 'When it was asked for.';
comment on column public.erasures.erases_at is 'When it begins, unless it is cancelled before.';
comment on column public.erasures.held is 'A legal hold stops it.';
comment on column public.erasures.started_at is 'When it began.';
comment on column public.erasures.erased_at is 'When nothing was found any more.';
comment on column public.erasures.finished_at is 'When it was complete or cancelled.';
comment on column public.erasures.progress is 'Counts, ids of keys and what is still to do; of the work alone.';
comment on column public.erasures.report is 'The deletion report, a text in JSON.';
comment on column public.erasures.report_signature is 'Ed25519 over the bytes of the report, in base64; null where no key is set.';
comment on column public.erasures.report_key is 'The public key it is verified with, in base64.';
comment on column public.erasures.updated_at is 'When it last went on.';
comment on column public.erasures.request_id is 'The row of data_requests that it is of; null where nobody asked (replay).';
grant select on public.erasures to tributary_hasura;
grant insert, select on public.erasures to tributary_service;
grant update (erased_at) on public.erasures to tributary_service;
grant update (finished_at) on public.erasures to tributary_service;
grant update (held) on public.erasures to tributary_service;
grant update (progress) on public.erasures to tributary_service;
grant update (report) on public.erasures to tributary_service;
grant update (report_key) on public.erasures to tributary_service;
grant update (report_signature) on public.erasures to tributary_service;
grant update (request_id) on public.erasures to tributary_service;
grant update (started_at) on public.erasures to tributary_service;
grant update (status) on public.erasures to tributary_service;
grant update (updated_at) on public.erasures to tributary_service;

create table public.key_rotations (
  id uuid default gen_random_uuid() not null,
  kind text not null,
  status text default 'running'::text not null,
  requested_by uuid,
  keys_before timestamp with time zone not null,
  master_version integer,
  total_keys integer not null,
  rotated_keys integer default 0 not null,
  skipped_keys integer default 0 not null,
  error_code text,
  started_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  constraint key_rotations_pkey PRIMARY KEY (id),
  constraint key_rotations_check CHECK (((status = 'running'::text) = (finished_at IS NULL))),
  constraint key_rotations_kind_check CHECK ((kind = ANY (ARRAY['all'::text, 'master'::text, 'user'::text]))),
  constraint key_rotations_rotated_keys_check CHECK ((rotated_keys >= 0)),
  constraint key_rotations_skipped_keys_check CHECK ((skipped_keys >= 0)),
  constraint key_rotations_status_check CHECK ((status = ANY (ARRAY['running'::text, 'complete'::text]))),
  constraint key_rotations_total_keys_check CHECK ((total_keys >= 0))
);
CREATE UNIQUE INDEX key_rotations_one_running ON public.key_rotations USING btree (status) WHERE (status = 'running'::text);
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
grant select on public.key_rotations to tributary_hasura;
grant delete, insert, select, update on public.key_rotations to tributary_service;

create table public.legal_holds (
  id uuid default gen_random_uuid() not null,
  user_id uuid,
  everybody boolean default false not null,
  reason text not null,
  placed_by uuid,
  placed_at timestamp with time zone default now() not null,
  released_by uuid,
  released_at timestamp with time zone,
  release_reason text,
  constraint legal_holds_pkey PRIMARY KEY (id),
  constraint legal_holds_check CHECK (((released_at IS NULL) = (release_reason IS NULL))),
  constraint legal_holds_check1 CHECK ((everybody = (user_id IS NULL))),
  constraint legal_holds_reason_check CHECK (((length(reason) >= 10) AND (length(reason) <= 1000))),
  constraint legal_holds_release_reason_check CHECK (((length(release_reason) >= 10) AND (length(release_reason) <= 1000))),
  constraint legal_holds_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX legal_holds_one_for_each ON public.legal_holds USING btree (user_id, everybody) NULLS NOT DISTINCT WHERE (released_at IS NULL);
comment on table public.legal_holds is 'What must not be deleted while a court or an authority may ask for it: neither by retention nor by erasure.';
comment on column public.legal_holds.id is 'Id of the hold.';
comment on column public.legal_holds.user_id is 'Whose data is held; null: everybody''s.';
comment on column public.legal_holds.everybody is 'It holds all data.';
comment on column public.legal_holds.reason is 'Why.';
comment on column public.legal_holds.placed_by is 'Who placed it; null: the command line.';
comment on column public.legal_holds.placed_at is 'From when on it holds.';
comment on column public.legal_holds.released_by is 'Who released it.';
comment on column public.legal_holds.released_at is 'Until when it held.';
comment on column public.legal_holds.release_reason is 'Why it was released.';
grant select on public.legal_holds to tributary_hasura;
grant insert, select on public.legal_holds to tributary_service;
grant update (release_reason) on public.legal_holds to tributary_service;
grant update (released_at) on public.legal_holds to tributary_service;
grant update (released_by) on public.legal_holds to tributary_service;

create view public.merged_activities as
 SELECT a.user_id,
    a.id,
    a.local_day,
    a.sport,
    a.name,
    a.started_at,
    a.ended_at,
    a.start_offset_seconds,
    a.time_zone,
    a.distance_m,
    a.moving_time_s,
    a.elapsed_time_s,
    a.elevation_gain_m,
    a.energy_kcal,
    a.heart_rate_mean_bpm,
    a.heart_rate_max_bpm,
    a.counted,
    a.platform,
    p.combinable,
    s.sources
   FROM ((public.activities a
     JOIN public.platforms p ON ((p.id = a.platform)))
     CROSS JOIN LATERAL ( SELECT jsonb_agg(jsonb_build_object('activity_id', o.id, 'platform', o.platform, 'device_name', o.device_name, 'source_url', o.source_url) ORDER BY (o.id <> a.id), o.platform, o.source_id) AS sources
           FROM (( SELECT a.id
                UNION ALL
                 SELECT d.activity_id
                   FROM public.activity_duplicates d
                  WHERE ((d.user_id = a.user_id) AND (d.shown_id = a.id))) r
             JOIN public.activities o ON (((o.user_id = a.user_id) AND (o.id = r.id))))) s)
  WHERE (NOT (EXISTS ( SELECT 1
           FROM public.activity_duplicates d
          WHERE ((d.user_id = a.user_id) AND (d.activity_id = a.id)))));
comment on view public.merged_activities is 'Workouts, each once, with every platform that has a record of it.';
comment on column public.merged_activities.user_id is 'Whose workout it is.';
comment on column public.merged_activities.id is 'The activity that is shown; its laps and series have this id.';
comment on column public.merged_activities.local_day is 'The day where the person was when it started.';
comment on column public.merged_activities.sport is 'Canonical sport.';
comment on column public.merged_activities.name is 'Title the person gave it.';
comment on column public.merged_activities.started_at is 'When it started; null when the person hides the start time.';
comment on column public.merged_activities.ended_at is 'When it ended.';
comment on column public.merged_activities.start_offset_seconds is 'Offset from UTC at the start, in seconds; null when unknown.';
comment on column public.merged_activities.time_zone is 'IANA time zone, where the platform names one.';
comment on column public.merged_activities.distance_m is 'Distance in metres.';
comment on column public.merged_activities.moving_time_s is 'Time in motion in seconds.';
comment on column public.merged_activities.elapsed_time_s is 'Time from start to end in seconds.';
comment on column public.merged_activities.elevation_gain_m is 'Height gained in metres.';
comment on column public.merged_activities.energy_kcal is 'Energy spent in kilocalories.';
comment on column public.merged_activities.heart_rate_mean_bpm is 'Mean heart rate in beats per minute.';
comment on column public.merged_activities.heart_rate_max_bpm is 'Highest heart rate in beats per minute.';
comment on column public.merged_activities.counted is 'False for a whole whose parts are counted.';
comment on column public.merged_activities.platform is 'Whose record is shown.';
comment on column public.merged_activities.combinable is 'False: the platform forbids to combine it with others, so that the same workout may stand here twice.';
comment on column public.merged_activities.sources is 'Every record of the workout, the shown one first: activity_id, platform, device_name, source_url.';
grant select on public.merged_activities to tributary_hasura;
grant select on public.merged_activities to tributary_service;

create table public.merged_metrics (
  user_id uuid not null,
  local_day date not null,
  kind text not null,
  value numeric not null,
  method text not null,
  sources jsonb not null,
  kept_apart jsonb default '[]'::jsonb not null,
  updated_at timestamp with time zone default now() not null,
  constraint merged_metrics_pkey PRIMARY KEY (user_id, local_day, kind),
  constraint merged_metrics_method_check CHECK ((method = ANY (ARRAY['segments'::text, 'daily_total'::text, 'preferred_source'::text, 'activities'::text, 'sleep_sessions'::text]))),
  constraint merged_metrics_kind_fkey FOREIGN KEY (kind) REFERENCES public.metric_kinds(id),
  constraint merged_metrics_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
comment on table public.merged_metrics is 'One number for each person, local day and kind, merged across platforms and devices; see docs/merging.md.';
comment on column public.merged_metrics.user_id is 'Whose number it is.';
comment on column public.merged_metrics.local_day is 'The day where the person was.';
comment on column public.merged_metrics.kind is 'What it is; see metric_kinds for the unit.';
comment on column public.merged_metrics.value is 'The value in the unit of its kind.';
comment on column public.merged_metrics.method is 'segments: intervals, each moment counted once; daily_total: the number a platform reports for the whole day; preferred_source: of the source with the smallest rank; activities: the workouts that are shown; sleep_sessions.';
comment on column public.merged_metrics.sources is 'Provenance: what each platform and device contributed to the value.';
comment on column public.merged_metrics.kept_apart is 'What platforms say whose data may not be combined with others'', and which is not in the value.';
comment on column public.merged_metrics.updated_at is 'When the row last changed.';
grant select on public.merged_metrics to tributary_hasura;
grant delete, insert, select, update on public.merged_metrics to tributary_service;

create table public.metric_categories (
  id text not null,
  description text not null,
  constraint metric_categories_pkey PRIMARY KEY (id)
);
comment on table public.metric_categories is 'What metrics are about.';
comment on column public.metric_categories.id is 'The category.';
comment on column public.metric_categories.description is 'What it covers.';
grant select on public.metric_categories to tributary_hasura;
grant select on public.metric_categories to tributary_service;

create table public.metric_kinds (
  id text not null,
  unit text not null,
  aggregation text not null,
  description text not null,
  category text not null,
  loinc_code text,
  open_mhealth_schema text,
  healthkit_identifier text,
  counts_as text,
  constraint metric_kinds_pkey PRIMARY KEY (id),
  constraint metric_kinds_aggregation_check CHECK ((aggregation = ANY (ARRAY['sum'::text, 'mean'::text, 'min'::text, 'max'::text, 'last'::text]))),
  constraint metric_kinds_category_fkey FOREIGN KEY (category) REFERENCES public.metric_categories(id),
  constraint metric_kinds_counts_as_fkey FOREIGN KEY (counts_as) REFERENCES public.metric_kinds(id)
);
comment on table public.metric_kinds is 'The vocabulary of metrics: unit and how values of one day combine.';
comment on column public.metric_kinds.id is 'The kind; the unit is part of its name.';
comment on column public.metric_kinds.unit is 'UCUM unit of the value.';
comment on column public.metric_kinds.aggregation is 'How several values combine.';
comment on column public.metric_kinds.description is 'What is measured.';
comment on column public.metric_kinds.category is 'What it is about.';
comment on column public.metric_kinds.loinc_code is 'Its LOINC code, where there is one that says the same.';
comment on column public.metric_kinds.open_mhealth_schema is 'The Open mHealth (IEEE 1752.1) schema that carries it, without version.';
comment on column public.metric_kinds.healthkit_identifier is 'Apple HealthKit''s identifier of the same quantity.';
comment on column public.metric_kinds.counts_as is 'The wider kind that its values count towards as well, for example walking towards distance.';
grant select on public.metric_kinds to tributary_hasura;
grant select on public.metric_kinds to tributary_service;

create view public.platform_status as
 SELECT p.id AS platform,
        CASE
            WHEN (b.state = 'half_open'::text) THEN 'probing'::text
            WHEN (b.state = 'open'::text) THEN 'failing'::text
            WHEN ((t.reason = 'misconfigured'::text) AND (t.paused_until IS NOT NULL)) THEN 'misconfigured'::text
            WHEN ((r.reason = 'misconfigured'::text) AND (r.paused_until > now())) THEN 'misconfigured'::text
            WHEN (t.paused_until IS NOT NULL) THEN 'failing'::text
            WHEN (GREATEST(w.paused_until, r.paused_until) > now()) THEN 'limited'::text
            ELSE 'ok'::text
        END AS state,
    GREATEST(b.open_until,
        CASE
            WHEN (t.paused_until > now()) THEN t.paused_until
            ELSE NULL::timestamp with time zone
        END,
        CASE
            WHEN (r.paused_until > now()) THEN r.paused_until
            ELSE NULL::timestamp with time zone
        END, w.paused_until) AS retry_at,
    COALESCE(b.state, 'closed'::text) AS breaker,
    COALESCE(b.changed_at, p.updated_at) AS breaker_changed_at,
        CASE
            WHEN (b.window_ends_at > now()) THEN b.requests
            ELSE 0
        END AS recent_requests,
        CASE
            WHEN (b.window_ends_at > now()) THEN b.failures
            ELSE 0
        END AS recent_failures,
        CASE
            WHEN (t.paused_until IS NULL) THEN 'ok'::text
            ELSE COALESCE(t.reason, 'unavailable'::text)
        END AS token_endpoint,
    COALESCE(w.budgets, '[]'::jsonb) AS budgets
   FROM ((((public.platforms p
     LEFT JOIN ops.circuit_breakers b ON ((b.platform = p.id)))
     LEFT JOIN ops.token_endpoints t ON ((t.platform = p.id)))
     LEFT JOIN ops.request_pauses r ON ((r.platform = p.id)))
     LEFT JOIN LATERAL ( SELECT max(q.resets_at) FILTER (WHERE ((q.unit = 'request'::text) AND (q.used >= q.quota) AND (q.resets_at > now()))) AS paused_until,
            jsonb_agg(jsonb_build_object('name', q.window_name, 'unit', q.unit, 'quota', q.quota, 'resets_at', q.resets_at, 'used',
                CASE
                    WHEN (q.resets_at > now()) THEN q.used
                    ELSE 0
                END) ORDER BY q.window_seconds, q.window_name) AS budgets
           FROM ops.request_budgets q
          WHERE (q.platform = p.id)) w ON (true));
comment on view public.platform_status is 'How each platform is doing at present, as all processes see it.';
comment on column public.platform_status.platform is 'The platform.';
comment on column public.platform_status.state is 'ok; limited: its request limit is used up or it asked for patience; failing: it is left alone; probing: one request at a time finds out; misconfigured: it does not accept this installation.';
comment on column public.platform_status.retry_at is 'When it is asked again at the earliest; null while it is asked.';
comment on column public.platform_status.breaker is 'The circuit breaker: closed, open or half_open.';
comment on column public.platform_status.breaker_changed_at is 'When the breaker last changed its state.';
comment on column public.platform_status.recent_requests is 'Requests in the present minute.';
comment on column public.platform_status.recent_failures is 'Of these, how many got a 5xx or no answer.';
comment on column public.platform_status.token_endpoint is 'ok, or why tokens are not refreshed there at present: misconfigured, rate_limited or unavailable.';
comment on column public.platform_status.budgets is 'The request limits with what is used of them: name, unit, quota, used, resets_at.';
grant select on public.platform_status to tributary_hasura;
grant select on public.platform_status to tributary_service;

create table public.platforms (
  id text not null,
  display_name text not null,
  coverage text[] default '{}'::text[] not null,
  connectable boolean default false not null,
  policy jsonb default '{}'::jsonb not null,
  updated_at timestamp with time zone default now() not null,
  combinable boolean generated always as (COALESCE(((policy ->> 'combinable'::text))::boolean, true)) stored not null,
  retention_days integer generated always as (((policy ->> 'retentionDays'::text))::integer) stored,
  source_deletion_hours integer generated always as (((policy ->> 'deleteAfterSourceDeletionHours'::text))::integer) stored,
  deauthorization_days integer generated always as (((policy ->> 'deleteAfterDeauthorizationDays'::text))::integer) stored,
  attribution text generated always as ((policy ->> 'attribution'::text)) stored,
  policy_override_reason text generated always as ((policy ->> 'overrideReason'::text)) stored,
  strategy text default 'push'::text not null,
  constraint platforms_pkey PRIMARY KEY (id),
  constraint platforms_id_check CHECK ((id ~ '^[a-z][a-z0-9-]{0,49}$'::text)),
  constraint platforms_strategy_fkey FOREIGN KEY (strategy) REFERENCES public.sync_strategies(id)
);
CREATE TRIGGER mark_days_of_changed_policy AFTER UPDATE OF policy ON public.platforms FOR EACH ROW WHEN ((old.combinable IS DISTINCT FROM new.combinable)) EXECUTE FUNCTION ops.mark_days_of_changed_policy();
comment on table public.platforms is 'The platforms this installation knows; rows are written by the service when it starts.';
comment on column public.platforms.id is 'The platform''s key, for example strava.';
comment on column public.platforms.display_name is 'The name to show to people.';
comment on column public.platforms.coverage is 'The kinds of records the platform can yield.';
comment on column public.platforms.connectable is 'Whether this installation has credentials for it.';
comment on column public.platforms.policy is 'What the platform''s terms demand here: retention, deletion deadlines, attribution.';
comment on column public.platforms.updated_at is 'When the service last declared it.';
comment on column public.platforms.combinable is 'Whether its data is merged with other platforms''; if not, it is kept apart.';
comment on column public.platforms.retention_days is 'After so many days its data is deleted here; null means no limit.';
comment on column public.platforms.source_deletion_hours is 'What is deleted at the platform is gone here within so many hours, stored payloads included; null means no limit for the payloads.';
comment on column public.platforms.deauthorization_days is 'After a connection ended, everything of it is gone within so many days; null means no limit.';
comment on column public.platforms.attribution is 'What an app has to show beside its data.';
comment on column public.platforms.policy_override_reason is 'Why the policy differs from the platform''s published one; null when it does not.';
comment on column public.platforms.strategy is 'How new data of its connections is noticed, by what the platform can do.';
grant select on public.platforms to tributary_hasura;
grant insert, select, update on public.platforms to tributary_service;

create table public.policy_effects (
  user_id uuid not null,
  platform text not null,
  effect text not null,
  record_type text not null,
  records bigint default 0 not null,
  updated_at timestamp with time zone default now() not null,
  constraint policy_effects_pkey PRIMARY KEY (user_id, platform, effect, record_type),
  constraint policy_effects_effect_check CHECK ((effect = ANY (ARRAY['kept_apart'::text, 'expired'::text, 'deleted_at_source'::text, 'deauthorized'::text]))),
  constraint policy_effects_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint policy_effects_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE TRIGGER note_expired AFTER INSERT OR UPDATE ON public.policy_effects FOR EACH ROW EXECUTE FUNCTION ops.note_expired();
comment on table public.policy_effects is 'What a platform''s policy removed or kept apart, counted.';
comment on column public.policy_effects.user_id is 'Whose data it was.';
comment on column public.policy_effects.platform is 'Whose policy.';
comment on column public.policy_effects.effect is 'kept_apart: numbers that are not merged at present; expired, deleted_at_source, deauthorized: records removed so far.';
comment on column public.policy_effects.record_type is 'The table the records were in.';
comment on column public.policy_effects.records is 'How many.';
comment on column public.policy_effects.updated_at is 'When the count last changed.';
grant select on public.policy_effects to tributary_hasura;
grant delete, insert, select, update on public.policy_effects to tributary_service;

create table public.processing_activities (
  user_id uuid not null,
  day date not null,
  activity text not null,
  platform text default ''::text not null,
  purpose text not null,
  times bigint default 1 not null,
  first_at timestamp with time zone default clock_timestamp() not null,
  last_at timestamp with time zone default clock_timestamp() not null,
  constraint processing_activities_pkey PRIMARY KEY (user_id, day, activity, platform, purpose),
  constraint processing_activities_activity_check CHECK ((activity = ANY (ARRAY['connect'::text, 'receive'::text, 'normalize'::text, 'merge'::text, 'expire'::text, 'access'::text, 'export'::text, 'disconnect'::text]))),
  constraint processing_activities_times_check CHECK ((times > 0)),
  constraint processing_activities_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
comment on table public.processing_activities is 'What was done with a person''s data, one row for each day, kind, platform and purpose.';
comment on column public.processing_activities.user_id is 'Whose data it was.';
comment on column public.processing_activities.day is 'The day, in UTC.';
comment on column public.processing_activities.activity is 'What was done: connect, receive, normalize, merge, expire, access, export or disconnect.';
comment on column public.processing_activities.platform is 'The platform the data came from; empty when it is about all of them.';
comment on column public.processing_activities.purpose is 'What for; docs/compliance/records-of-processing.md describes each.';
comment on column public.processing_activities.times is 'How often on that day.';
comment on column public.processing_activities.first_at is 'The first time on that day.';
comment on column public.processing_activities.last_at is 'The last time on that day.';
grant select on public.processing_activities to tributary_hasura;
grant delete, insert, select on public.processing_activities to tributary_service;
grant update (last_at) on public.processing_activities to tributary_service;
grant update (times) on public.processing_activities to tributary_service;

create table public.raw_fitness_data (
  id uuid default gen_random_uuid() not null,
  user_id uuid not null,
  platform character varying(50) not null,
  data_type character varying(100) not null,
  raw_data jsonb not null,
  metadata jsonb not null,
  received_at timestamp with time zone default now() not null,
  processed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint raw_fitness_data_pkey PRIMARY KEY (user_id, created_at, id),
  constraint raw_fitness_data_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
) partition by RANGE (created_at);
CREATE INDEX idx_raw_fitness_processing ON ONLY public.raw_fitness_data USING btree (processed_at) WHERE (processed_at IS NULL);
CREATE INDEX idx_raw_fitness_user_platform ON ONLY public.raw_fitness_data USING btree (user_id, platform, created_at DESC);
CREATE TRIGGER count_raw_data_deleted AFTER DELETE ON public.raw_fitness_data REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION ops.count_raw_data_deleted();
CREATE TRIGGER count_raw_data_inserted AFTER INSERT ON public.raw_fitness_data REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ops.count_raw_data_inserted();
CREATE TRIGGER note_normalized AFTER UPDATE ON public.raw_fitness_data REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it FOR EACH STATEMENT EXECUTE FUNCTION ops.note_normalized();
CREATE TRIGGER note_received AFTER INSERT ON public.raw_fitness_data REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ops.note_received();
CREATE TRIGGER refuse_erased BEFORE INSERT ON public.raw_fitness_data FOR EACH ROW EXECUTE FUNCTION ops.refuse_erased();
comment on table public.raw_fitness_data is 'Every payload of every platform as it came, a page or chunk a row; append-only but for processed_at.';
comment on column public.raw_fitness_data.id is 'Id of the payload; unique together with user_id and created_at.';
comment on column public.raw_fitness_data.user_id is 'Whose data it is.';
comment on column public.raw_fitness_data.platform is 'Where it came from.';
comment on column public.raw_fitness_data.data_type is 'The platform''s kind of payload, for example activity_list.';
comment on column public.raw_fitness_data.raw_data is 'The payload itself; where metadata says kept_as_text, a string that holds its JSON.';
comment on column public.raw_fitness_data.metadata is 'How it was obtained: the sync run or delivery, the page.';
comment on column public.raw_fitness_data.received_at is 'When the platform''s answer, or its delivery with the payload in it, arrived; of two versions of a record the later one is right.';
comment on column public.raw_fitness_data.processed_at is 'When it was normalized; null until then.';
comment on column public.raw_fitness_data.created_at is 'When the row was written; the partition key.';
grant select, trigger on public.raw_fitness_data to tributary_hasura;
grant delete, insert, select on public.raw_fitness_data to tributary_service;
grant update (processed_at) on public.raw_fitness_data to tributary_service;

create table public.reconciliation_findings (
  user_id uuid not null,
  report_id uuid not null,
  platform text not null,
  kind text not null,
  source_id text not null,
  cause text not null,
  state text not null,
  happened_at timestamp with time zone,
  found_at timestamp with time zone default now() not null,
  data_type text,
  constraint reconciliation_findings_pkey PRIMARY KEY (user_id, report_id, kind, source_id),
  constraint reconciliation_findings_kind_check CHECK ((kind = ANY (ARRAY['missing'::text, 'changed'::text, 'deleted'::text]))),
  constraint reconciliation_findings_state_check CHECK ((state = ANY (ARRAY['suspected'::text, 'repaired'::text, 'not_confirmed'::text]))),
  constraint reconciliation_findings_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint reconciliation_findings_user_id_report_id_fkey FOREIGN KEY (user_id, report_id) REFERENCES public.reconciliation_reports(user_id, id) ON DELETE CASCADE
);
comment on table public.reconciliation_findings is 'Each record that a comparison found missing, changed or deleted.';
comment on column public.reconciliation_findings.user_id is 'Whose record it is.';
comment on column public.reconciliation_findings.report_id is 'The report it belongs to.';
comment on column public.reconciliation_findings.platform is 'The platform it is about.';
comment on column public.reconciliation_findings.kind is 'missing here, changed at the platform, or deleted there.';
comment on column public.reconciliation_findings.source_id is 'The platform''s id of the record; where it is the numbers of a day, list and day.';
comment on column public.reconciliation_findings.cause is 'Why it was not noticed: webhook_never_came, delivery_failed, delivery_waiting, not_normalized, import_incomplete, or not_polled.';
comment on column public.reconciliation_findings.state is 'suspected until the platform confirms a deletion; then repaired, or not_confirmed.';
comment on column public.reconciliation_findings.happened_at is 'When the record itself began; null when that is not known.';
comment on column public.reconciliation_findings.found_at is 'When it was found.';
comment on column public.reconciliation_findings.data_type is 'The platform''s list that has the record, or had; null in earlier reports.';
grant select on public.reconciliation_findings to tributary_hasura;
grant delete, insert, select, update on public.reconciliation_findings to tributary_service;

create table public.reconciliation_reports (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  platform text not null,
  status text default 'running'::text not null,
  reason text,
  since timestamp with time zone not null,
  until timestamp with time zone not null,
  listed integer default 0 not null,
  missing integer default 0 not null,
  changed integer default 0 not null,
  deleted integer default 0 not null,
  repaired integer default 0 not null,
  causes jsonb default '{}'::jsonb not null,
  not_compared text[] default '{}'::text[] not null,
  started_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  constraint reconciliation_reports_pkey PRIMARY KEY (user_id, id),
  constraint reconciliation_reports_check CHECK (((status = 'running'::text) = (finished_at IS NULL))),
  constraint reconciliation_reports_status_check CHECK ((status = ANY (ARRAY['running'::text, 'complete'::text, 'failed'::text, 'not_available'::text]))),
  constraint reconciliation_reports_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint reconciliation_reports_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX reconciliation_reports_by_time ON public.reconciliation_reports USING btree (user_id, started_at DESC);
comment on table public.reconciliation_reports is 'What a comparison of a platform''s list with what is here found, and why as far as known.';
comment on column public.reconciliation_reports.user_id is 'Whose data was compared.';
comment on column public.reconciliation_reports.id is 'Id of the report; its sync run has the same.';
comment on column public.reconciliation_reports.platform is 'The platform whose list was read.';
comment on column public.reconciliation_reports.status is 'running, complete, failed, or not_available where the platform has no list.';
comment on column public.reconciliation_reports.reason is 'Why it failed or is not available; null otherwise.';
comment on column public.reconciliation_reports.since is 'Start of the period compared.';
comment on column public.reconciliation_reports.until is 'End of the period compared.';
comment on column public.reconciliation_reports.listed is 'Records that the platform listed.';
comment on column public.reconciliation_reports.missing is 'Of them, those that were not here.';
comment on column public.reconciliation_reports.changed is 'Of them, those that were different here.';
comment on column public.reconciliation_reports.deleted is 'Records here that are gone at the platform.';
comment on column public.reconciliation_reports.repaired is 'Findings that were repaired.';
comment on column public.reconciliation_reports.causes is 'How many findings had which cause.';
comment on column public.reconciliation_reports.not_compared is 'Data types that were read again without a comparison.';
comment on column public.reconciliation_reports.started_at is 'When it began.';
comment on column public.reconciliation_reports.finished_at is 'When it ended; null while it runs.';
grant select on public.reconciliation_reports to tributary_hasura;
grant delete, insert, select, update on public.reconciliation_reports to tributary_service;

create table public.role_platform_restrictions (
  role text not null,
  platform text not null,
  reason text,
  created_at timestamp with time zone default now() not null,
  constraint role_platform_restrictions_pkey PRIMARY KEY (platform, role),
  constraint role_platform_restrictions_platform_check CHECK ((platform ~ '^[a-z][a-z0-9-]{0,39}$'::text)),
  constraint role_platform_restrictions_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500))),
  constraint role_platform_restrictions_role_check CHECK ((role = ANY (ARRAY['user'::text, 'operator'::text, 'auditor'::text])))
);
comment on table public.role_platform_restrictions is 'Platforms that a role has nothing to do with; empty means that every role works with every platform.';
comment on column public.role_platform_restrictions.role is 'operator and auditor see no row of the platform; user keeps what is there and may begin nothing new.';
comment on column public.role_platform_restrictions.platform is 'The platform; it need not be switched on.';
comment on column public.role_platform_restrictions.reason is 'Why, in the words of whoever decided it; null where none was given.';
comment on column public.role_platform_restrictions.created_at is 'Since when.';
grant select on public.role_platform_restrictions to tributary_hasura;
grant delete, insert, select on public.role_platform_restrictions to tributary_service;

create table public.samples (
  user_id uuid not null,
  kind text not null,
  started_at timestamp with time zone not null,
  ended_at timestamp with time zone not null,
  platform text not null,
  source text default ''::text not null,
  variant text default ''::text not null,
  value numeric not null,
  local_day date not null,
  start_offset_seconds integer,
  manual boolean default false not null,
  source_id text,
  raw_id uuid not null,
  raw_created_at timestamp with time zone not null,
  observed_at timestamp with time zone not null,
  constraint samples_pkey PRIMARY KEY (user_id, kind, started_at, ended_at, platform, source, variant),
  constraint samples_check CHECK ((ended_at >= started_at)),
  constraint samples_start_offset_seconds_check CHECK (((start_offset_seconds >= '-64800'::integer) AND (start_offset_seconds <= 64800))),
  constraint samples_kind_fkey FOREIGN KEY (kind) REFERENCES public.metric_kinds(id),
  constraint samples_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint samples_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
) partition by RANGE (started_at);
CREATE INDEX samples_by_source_id ON ONLY public.samples USING btree (user_id, platform, source_id) WHERE (source_id IS NOT NULL);
comment on table public.samples is 'Measurements: a value over an interval, or at an instant when start and end are equal. Partitioned by month.';
comment on column public.samples.user_id is 'Whose measurement it is.';
comment on column public.samples.kind is 'What was measured; see metric_kinds for the unit.';
comment on column public.samples.started_at is 'Start of the interval, or the instant.';
comment on column public.samples.ended_at is 'End of the interval; equal to the start for an instant.';
comment on column public.samples.platform is 'Where it came from.';
comment on column public.samples.source is 'The device or app that measured, as the platform names it; empty when it does not.';
comment on column public.samples.variant is 'Tells apart several values of one source at one time, for example the kinds of movement within one interval; empty otherwise.';
comment on column public.samples.value is 'The value in the unit of its kind.';
comment on column public.samples.local_day is 'The day where the person was at the start.';
comment on column public.samples.start_offset_seconds is 'Offset from UTC at the start, in seconds; null when unknown, and then the day is that of the person''s time zone.';
comment on column public.samples.manual is 'Typed in by hand, not measured.';
comment on column public.samples.source_id is 'The platform''s own id of the record, where it has one.';
comment on column public.samples.raw_id is 'The payload it was last read from.';
comment on column public.samples.raw_created_at is 'The created_at of that payload.';
comment on column public.samples.observed_at is 'When that payload was received; an older payload never overwrites a newer one.';
grant select on public.samples to tributary_hasura;
grant delete, insert, select, update on public.samples to tributary_service;

create table public.sleep_sessions (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  platform text not null,
  source_id text not null,
  source text default ''::text not null,
  local_day date not null,
  started_at timestamp with time zone not null,
  ended_at timestamp with time zone not null,
  end_offset_seconds integer,
  time_zone text,
  nap boolean default false not null,
  asleep_s integer,
  in_bed_s integer,
  awake_s integer,
  light_s integer,
  deep_s integer,
  rem_s integer,
  score numeric,
  finality integer default 0 not null,
  raw_id uuid not null,
  raw_created_at timestamp with time zone not null,
  observed_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint sleep_sessions_pkey PRIMARY KEY (user_id, id),
  constraint sleep_sessions_user_id_platform_source_id_key UNIQUE (user_id, platform, source_id),
  constraint sleep_sessions_asleep_s_check CHECK ((asleep_s >= 0)),
  constraint sleep_sessions_awake_s_check CHECK ((awake_s >= 0)),
  constraint sleep_sessions_check CHECK ((ended_at >= started_at)),
  constraint sleep_sessions_deep_s_check CHECK ((deep_s >= 0)),
  constraint sleep_sessions_end_offset_seconds_check CHECK (((end_offset_seconds >= '-64800'::integer) AND (end_offset_seconds <= 64800))),
  constraint sleep_sessions_in_bed_s_check CHECK ((in_bed_s >= 0)),
  constraint sleep_sessions_light_s_check CHECK ((light_s >= 0)),
  constraint sleep_sessions_rem_s_check CHECK ((rem_s >= 0)),
  constraint sleep_sessions_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint sleep_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX sleep_sessions_by_day ON public.sleep_sessions USING btree (user_id, local_day DESC);
comment on table public.sleep_sessions is 'One row for each time a person slept, naps included.';
comment on column public.sleep_sessions.user_id is 'Whose sleep it is.';
comment on column public.sleep_sessions.id is 'Stable id here.';
comment on column public.sleep_sessions.platform is 'Where it came from.';
comment on column public.sleep_sessions.source_id is 'What identifies it at the platform: its id, or source and start.';
comment on column public.sleep_sessions.source is 'The device or app that measured; empty when the platform does not say.';
comment on column public.sleep_sessions.local_day is 'The day on which the person woke up, where they were.';
comment on column public.sleep_sessions.started_at is 'When it began.';
comment on column public.sleep_sessions.ended_at is 'When it ended.';
comment on column public.sleep_sessions.end_offset_seconds is 'Offset from UTC at the end, in seconds; null when unknown.';
comment on column public.sleep_sessions.time_zone is 'IANA time zone, where the platform names one.';
comment on column public.sleep_sessions.nap is 'A nap, not the main sleep of the day.';
comment on column public.sleep_sessions.asleep_s is 'Time asleep in seconds; null when not measured.';
comment on column public.sleep_sessions.in_bed_s is 'Time in bed in seconds.';
comment on column public.sleep_sessions.awake_s is 'Time awake between falling asleep and getting up, in seconds.';
comment on column public.sleep_sessions.light_s is 'Light sleep in seconds.';
comment on column public.sleep_sessions.deep_s is 'Deep sleep in seconds.';
comment on column public.sleep_sessions.rem_s is 'REM sleep in seconds.';
comment on column public.sleep_sessions.score is 'The platform''s own score, 0 to 100.';
comment on column public.sleep_sessions.finality is 'How final the platform calls it: a tentative version never replaces a final one.';
comment on column public.sleep_sessions.raw_id is 'The payload it was last read from.';
comment on column public.sleep_sessions.raw_created_at is 'The created_at of that payload.';
comment on column public.sleep_sessions.observed_at is 'When that payload was received.';
comment on column public.sleep_sessions.created_at is 'When the row was first written.';
comment on column public.sleep_sessions.updated_at is 'When the row last changed.';
grant select on public.sleep_sessions to tributary_hasura;
grant delete, insert, select, update on public.sleep_sessions to tributary_service;

create table public.sleep_stages (
  user_id uuid not null,
  sleep_session_id uuid not null,
  started_at timestamp with time zone not null,
  ended_at timestamp with time zone not null,
  stage text not null,
  source_id text,
  raw_id uuid,
  constraint sleep_stages_pkey PRIMARY KEY (user_id, sleep_session_id, started_at, stage),
  constraint sleep_stages_check CHECK ((ended_at >= started_at)),
  constraint sleep_stages_stage_check CHECK ((stage = ANY (ARRAY['in_bed'::text, 'awake'::text, 'asleep'::text, 'light'::text, 'deep'::text, 'rem'::text]))),
  constraint sleep_stages_user_id_sleep_session_id_fkey FOREIGN KEY (user_id, sleep_session_id) REFERENCES public.sleep_sessions(user_id, id) ON DELETE CASCADE
);
comment on table public.sleep_stages is 'The stages of a sleep session in order of time.';
comment on column public.sleep_stages.user_id is 'Whose sleep it is.';
comment on column public.sleep_stages.sleep_session_id is 'The session.';
comment on column public.sleep_stages.started_at is 'When the stage began.';
comment on column public.sleep_stages.ended_at is 'When it ended.';
comment on column public.sleep_stages.stage is 'in_bed, awake, asleep (no stage known), light, deep or rem.';
comment on column public.sleep_stages.source_id is 'The platform''s own id of this part, where it has one: with it the part is deleted at the source.';
comment on column public.sleep_stages.raw_id is 'The payload that told it, where a night is told in parts; null where one payload tells the whole night.';
grant select on public.sleep_stages to tributary_hasura;
grant delete, insert, select, update on public.sleep_stages to tributary_service;

create table public.source_priorities (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  kind text,
  platform text not null,
  source text,
  rank integer not null,
  updated_at timestamp with time zone default now() not null,
  constraint source_priorities_pkey PRIMARY KEY (user_id, id),
  constraint source_priorities_user_id_kind_platform_source_key UNIQUE NULLS NOT DISTINCT (user_id, kind, platform, source),
  constraint source_priorities_rank_check CHECK (((rank >= 1) AND (rank <= 1000))),
  constraint source_priorities_source_check CHECK ((length(source) <= 1000)),
  constraint source_priorities_kind_fkey FOREIGN KEY (kind) REFERENCES public.metric_kinds(id),
  constraint source_priorities_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint source_priorities_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE TRIGGER mark_days_of_changed_priorities AFTER INSERT OR DELETE OR UPDATE ON public.source_priorities FOR EACH ROW EXECUTE FUNCTION ops.mark_days_of_changed_priorities();
comment on table public.source_priorities is 'A person''s own order of platforms and devices; it goes before the defaults. A change has all their days merged again.';
comment on column public.source_priorities.user_id is 'Whose order it is.';
comment on column public.source_priorities.id is 'Stable id here.';
comment on column public.source_priorities.kind is 'The metric it is about; null: every one without a row of its own.';
comment on column public.source_priorities.platform is 'The platform.';
comment on column public.source_priorities.source is 'The device or app, as samples name it; null: every one of the platform without a row of its own.';
comment on column public.source_priorities.rank is 'The smallest wins; the defaults lie between 100 and 600.';
comment on column public.source_priorities.updated_at is 'When the row last changed.';
grant select on public.source_priorities to tributary_hasura;
grant delete, insert, select, update on public.source_priorities to tributary_service;

create table public.sports (
  id text not null,
  description text not null,
  family text,
  constraint sports_pkey PRIMARY KEY (id)
);
comment on table public.sports is 'The canonical sports; a platform''s own word is kept beside it in source_sport.';
comment on column public.sports.id is 'The sport.';
comment on column public.sports.description is 'What it covers.';
comment on column public.sports.family is 'Sports that devices confuse with each other have the same family; null: a family of its own.';
grant select on public.sports to tributary_hasura;
grant select on public.sports to tributary_service;

create table public.sync_run_kinds (
  id text not null,
  description text not null,
  constraint sync_run_kinds_pkey PRIMARY KEY (id)
);
comment on table public.sync_run_kinds is 'What a sync run is for.';
comment on column public.sync_run_kinds.id is 'The kind.';
comment on column public.sync_run_kinds.description is 'What it means.';
grant select on public.sync_run_kinds to tributary_hasura;
grant select on public.sync_run_kinds to tributary_service;

create table public.sync_run_statuses (
  id text not null,
  description text not null,
  constraint sync_run_statuses_pkey PRIMARY KEY (id)
);
comment on table public.sync_run_statuses is 'The states a sync run can be in.';
comment on column public.sync_run_statuses.id is 'The state.';
comment on column public.sync_run_statuses.description is 'What it means.';
grant select on public.sync_run_statuses to tributary_hasura;
grant select on public.sync_run_statuses to tributary_service;

create table public.sync_runs (
  user_id uuid not null,
  id uuid default gen_random_uuid() not null,
  platform text not null,
  kind text not null,
  status text default 'running'::text not null,
  since timestamp with time zone not null,
  until timestamp with time zone not null,
  reached timestamp with time zone not null,
  next_cursor jsonb,
  progress numeric default 0 not null,
  pages_fetched integer default 0 not null,
  records_fetched integer default 0 not null,
  waiting_until timestamp with time zone,
  error_code text,
  started_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  asked_by text default 'connection'::text not null,
  results jsonb default '[]'::jsonb not null,
  trace_id text,
  constraint sync_runs_pkey PRIMARY KEY (user_id, id),
  constraint sync_runs_check CHECK (((status = 'running'::text) = (finished_at IS NULL))),
  constraint sync_runs_progress_check CHECK (((progress >= (0)::numeric) AND (progress <= (1)::numeric))),
  constraint sync_runs_trace_id_check CHECK ((trace_id ~ '^[0-9a-f]{32}$'::text)),
  constraint sync_runs_kind_fkey FOREIGN KEY (kind) REFERENCES public.sync_run_kinds(id),
  constraint sync_runs_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id),
  constraint sync_runs_status_fkey FOREIGN KEY (status) REFERENCES public.sync_run_statuses(id),
  constraint sync_runs_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX sync_runs_by_start ON public.sync_runs USING btree (user_id, started_at DESC);
CREATE UNIQUE INDEX sync_runs_one_running ON public.sync_runs USING btree (user_id, platform, kind) WHERE (status = 'running'::text);
CREATE TRIGGER check_run_status BEFORE UPDATE OF status ON public.sync_runs FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION ops.check_run_status();
comment on table public.sync_runs is 'Progress of every import: what was asked for, how far it is, how it ended.';
comment on column public.sync_runs.user_id is 'Whose data is fetched.';
comment on column public.sync_runs.id is 'Id of the run.';
comment on column public.sync_runs.platform is 'The platform it is fetched from.';
comment on column public.sync_runs.kind is 'What the run is for.';
comment on column public.sync_runs.status is 'The state it is in.';
comment on column public.sync_runs.since is 'Start of the period asked for.';
comment on column public.sync_runs.until is 'End of the period asked for.';
comment on column public.sync_runs.reached is 'How far back the run has come; it works from until to since.';
comment on column public.sync_runs.next_cursor is 'Where the next request continues; not exposed to people.';
comment on column public.sync_runs.progress is 'Share of the work done, from 0 to 1.';
comment on column public.sync_runs.pages_fetched is 'Requests answered so far.';
comment on column public.sync_runs.records_fetched is 'Records received so far, before merging; 0 where the platform sends them by itself.';
comment on column public.sync_runs.waiting_until is 'When the platform''s request limit lets it go on; null while it is not waiting.';
comment on column public.sync_runs.error_code is 'Why it failed; null unless it did.';
comment on column public.sync_runs.started_at is 'When it was asked for.';
comment on column public.sync_runs.updated_at is 'When it last made progress.';
comment on column public.sync_runs.finished_at is 'When it ended; null while it runs.';
comment on column public.sync_runs.asked_by is 'Who asked for it: person, operator, schedule, or connection (it came with connecting).';
comment on column public.sync_runs.results is 'For each data type: outcome (running, complete, requested, partial, not_available), records, and the reason where it is not complete. Where the platform sends them by itself, requested is how many periods it was asked for, and records counts what came of them, until a day after the last was asked for.';
comment on column public.sync_runs.trace_id is 'The chain of work that started the run, as in the logs.';
grant select on public.sync_runs to tributary_hasura;
grant delete, insert, select, update on public.sync_runs to tributary_service;

create table public.sync_strategies (
  id text not null,
  description text not null,
  constraint sync_strategies_pkey PRIMARY KEY (id)
);
comment on table public.sync_strategies is 'How new data of a connection is noticed.';
comment on column public.sync_strategies.id is 'The strategy.';
comment on column public.sync_strategies.description is 'What it means.';
grant select on public.sync_strategies to tributary_hasura;
grant select on public.sync_strategies to tributary_service;

create table public.user_fitness_summary (
  user_id uuid not null,
  date date not null,
  platform character varying(50) not null,
  data_points bigint not null,
  data_types jsonb not null,
  constraint user_fitness_summary_pkey PRIMARY KEY (user_id, date, platform),
  constraint user_fitness_summary_data_points_check CHECK ((data_points > 0))
);
CREATE INDEX user_fitness_summary_by_age ON public.user_fitness_summary USING btree (platform, date);
comment on table public.user_fitness_summary is 'How much arrived: payloads received for each person, UTC day of arrival and platform.';
comment on column public.user_fitness_summary.user_id is 'Whose data it is.';
comment on column public.user_fitness_summary.date is 'UTC day on which the payloads were stored.';
comment on column public.user_fitness_summary.platform is 'Where they came from.';
comment on column public.user_fitness_summary.data_points is 'Number of payloads.';
comment on column public.user_fitness_summary.data_types is 'The distinct kinds of payload, as a JSON array of text.';
grant select on public.user_fitness_summary to tributary_hasura;
grant delete, insert, select, update on public.user_fitness_summary to tributary_service;

create table vault.master_key_versions (
  version integer not null,
  source text not null,
  reference text not null,
  parameters jsonb default '{}'::jsonb not null,
  environment text not null,
  state text not null,
  created_at timestamp with time zone default now() not null,
  retired_at timestamp with time zone,
  constraint master_key_versions_pkey PRIMARY KEY (version),
  constraint master_key_versions_check CHECK (((state = 'retired'::text) = (retired_at IS NOT NULL))),
  constraint master_key_versions_source_check CHECK ((source = ANY (ARRAY['local'::text, 'passphrase'::text, 'aws_kms'::text, 'vault_transit'::text]))),
  constraint master_key_versions_state_check CHECK ((state = ANY (ARRAY['current'::text, 'opening'::text, 'retired'::text]))),
  constraint master_key_versions_version_check CHECK ((version > 0))
);
CREATE UNIQUE INDEX master_key_versions_one_current ON vault.master_key_versions USING btree (state) WHERE (state = 'current'::text);
comment on table vault.master_key_versions is 'Every version of a master key that wraps data keys. The keys themselves are elsewhere.';
comment on column vault.master_key_versions.version is 'Counts up; written into every box that is sealed under it.';
comment on column vault.master_key_versions.source is 'Where the master key is kept.';
comment on column vault.master_key_versions.reference is 'Which key of the source: a fingerprint, an ARN, or a name.';
comment on column vault.master_key_versions.parameters is 'What is needed beside the key and is no secret: salt, hash and number of iterations.';
comment on column vault.master_key_versions.environment is 'The installation it belongs to; its keys open nothing elsewhere.';
comment on column vault.master_key_versions.state is 'current: wraps and unwraps. opening: unwraps only. retired: nothing is wrapped by it any more.';
comment on column vault.master_key_versions.created_at is 'When it became current.';
comment on column vault.master_key_versions.retired_at is 'When the last key that it wrapped was gone; null before.';
grant delete, insert, select, update on vault.master_key_versions to tributary_service;

create table vault.oauth_states (
  id uuid default gen_random_uuid() not null,
  user_id uuid not null,
  platform text not null,
  issuer text not null,
  redirect_uri text not null,
  return_to text not null,
  state_hash bytea not null,
  verifier_sealed bytea not null,
  code_sealed bytea,
  callback_scopes text,
  handle_hash bytea,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  constraint oauth_states_pkey PRIMARY KEY (id),
  constraint oauth_states_handle_hash_key UNIQUE (handle_hash),
  constraint oauth_states_state_hash_key UNIQUE (state_hash),
  constraint oauth_states_check CHECK (((handle_hash IS NULL) = (code_sealed IS NULL)))
);
CREATE INDEX oauth_states_by_expiry ON vault.oauth_states USING btree (expires_at);
CREATE TRIGGER refuse_erased BEFORE INSERT ON vault.oauth_states FOR EACH ROW EXECUTE FUNCTION ops.refuse_erased();
comment on table vault.oauth_states is 'Attempts to connect that are not finished. State and handle are kept as SHA-256, verifier and code sealed.';
grant delete, insert, select, update on vault.oauth_states to tributary_service;

create table vault.pending_revocations (
  id uuid not null,
  connection_id uuid not null,
  platform text not null,
  tokens_sealed bytea not null,
  attempts integer default 0 not null,
  gives_up_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  constraint pending_revocations_pkey PRIMARY KEY (id),
  constraint pending_revocations_attempts_check CHECK ((attempts >= 0)),
  constraint pending_revocations_platform_fkey FOREIGN KEY (platform) REFERENCES public.platforms(id)
);
CREATE INDEX pending_revocations_by_connection ON vault.pending_revocations USING btree (connection_id);
comment on table vault.pending_revocations is 'Tokens of ended connections that the platform has not confirmed as revoked. Sealed for this purpose alone, under no person''s key. No foreign key to the person: the platform has to be told although the person has been erased.';
comment on column vault.pending_revocations.id is 'Authenticated with the box.';
comment on column vault.pending_revocations.connection_id is 'The connection that ended.';
comment on column vault.pending_revocations.platform is 'Where to revoke.';
comment on column vault.pending_revocations.tokens_sealed is 'The pair, sealed; deleted with the row on success, on a new consent, or when it is given up.';
comment on column vault.pending_revocations.attempts is 'How often the platform was asked.';
comment on column vault.pending_revocations.gives_up_at is 'After this the row is deleted, whatever the platform said.';
comment on column vault.pending_revocations.created_at is 'When the connection ended.';
grant delete, insert, select, update on vault.pending_revocations to tributary_service;

create table vault.purpose_keys (
  key_id uuid not null,
  purpose text not null,
  version integer not null,
  master_version integer not null,
  wrapped_key bytea not null,
  seals bigint default 0 not null,
  created_at timestamp with time zone default now() not null,
  retired_at timestamp with time zone,
  constraint purpose_keys_pkey PRIMARY KEY (key_id),
  constraint purpose_keys_purpose_version_key UNIQUE (purpose, version),
  constraint purpose_keys_purpose_check CHECK ((purpose = ANY (ARRAY['oauth_state'::text, 'inbox'::text, 'revocation'::text, 'export'::text]))),
  constraint purpose_keys_seals_check CHECK ((seals >= 0)),
  constraint purpose_keys_version_check CHECK ((version > 0)),
  constraint purpose_keys_master_version_fkey FOREIGN KEY (master_version) REFERENCES vault.master_key_versions(version)
);
CREATE UNIQUE INDEX purpose_keys_one_current ON vault.purpose_keys USING btree (purpose) WHERE (retired_at IS NULL);
comment on table vault.purpose_keys is 'Data keys for what is sealed without a person: one current key for each purpose.';
comment on column vault.purpose_keys.key_id is 'Written into every box that the key seals.';
comment on column vault.purpose_keys.purpose is 'The one thing it is for.';
comment on column vault.purpose_keys.version is 'Counts up for each purpose.';
comment on column vault.purpose_keys.master_version is 'The version of the master key that wraps it.';
comment on column vault.purpose_keys.wrapped_key is '256 random bits, wrapped; the working key is derived from them.';
comment on column vault.purpose_keys.seals is 'How many boxes it may have sealed: processes reserve them in blocks.';
comment on column vault.purpose_keys.created_at is 'When it was made.';
comment on column vault.purpose_keys.retired_at is 'Since when it opens and no longer seals; it is deleted when nothing it sealed can still be there.';
grant delete, insert, select, update on vault.purpose_keys to tributary_service;

create table vault.tokens (
  user_id uuid not null,
  platform text not null,
  access_token_sealed bytea not null,
  refresh_token_sealed bytea,
  access_expires_at timestamp with time zone,
  token_version bigint default 1 not null,
  lease_holder uuid,
  lease_expires_at timestamp with time zone,
  updated_at timestamp with time zone default now() not null,
  refresh_failures integer default 0 not null,
  refresh_not_before timestamp with time zone,
  constraint tokens_pkey PRIMARY KEY (user_id, platform),
  constraint tokens_check CHECK (((lease_holder IS NULL) = (lease_expires_at IS NULL))),
  constraint tokens_refresh_failures_check CHECK ((refresh_failures >= 0)),
  constraint tokens_user_id_platform_fkey FOREIGN KEY (user_id, platform) REFERENCES public.connections(user_id, platform) ON DELETE CASCADE
);
comment on table vault.tokens is 'Sealed tokens, one pair for each connection. token_version fences refreshes: a write with an older version is refused.';
comment on column vault.tokens.refresh_failures is 'Refreshes that failed one after the other; 0 after one that succeeded.';
comment on column vault.tokens.refresh_not_before is 'No refresh is tried before this; null while none has failed.';
grant delete, insert, select, update on vault.tokens to tributary_service;

create table vault.user_keys (
  key_id uuid not null,
  user_id uuid not null,
  version integer not null,
  master_version integer not null,
  wrapped_key bytea not null,
  seals bigint default 0 not null,
  created_at timestamp with time zone default now() not null,
  retired_at timestamp with time zone,
  constraint user_keys_pkey PRIMARY KEY (key_id),
  constraint user_keys_user_id_version_key UNIQUE (user_id, version),
  constraint user_keys_seals_check CHECK ((seals >= 0)),
  constraint user_keys_version_check CHECK ((version > 0)),
  constraint user_keys_master_version_fkey FOREIGN KEY (master_version) REFERENCES vault.master_key_versions(version),
  constraint user_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_users(user_id) ON DELETE CASCADE
);
CREATE INDEX user_keys_by_master_version ON vault.user_keys USING btree (master_version, key_id);
CREATE UNIQUE INDEX user_keys_one_current ON vault.user_keys USING btree (user_id) WHERE (retired_at IS NULL);
CREATE INDEX user_keys_retired ON vault.user_keys USING btree (key_id) WHERE (retired_at IS NOT NULL);
CREATE TRIGGER announce_key_deleted AFTER DELETE ON vault.user_keys FOR EACH ROW EXECUTE FUNCTION vault.announce_key_deleted();
comment on table vault.user_keys is 'Data keys of each person, wrapped by a master key; deleting them makes the person''s tokens unreadable.';
comment on column vault.user_keys.key_id is 'Written into every box that the key seals; boxes choose their key by it.';
comment on column vault.user_keys.user_id is 'Whose key it is.';
comment on column vault.user_keys.version is 'Counts up for each person.';
comment on column vault.user_keys.master_version is 'The version of the master key that wraps it.';
comment on column vault.user_keys.wrapped_key is '256 random bits, wrapped; the working key is derived from them.';
comment on column vault.user_keys.seals is 'How many boxes it may have sealed; counted before they are sealed, and refused above a cap.';
comment on column vault.user_keys.created_at is 'When it was made.';
comment on column vault.user_keys.retired_at is 'Since when it opens and no longer seals; null while it is the person''s current key.';
grant delete, insert, select, update on vault.user_keys to tributary_service;

CREATE OR REPLACE FUNCTION audit.forget_erased()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (select from ops.erasure_tombstones t where t.digest = ops.person_digest(new.subject_user_id)) then
    new.subject_user_id := null; new.subject_salt := null; new.source_address := null; new.source_salt := null;
    new.reason := null; new.reason_salt := null; new.details := null; new.details_salt := null;
  end if;
  if new.actor_id ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
    and exists (select from ops.erasure_tombstones t where t.digest = ops.person_digest(new.actor_id::uuid)) then
    new.actor_id := null; new.actor_salt := null; new.source_address := null; new.source_salt := null;
  end if;
  return new;
end $function$;
comment on function audit.forget_erased() is 'Lines about an erased person say nothing from the start; the event and its hash are kept.';

CREATE OR REPLACE FUNCTION audit.forget_person(p_user_id uuid)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_changed integer;
begin
  update audit.personal_values v set
    subject_user_id = null, subject_salt = null, source_address = null, source_salt = null,
    reason = null, reason_salt = null, details = null, details_salt = null,
    actor_id = case when v.actor_id = p_user_id::text then null else v.actor_id end,
    actor_salt = case when v.actor_id = p_user_id::text then null else v.actor_salt end
  where v.subject_user_id = p_user_id;
  get diagnostics v_changed = row_count;
  update audit.personal_values v set actor_id = null, actor_salt = null, source_address = null, source_salt = null
  where v.actor_id = p_user_id::text;
  return v_changed;
end $function$;
comment on function audit.forget_person(uuid) is 'Empties what the audit trail knows of a person, salts included, and keeps the events: who else acted on them stays known. Answers how many events were about them. Safe to run twice.';
grant execute on function audit.forget_person(uuid) to tributary_service;

CREATE OR REPLACE FUNCTION audit.queue_for_sealing()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into audit.unsealed (event_id) values (new.id);
  return null;
end $function$;
comment on function audit.queue_for_sealing() is 'Notes a new event for the sealer, in its own transaction.';

CREATE OR REPLACE FUNCTION audit.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise exception 'the audit trail is append-only: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'TB002';
end $function$;
comment on function audit.refuse_change() is 'Refuses UPDATE, DELETE and TRUNCATE with SQLSTATE TB002.';
grant execute on function audit.refuse_change() to public;

CREATE OR REPLACE FUNCTION ops.add_job(p_task text, p_payload json, p_run_at timestamp with time zone, p_max_attempts integer, p_key text, p_priority integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
AS $function$
declare
  v_id bigint;
  v_revision integer;
  v_run_at timestamptz;
begin
  -- Most keys are new. The mode that does not look for a job of the same key takes a fifth of the time and tells by the revision that there
  -- was one; only then is it replaced, as the queue does it: the newer payload and time, and a further job beside one that runs.
  select j.id, j.revision, j.run_at into v_id, v_revision, v_run_at
  from graphile_worker.add_job(p_task, p_payload, run_at => p_run_at, max_attempts => p_max_attempts, job_key => p_key,
    priority => p_priority, job_key_mode => 'unsafe_dedupe') j;
  if v_revision > 0 then
    select j.id, j.run_at into v_id, v_run_at
    from graphile_worker.add_job(p_task, p_payload, run_at => p_run_at, max_attempts => p_max_attempts, job_key => p_key,
      priority => p_priority) j;
  end if;
  if v_run_at <= clock_timestamp() then perform ops.tell_of_jobs(p_task, 1, v_id); end if;
end $function$;
comment on function ops.add_job(text,json,timestamp with time zone,integer,text,integer) is 'Queues a job in this transaction; of one key there is one job that has not begun. Without a time it is due at once.';
grant execute on function ops.add_job(text,json,timestamp with time zone,integer,text,integer) to public;
grant execute on function ops.add_job(text,json,timestamp with time zone,integer,text,integer) to tributary_service;

CREATE OR REPLACE FUNCTION ops.begin_again_with_job(p_payload jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update public.sync_runs r set status = 'running', error_code = null, finished_at = null, updated_at = now(),
    results = (select coalesce(jsonb_agg(
        case when e.result ->> 'outcome' = 'partial' and e.result ->> 'reason' = r.error_code
          then e.result || '{"outcome": "running", "reason": null}' else e.result end order by e.place), '[]')
      from jsonb_array_elements(r.results) with ordinality as e (result, place))
  where r.user_id::text = p_payload ->> 'userId' and r.id::text = p_payload ->> 'runId' and r.status = 'failed'
    and not exists (select from public.sync_runs o
      where o.user_id = r.user_id and o.platform = r.platform and o.kind = r.kind and o.status = 'running')
    -- Whoever uploads a file needs no connection.
    and (exists (select from public.connections c
        where c.user_id = r.user_id and c.platform = r.platform and c.status in ('active', 'limited'))
      or r.kind = 'upload' and exists (select from ops.uploads u
        where u.user_id = r.user_id and u.sync_run_id = r.id and u.state = 'importing'));
  update ops.callbacks c set state = 'waiting', outcome = null, finished_at = null
  where c.user_id::text = p_payload ->> 'userId' and c.id::text = p_payload ->> 'callbackId' and c.state = 'failed';
end $function$;
comment on function ops.begin_again_with_job(jsonb) is 'The opposite of ops.end_with_job, unless another run of the same kind is on by now or the connection ended.';
grant execute on function ops.begin_again_with_job(jsonb) to public;

CREATE OR REPLACE FUNCTION ops.breach_deadline(p_counts text, p_amount integer, p_aware_at timestamp with time zone, p_time_zone text)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT
         CASE p_counts
             WHEN 'hours'::text THEN (p_aware_at + make_interval(hours => p_amount))
             WHEN 'days'::text THEN ((((((p_aware_at AT TIME ZONE p_time_zone))::date + p_amount) + 1))::timestamp without time zone AT TIME ZONE p_time_zone)
             WHEN 'days_after_year'::text THEN ((((make_date((EXTRACT(year FROM (p_aware_at AT TIME ZONE p_time_zone)))::integer, 12, 31) + p_amount) + 1))::timestamp without time zone AT TIME ZONE p_time_zone)
             ELSE NULL::timestamp with time zone
         END AS "case";
END;
comment on function ops.breach_deadline(text,integer,timestamp with time zone,text) is 'The instant by which a rule has to be met. Hours pass on weekends and when clocks change; days are those of the operator''s time zone.';
grant execute on function ops.breach_deadline(text,integer,timestamp with time zone,text) to tributary_service;

CREATE OR REPLACE FUNCTION ops.bury_job(p_job_id bigint, p_worker text, p_key text, p_cause text, p_retry_after_seconds double precision[])
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_job record;
  v_task text;
  v_payload jsonb;
  v_user_id uuid;
  v_platform text;
  v_letter_id uuid;
  v_trace_id text;
begin
  delete from graphile_worker._private_jobs j where j.id = p_job_id and j.locked_by is not distinct from p_worker returning j.* into v_job;
  if not found then return null; end if;
  update graphile_worker._private_job_queues q set locked_at = null, locked_by = null
  where q.id = v_job.job_queue_id and q.locked_by = p_worker;
  -- Queued anew while it ran: the newer job carries on.
  if v_job.key is null and p_key is not null then return null; end if;
  select t.identifier into v_task from graphile_worker._private_tasks t where t.id = v_job.task_id;
  v_payload := case when json_typeof(v_job.payload) = 'object' then v_job.payload::jsonb else '{}'::jsonb end;
  -- The second field of a traceparent.
  v_trace_id := substring(v_payload #>> '{_trace,traceparent}' from '^[0-9a-f]{2}-([0-9a-f]{32})-');
  perform ops.end_with_job(v_payload, p_cause);
  select u.user_id into v_user_id from public.app_users u where u.user_id::text = v_payload ->> 'userId';
  select p.id into v_platform from public.platforms p where p.id = coalesce(v_payload ->> 'platform',
    (select r.platform from public.sync_runs r where r.user_id = v_user_id and r.id::text = v_payload ->> 'runId'),
    (select d.platform from ops.webhook_deliveries d where d.id::text = v_payload ->> 'deliveryId'),
    (select c.platform from ops.callbacks c where c.user_id = v_user_id and c.id::text = v_payload ->> 'callbackId'),
    (select w.platform from public.raw_fitness_data w where w.user_id = v_user_id
       and w.created_at::text = v_payload ->> 'createdAt' and w.id::text = v_payload ->> 'rawId'));
  -- One job has one dead letter: what was retried and died again is the same one.
  update public.dead_letters l
  set state = 'waiting', cause = p_cause, trace_id = v_trace_id, attempts = l.attempts + v_job.attempts, deaths = l.deaths + 1, died_at = now(), resolved_at = null,
    retry_at = now() + make_interval(secs => p_retry_after_seconds[l.deaths + 1])
  from ops.dead_jobs j where j.dead_letter_id = l.id and j.job_key = coalesce(v_job.key, 'job:' || p_job_id) and l.state <> 'discarded'
  returning l.id into v_letter_id;
  if found then
    update ops.dead_jobs j set payload = v_job.payload where j.dead_letter_id = v_letter_id;
    return v_letter_id;
  end if;
  insert into public.dead_letters (user_id, platform, task, cause, payload, attempts, queued_at, trace_id, retry_at)
  values (v_user_id, v_platform, v_task, p_cause, ops.redact_payload(v_payload), v_job.attempts, v_job.created_at, v_trace_id,
    now() + make_interval(secs => p_retry_after_seconds[1]))
  returning id into v_letter_id;
  insert into ops.dead_jobs (dead_letter_id, task, job_key, payload, priority, max_attempts, queue_name)
  values (v_letter_id, v_task, coalesce(v_job.key, 'job:' || p_job_id), v_job.payload, v_job.priority, v_job.max_attempts,
    (select q.queue_name from graphile_worker._private_job_queues q where q.id = v_job.job_queue_id))
  on conflict (job_key) do update set dead_letter_id = excluded.dead_letter_id, task = excluded.task, payload = excluded.payload,
    priority = excluded.priority, max_attempts = excluded.max_attempts, queue_name = excluded.queue_name;
  return v_letter_id;
end $function$;
comment on function ops.bury_job(bigint,text,text,text,double precision[]) is 'Moves a job that this worker holds out of the queue into dead_letters, in one transaction. After its n-th death it is retried by itself after the n-th number of seconds, if there is one. Null when the job is not this worker''s, or was queued anew.';
grant execute on function ops.bury_job(bigint,text,text,text,double precision[]) to public;
grant execute on function ops.bury_job(bigint,text,text,text,double precision[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.bury_lost_jobs(p_limit integer, p_cause text, p_retry_after_seconds double precision[])
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_job record;
  v_buried integer := 0;
begin
  for v_job in
    select j.id, j.key, j.last_error from graphile_worker._private_jobs j
    where j.attempts >= j.max_attempts and j.locked_at is null
    order by j.id limit p_limit for update skip locked
  loop
    if v_job.key is null then
      -- It was queued anew while it ran, and its worker died or it failed: the newer job carries on.
      delete from graphile_worker._private_jobs j where j.id = v_job.id;
    elsif ops.bury_job(v_job.id, null, v_job.key,
        case when v_job.last_error ~ '^[a-z]+/[a-z_]+$' then v_job.last_error else p_cause end, p_retry_after_seconds) is not null then
      v_buried := v_buried + 1;
    end if;
  end loop;
  return v_buried;
end $function$;
comment on function ops.bury_lost_jobs(integer,text,double precision[]) is 'Moves jobs whose last attempt ended with their worker into dead_letters. Answers how many.';
grant execute on function ops.bury_lost_jobs(integer,text,double precision[]) to public;
grant execute on function ops.bury_lost_jobs(integer,text,double precision[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.check_breaker_state()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if (old.state, new.state) not in (('closed', 'open'), ('open', 'half_open'), ('half_open', 'open'), ('half_open', 'closed')) then
    raise exception 'a circuit breaker cannot go from % to %', old.state, new.state using errcode = 'TB011';
  end if;
  return new;
end $function$;
comment on function ops.check_breaker_state() is 'Refuses the changes of circuit_breakers.state that docs/operations/states.md does not have.';
grant execute on function ops.check_breaker_state() to public;

CREATE OR REPLACE FUNCTION ops.check_callback_state()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if (old.state, new.state) not in (('waiting', 'stored'), ('waiting', 'failed'), ('failed', 'waiting')) then
    raise exception 'an address cannot go from % to %', old.state, new.state using errcode = 'TB015';
  end if;
  return new;
end $function$;
comment on function ops.check_callback_state() is 'Refuses the changes of callbacks.state that docs/operations/states.md does not have.';
grant execute on function ops.check_callback_state() to public;

CREATE OR REPLACE FUNCTION ops.check_connection_status()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- What has ended comes back with a new consent, and with nothing else.
  if old.status = 'disconnected' and (new.status = 'needs_reauth' or new.connected_at <= old.connected_at) then
    raise exception 'a connection cannot go from % to % without a new consent', old.status, new.status using errcode = 'TB001';
  end if;
  return new;
end $function$;
comment on function ops.check_connection_status() is 'Refuses the changes of connections.status that docs/operations/states.md does not have.';
grant execute on function ops.check_connection_status() to public;

CREATE OR REPLACE FUNCTION ops.check_dead_letter_state()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if (old.state, new.state) not in (('waiting', 'retried'), ('waiting', 'discarded'), ('retried', 'waiting')) then
    raise exception 'a dead letter cannot go from % to %', old.state, new.state using errcode = 'TB010';
  end if;
  return new;
end $function$;
comment on function ops.check_dead_letter_state() is 'Refuses the changes of dead_letters.state that docs/operations/states.md does not have.';
grant execute on function ops.check_dead_letter_state() to public;

CREATE OR REPLACE FUNCTION ops.check_delivery_state()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if (old.state, new.state) not in (('receiving', 'received'), ('received', 'processed'), ('received', 'dropped')) then
    raise exception 'a delivery cannot go from % to %', old.state, new.state using errcode = 'TB012';
  end if;
  return new;
end $function$;
comment on function ops.check_delivery_state() is 'Refuses the changes of webhook_deliveries.state that docs/operations/states.md does not have.';
grant execute on function ops.check_delivery_state() to public;

CREATE OR REPLACE FUNCTION ops.check_revocation_status()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- A pair that a refresh brought late is revoked after an earlier one was.
  if old.revocation_status is null and new.revocation_status <> 'pending' then
    raise exception 'a revocation cannot be % before it was asked for', new.revocation_status using errcode = 'TB014';
  end if;
  return new;
end $function$;
comment on function ops.check_revocation_status() is 'Refuses the changes of connections.revocation_status that docs/operations/states.md does not have.';
grant execute on function ops.check_revocation_status() to public;

CREATE OR REPLACE FUNCTION ops.check_run_status()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- What has ended stays as it ended; only a run that failed goes on, when its dead letter is retried.
  if old.status <> 'running' and (old.status, new.status) <> ('failed', 'running') then
    raise exception 'a sync run cannot go from % to %', old.status, new.status using errcode = 'TB013';
  end if;
  return new;
end $function$;
comment on function ops.check_run_status() is 'Refuses the changes of sync_runs.status that docs/operations/states.md does not have.';
grant execute on function ops.check_run_status() to public;

CREATE OR REPLACE FUNCTION ops.choose_time_zone()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if new.time_zone is not null then
    -- Everything that has no offset is placed by it: a name that Postgres does not know would stop the person's data.
    begin
      perform now() at time zone new.time_zone;
    exception when invalid_parameter_value then
      raise exception 'time_zone is no IANA time zone' using errcode = 'check_violation';
    end;
  end if;
  new.time_zone_platform := null;
  return new;
end $function$;
comment on function ops.choose_time_zone() is 'What a person chooses is theirs: no platform changes it any more. Refuses what is no time zone.';
grant execute on function ops.choose_time_zone() to public;

CREATE OR REPLACE FUNCTION ops.closed_partitions(p_table text, p_before timestamp with time zone)
 RETURNS TABLE(name text, starts timestamp with time zone, ends timestamp with time zone)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select c.relname, b.bounds[1]::timestamptz, b.bounds[2]::timestamptz
  from pg_inherits i join pg_class c on c.oid = i.inhrelid,
    regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') as b (bounds)
  where i.inhparent = format('public.%I', p_table)::regclass and b.bounds[2]::timestamptz <= p_before
  order by 2
$function$;
comment on function ops.closed_partitions(text,timestamp with time zone) is 'The months of a partitioned table that ended before a time, oldest first.';
grant execute on function ops.closed_partitions(text,timestamp with time zone) to public;
grant execute on function ops.closed_partitions(text,timestamp with time zone) to tributary_service;

CREATE OR REPLACE FUNCTION ops.count_raw_data_deleted()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  with touched as (
    select distinct removed.user_id, removed.created_at::date as date, removed.platform from removed
  ), gone as (
    delete from public.user_fitness_summary summary using touched
    where (summary.user_id, summary.date, summary.platform) = (touched.user_id, touched.date, touched.platform)
    returning 1
  )
  insert into public.user_fitness_summary as summary (user_id, date, platform, data_points, data_types)
  select raw.user_id, touched.date, raw.platform, count(*), jsonb_agg(distinct raw.data_type)
  from touched
  join public.raw_fitness_data raw
    on raw.user_id = touched.user_id and raw.platform = touched.platform
    and raw.created_at >= touched.date and raw.created_at < touched.date + 1
  group by raw.user_id, touched.date, raw.platform
  on conflict (user_id, date, platform) do update
  set data_points = excluded.data_points, data_types = excluded.data_types;
  return null;
end $function$;
comment on function ops.count_raw_data_deleted() is 'Counts the days again from which payloads were removed.';
grant execute on function ops.count_raw_data_deleted() to public;

CREATE OR REPLACE FUNCTION ops.count_raw_data_inserted()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into public.user_fitness_summary as summary (user_id, date, platform, data_points, data_types)
  select added.user_id, added.created_at::date, added.platform, count(*), jsonb_agg(distinct added.data_type)
  from added
  group by added.user_id, added.created_at::date, added.platform
  order by 1, 2, 3
  on conflict (user_id, date, platform) do update
  set data_points = summary.data_points + excluded.data_points,
      data_types = (
        select jsonb_agg(distinct kind)
        from jsonb_array_elements_text(summary.data_types || excluded.data_types) as kind
      );
  return null;
end $function$;
comment on function ops.count_raw_data_inserted() is 'Keeps user_fitness_summary equal to a count over raw_fitness_data, at the cost of the new rows alone.';
grant execute on function ops.count_raw_data_inserted() to public;

CREATE OR REPLACE FUNCTION ops.covered_seconds(p_times tstzmultirange)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
RETURN (SELECT (round(sum(EXTRACT(epoch FROM (upper(part.part) - lower(part.part))))))::integer AS round FROM unnest(covered_seconds.p_times) part(part));
comment on function ops.covered_seconds(tstzmultirange) is 'How long these times are together; null where there are none, which is not zero.';
grant execute on function ops.covered_seconds(tstzmultirange) to public;
grant execute on function ops.covered_seconds(tstzmultirange) to tributary_service;

CREATE OR REPLACE FUNCTION ops.create_monthly_partitions(p_months_ahead integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_start date;
  v_created integer := 0;
  v_name text;
begin
  perform pg_advisory_xact_lock(hashtextextended('ops.create_monthly_partitions', 0));
  for v_start in
    select generate_series(date_trunc('month', now()), date_trunc('month', now()) + make_interval(months => p_months_ahead), '1 month')::date
  loop
    v_name := 'raw_fitness_data_' || to_char(v_start, 'YYYY_MM');
    if to_regclass('public.' || v_name) is null then
      execute format('create table public.%I partition of public.raw_fitness_data for values from (%L) to (%L)',
        v_name, v_start, (v_start + interval '1 month')::date);
      v_created := v_created + 1;
    end if;
    -- Hasura puts its event trigger on the parent, and Postgres asks for the right on every partition.
    execute format('grant trigger on public.%I to tributary_hasura', v_name);
  end loop;
  return v_created;
end $function$;
comment on function ops.create_monthly_partitions(integer) is 'Creates the partitions of raw_fitness_data for this month and the given number of months ahead; answers how many were new.';
grant execute on function ops.create_monthly_partitions(integer) to tributary_service;

CREATE OR REPLACE FUNCTION ops.create_raw_partitions(p_months date[])
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_start date;
  v_created integer := 0;
  v_name text;
begin
  perform pg_advisory_xact_lock(hashtextextended('ops.create_monthly_partitions', 0));
  for v_start in select distinct date_trunc('month', month)::date from unnest(p_months) as month
  loop
    v_name := 'raw_fitness_data_' || to_char(v_start, 'YYYY_MM');
    if to_regclass('public.' || v_name) is null then
      execute format('create table public.%I partition of public.raw_fitness_data for values from (%L) to (%L)',
        v_name, v_start, (v_start + interval '1 month')::date);
      v_created := v_created + 1;
    end if;
    execute format('grant trigger on public.%I to tributary_hasura', v_name);
  end loop;
  return v_created;
end $function$;
comment on function ops.create_raw_partitions(date[]) is 'Creates the partitions of raw_fitness_data for the given months, for a copy that is imported; answers how many were new. Call it in a transaction of its own: it locks the table for a moment.';
grant execute on function ops.create_raw_partitions(date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.create_sample_partitions(p_months date[])
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_start date;
  v_created integer := 0;
  v_name text;
begin
  perform pg_advisory_xact_lock(hashtextextended('ops.create_sample_partitions', 0));
  for v_start in select distinct date_trunc('month', month)::date from unnest(p_months) as month
  loop
    v_name := 'samples_' || to_char(v_start, 'YYYY_MM');
    if to_regclass('public.' || v_name) is null then
      execute format('create table public.%I partition of public.samples for values from (%L) to (%L)',
        v_name, v_start, (v_start + interval '1 month')::date);
      v_created := v_created + 1;
    end if;
  end loop;
  return v_created;
end $function$;
comment on function ops.create_sample_partitions(date[]) is 'Creates the partitions of samples for the given months; answers how many were new. Call it in a transaction of its own: it locks the table for a moment.';
grant execute on function ops.create_sample_partitions(date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.drop_archived_partition(p_table text, p_name text, p_kept_platforms text[])
 RETURNS TABLE(outcome text, archived bigint, changed uuid[])
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '5s'
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_part record;
  v_column text := case p_table when 'samples' then 'started_at' else 'created_at' end;
  v_others boolean;
begin
  select p.* into v_part from ops.closed_partitions(p_table, now()) p where p.name = p_name;
  if not found then raise exception 'there is no closed month %', p_name; end if;
  -- Nobody writes to it from here until it is gone: what is compared is what is dropped.
  execute format('lock table public.%I in share row exclusive mode', p_name);
  execute format('
    with live as (
      select t.user_id, count(*) as n, bit_xor(hashtextextended(t::text, 0)) as digest from public.%I t
      where t.platform <> all ($1)
        and not exists (select from public.legal_holds h where h.released_at is null and (h.everybody or h.user_id = t.user_id))
      group by t.user_id
    ), kept as (
      select a.user_id, sum(a.row_count) as n, bit_xor(a.rows_digest) as digest from ops.archives a
      where a.source = $2 and a.month = $3 and a.dropped_at is null group by a.user_id
    )
    select coalesce(sum(kept.n), 0), array_agg(user_id) filter (where live.n is distinct from kept.n or live.digest is distinct from kept.digest)
    from live full join kept using (user_id)', p_name)
    into archived, changed using p_kept_platforms, p_table, v_part.starts::date;
  if changed is not null then
    outcome := 'changed';
    return next;
    return;
  end if;
  execute format('select (select count(*) from public.%I) > $1', p_name) into v_others using archived;
  if v_others then
    -- Through the table itself: what counts its rows hears of it.
    execute format('delete from public.%I t where t.%I >= $1 and t.%I < $2 and t.platform <> all ($3) and exists (
      select from ops.archives a where a.user_id = t.user_id and a.source = $4 and a.month = $5 and a.dropped_at is null)', p_table, v_column, v_column)
      using v_part.starts, v_part.ends, p_kept_platforms, p_table, v_part.starts::date;
  else
    perform ops.drop_partition(p_table, p_name, v_part.starts, v_part.ends);
  end if;
  update ops.archives a set dropped_at = now() where a.source = p_table and a.month = v_part.starts::date and a.dropped_at is null;
  outcome := case when v_others then 'emptied' else 'dropped' end;
  return next;
end $function$;
comment on function ops.drop_archived_partition(text,text,text[]) is 'Drops a month whose every row is in an archive, or answers of whom it is not. Rows of platforms whose policy can ask them back, and of people under a legal hold, stay. Safe to run twice.';
grant execute on function ops.drop_archived_partition(text,text,text[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.drop_expired_partitions(p_table text, p_before timestamp with time zone)
 RETURNS TABLE(partition_name text, outcome text, deleted bigint)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '5s'
AS $function$
declare
  v_part record;
  v_held boolean;
  v_column text := case p_table when 'samples' then 'started_at' else 'created_at' end;
begin
  if p_table not in ('raw_fitness_data', 'samples') then
    raise exception 'only raw_fitness_data and samples have partitions that expire';
  end if;
  if exists (select from public.legal_holds h where h.released_at is null and h.everybody) then return; end if;
  for v_part in
    select p.name, p.starts, p.ends from ops.closed_partitions(p_table, p_before) p
  loop
    execute format('select exists (select from public.%I t join public.legal_holds h on h.user_id = t.user_id where h.released_at is null)',
      v_part.name) into v_held;
    if v_held then
      -- Through the table itself: what counts its rows hears of it.
      execute format('delete from public.%I t where t.%I >= $1 and t.%I < $2
        and not exists (select from public.legal_holds h where h.user_id = t.user_id and h.released_at is null)',
        p_table, v_column, v_column) using v_part.starts, v_part.ends;
      get diagnostics deleted = row_count;
      outcome := 'held';
    else
      execute format('select count(*) from public.%I', v_part.name) into deleted;
      perform ops.drop_partition(p_table, v_part.name, v_part.starts, v_part.ends);
      outcome := 'dropped';
    end if;
    partition_name := v_part.name;
    return next;
  end loop;
end $function$;
comment on function ops.drop_expired_partitions(text,timestamp with time zone) is 'Drops the months of raw_fitness_data or samples that ended before a time; of a month with rows under a legal hold everybody else''s rows go. Safe to run twice.';
grant execute on function ops.drop_expired_partitions(text,timestamp with time zone) to tributary_service;

CREATE OR REPLACE FUNCTION ops.drop_partition(p_table text, p_name text, p_starts timestamp with time zone, p_ends timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if p_table = 'raw_fitness_data' then
    -- What hangs on the payloads, and the counts of them, which a dropped table would not tell.
    delete from ops.rejected_records r where r.raw_created_at >= p_starts and r.raw_created_at < p_ends;
    delete from public.user_fitness_summary s where s.date >= p_starts::date and s.date < p_ends::date;
  end if;
  execute format('alter table public.%I detach partition public.%I', p_table, p_name);
  execute format('drop table public.%I', p_name);
end $function$;
comment on function ops.drop_partition(text,text,timestamp with time zone,timestamp with time zone) is 'Drops a month of raw_fitness_data or samples with what hangs on its rows. For functions of the owner.';

CREATE OR REPLACE FUNCTION ops.end_results(p_results jsonb, p_reason text)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
BEGIN ATOMIC
 SELECT COALESCE(jsonb_agg(
         CASE
             WHEN ((r.result ->> 'outcome'::text) <> 'running'::text) THEN r.result
             WHEN ((end_results.p_reason IS NULL) AND (((r.result ->> 'requested'::text))::integer > 0)) THEN (r.result || '{"outcome": "requested"}'::jsonb)
             WHEN ((end_results.p_reason IS NULL) AND ((r.result ->> 'reason'::text) IS NULL)) THEN (r.result || '{"outcome": "complete"}'::jsonb)
             ELSE (r.result || jsonb_build_object('outcome', 'partial', 'reason', COALESCE((r.result ->> 'reason'::text), end_results.p_reason)))
         END ORDER BY r.place), '[]'::jsonb) AS "coalesce"
    FROM jsonb_array_elements(end_results.p_results) WITH ORDINALITY r(result, place);
END;
comment on function ops.end_results(jsonb,text) is 'What a sync run says of each data type once it has ended: complete where nothing was in the way, or requested where it was asked for and the platform sends it by itself; partial with the reason otherwise.';
grant execute on function ops.end_results(jsonb,text) to public;
grant execute on function ops.end_results(jsonb,text) to tributary_service;

CREATE OR REPLACE FUNCTION ops.end_with_job(p_payload jsonb, p_cause text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update public.sync_runs r set status = 'failed', error_code = p_cause, results = ops.end_results(r.results, p_cause),
    waiting_until = null, finished_at = now(), updated_at = now()
  where r.user_id::text = p_payload ->> 'userId' and r.id::text = p_payload ->> 'runId' and r.status = 'running';
  update ops.callbacks c set state = 'failed', outcome = p_cause, finished_at = now()
  where c.user_id::text = p_payload ->> 'userId' and c.id::text = p_payload ->> 'callbackId' and c.state = 'waiting';
end $function$;
comment on function ops.end_with_job(jsonb,text) is 'What a job that failed for good leaves behind unfinished ends with it: its sync run, its callback.';
grant execute on function ops.end_with_job(jsonb,text) to public;

CREATE OR REPLACE FUNCTION ops.enforce_policy(p_user_id uuid, p_platform text)
 RETURNS TABLE(effect text, record_type text, records bigint, days date[])
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_policy record;
  v_deauthorized boolean;
begin
  perform pg_advisory_xact_lock(hashtextextended('person:' || p_user_id, 0));
  select p.retention_days, p.source_deletion_hours, p.deauthorization_days into v_policy from public.platforms p where p.id = p_platform;
  v_deauthorized := exists (
    select 1 from public.connections c
    where c.user_id = p_user_id and c.platform = p_platform and c.status = 'disconnected'
      and c.disconnected_at <= now() - make_interval(days => v_policy.deauthorization_days));
  if v_deauthorized then
    delete from ops.deleted_records d where d.user_id = p_user_id and d.platform = p_platform;
  end if;
  return query
  with due as (
    select 'deauthorized' as effect, 'infinity'::timestamptz as before where v_deauthorized
    union all
    select 'expired', now() - make_interval(days => v_policy.retention_days) where not v_deauthorized and v_policy.retention_days is not null
  ), done as (
    select d.effect, r.* from due d cross join lateral ops.remove_data_from_before(p_user_id, p_platform, d.before) r
  ), scrubbed as (
    update ops.deleted_records d set payloads_removed_at = now()
    where d.user_id = p_user_id and d.platform = p_platform and d.payloads_removed_at is null
      and v_policy.source_deletion_hours is not null
    returning ops.remove_record_from_payloads(p_user_id, p_platform, d.source_id, d.observed_at) as payloads
  ), effects as (
    select done.effect, n.key as record_type, n.value::bigint as records, done.days
    from done cross join lateral jsonb_each_text(done.removed) as n
    union all
    select 'deleted_at_source', 'raw_fitness_data', sum(s.payloads)::bigint, '{}'::date[] from scrubbed s
  ), counted as (
    insert into public.policy_effects as p (user_id, platform, effect, record_type, records)
    select p_user_id, p_platform, e.effect, e.record_type, e.records from effects e where e.records > 0
    on conflict on constraint policy_effects_pkey do update set records = p.records + excluded.records, updated_at = now()
  )
  select e.effect, e.record_type, e.records, e.days from effects e where e.records > 0;
end $function$;
comment on function ops.enforce_policy(uuid,text) is 'Deletes what a platform''s policy no longer allows to keep of one person, counts it, and answers what it was and the days to be merged again. Safe to run twice.';
grant execute on function ops.enforce_policy(uuid,text) to tributary_service;

CREATE OR REPLACE FUNCTION ops.find_policy_work(p_limit integer)
 RETURNS TABLE(user_id uuid, platform text)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT due.user_id,
     due.platform
    FROM ( SELECT f.user_id,
             p.id AS platform
            FROM (public.platforms p
              JOIN public.user_fitness_summary f ON ((((f.platform)::text = p.id) AND (f.date <= ((now() - make_interval(days => p.retention_days)))::date))))
         UNION
          SELECT c.user_id,
             c.platform
            FROM (public.connections c
              JOIN public.platforms p ON ((p.id = c.platform)))
           WHERE ((c.status = 'disconnected'::text) AND (c.disconnected_at <= (now() - make_interval(days => p.deauthorization_days))) AND (EXISTS ( SELECT 1
                    FROM public.user_fitness_summary f
                   WHERE ((f.user_id = c.user_id) AND ((f.platform)::text = c.platform)))))
         UNION
          SELECT d.user_id,
             d.platform
            FROM (ops.deleted_records d
              JOIN public.platforms p ON ((p.id = d.platform)))
           WHERE ((p.source_deletion_hours IS NOT NULL) AND (d.payloads_removed_at IS NULL))) due
   WHERE (NOT ops.is_held(due.user_id))
   ORDER BY due.user_id, due.platform
  LIMIT find_policy_work.p_limit;
END;
comment on function ops.find_policy_work(integer) is 'People with data of a platform that its policy no longer allows to keep, or soon will not: ops.enforce_policy looks at each more closely.';
grant execute on function ops.find_policy_work(integer) to public;
grant execute on function ops.find_policy_work(integer) to tributary_service;

CREATE OR REPLACE FUNCTION ops.follow_time_zone(p_user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_newest record;
begin
  -- Of platforms that keep their data apart nothing may decide where others' data belongs.
  select a.time_zone, a.platform into v_newest
  from public.activities a join public.platforms p on p.id = a.platform and p.combinable
  where a.user_id = p_user_id and a.time_zone is not null and a.started_at is not null
  order by a.started_at desc limit 1;
  if not exists (
    select 1 from public.app_users u
    where u.user_id = p_user_id and (u.time_zone is null or u.time_zone_platform is not null)
      and (u.time_zone, u.time_zone_platform) is distinct from (v_newest.time_zone, v_newest.platform)) then return; end if;
  if v_newest.time_zone is not null then
    begin
      perform now() at time zone v_newest.time_zone;
    exception when invalid_parameter_value then return;
    end;
  end if;
  update public.app_users u set time_zone = v_newest.time_zone, time_zone_platform = v_newest.platform
  where u.user_id = p_user_id and (u.time_zone is null or u.time_zone_platform is not null);
end $function$;
comment on function ops.follow_time_zone(uuid) is 'Sets the time zone of a person who chose none to that of their newest activity; forgets it when there is none any more.';
grant execute on function ops.follow_time_zone(uuid) to tributary_service;

CREATE OR REPLACE FUNCTION ops.has_consent(p_user_id uuid, p_platform text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT (NOT (EXISTS ( SELECT
            FROM public.consent_purposes p
           WHERE (p.required AND (NOT COALESCE(( SELECT ((c.decision = 'given'::text) AND (c.text_version = ( SELECT max(t.version) AS max
                            FROM public.consent_texts t
                           WHERE ((t.platform = has_consent.p_platform) AND (t.purpose = p.id)))))
                    FROM public.consents c
                   WHERE ((c.user_id = has_consent.p_user_id) AND (c.platform = has_consent.p_platform) AND (c.purpose = p.id))
                   ORDER BY c."position" DESC
                  LIMIT 1), false))))));
END;
comment on function ops.has_consent(uuid,text) is 'Whether the person''s latest decision about every required purpose of the platform is to agree, and to the newest text. No text published: false.';
grant execute on function ops.has_consent(uuid,text) to tributary_service;

CREATE OR REPLACE FUNCTION ops.has_no_job(p_key text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  return not exists (select from graphile_worker._private_jobs j where j.key = p_key)
    and not exists (
      select from ops.dead_jobs d join public.dead_letters l on l.id = d.dead_letter_id
      where d.job_key = p_key and l.state <> 'retried');
end $function$;
comment on function ops.has_no_job(text) is 'Whether nothing will happen by itself: no job of that key is queued or runs, and none is kept in dead_letters.';
grant execute on function ops.has_no_job(text) to public;
grant execute on function ops.has_no_job(text) to tributary_service;

CREATE OR REPLACE FUNCTION ops.holds_job(p_job_id bigint, p_worker text, p_since timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
begin
  return exists (
    select from graphile_worker._private_jobs j
    where j.id = p_job_id and j.locked_by = p_worker
      and date_trunc('milliseconds', j.locked_at) = date_trunc('milliseconds', p_since));
end $function$;
comment on function ops.holds_job(bigint,text,timestamp with time zone) is 'Whether the worker has held the job since then without a break. The time tells two holds of one worker apart; a JavaScript date has no microseconds.';
grant execute on function ops.holds_job(bigint,text,timestamp with time zone) to public;
grant execute on function ops.holds_job(bigint,text,timestamp with time zone) to tributary_service;

CREATE OR REPLACE FUNCTION ops.is_held(p_user_id uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT (EXISTS ( SELECT
            FROM public.legal_holds h
           WHERE ((h.released_at IS NULL) AND (h.everybody OR (h.user_id = is_held.p_user_id))))) AS "exists";
END;
comment on function ops.is_held(uuid) is 'Whether a legal hold keeps this person''s data.';
grant execute on function ops.is_held(uuid) to tributary_service;

CREATE OR REPLACE FUNCTION ops.join_sleep_parts(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_observed_at timestamp with time zone, p_records jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 WITH parts AS (
          SELECT r.parts,
             r.source,
             r."startedAt",
             r."endedAt",
             r."endOffsetSeconds",
             r.stages
            FROM jsonb_to_recordset(join_sleep_parts.p_records) r(parts text, source text, "startedAt" timestamp with time zone, "endedAt" timestamp with time zone, "endOffsetSeconds" integer, stages jsonb)
           WHERE ((r.parts = 'some'::text) AND (NOT (EXISTS ( SELECT 1
                    FROM public.sleep_sessions s
                   WHERE ((s.user_id = join_sleep_parts.p_user_id) AND (s.platform = join_sleep_parts.p_platform) AND (s.source = r.source) AND (s.observed_at > join_sleep_parts.p_observed_at) AND (s.started_at <= (r."endedAt" + '01:30:00'::interval)) AND (s.ended_at >= (r."startedAt" - '01:30:00'::interval)) AND (EXISTS ( SELECT 1
                            FROM public.sleep_stages t
                           WHERE ((t.user_id = s.user_id) AND (t.sleep_session_id = s.id) AND (t.raw_id IS NULL)))))))))
         ), known AS (
          SELECT s.user_id,
             s.id,
             s.platform,
             s.source_id,
             s.source,
             s.local_day,
             s.started_at,
             s.ended_at,
             s.end_offset_seconds,
             s.time_zone,
             s.nap,
             s.asleep_s,
             s.in_bed_s,
             s.awake_s,
             s.light_s,
             s.deep_s,
             s.rem_s,
             s.score,
             s.finality,
             s.raw_id,
             s.raw_created_at,
             s.observed_at,
             s.created_at,
             s.updated_at
            FROM public.sleep_sessions s
           WHERE ((s.user_id = join_sleep_parts.p_user_id) AND (s.platform = join_sleep_parts.p_platform) AND (EXISTS ( SELECT 1
                    FROM parts p
                   WHERE ((p.source = s.source) AND (s.started_at <= (p."endedAt" + '01:30:00'::interval)) AND (s.ended_at >= (p."startedAt" - '01:30:00'::interval))))))
         ), told AS (
          SELECT p.source,
             t.stage,
             t."startedAt" AS started_at,
             t."endedAt" AS ended_at,
             t."sourceId" AS source_id,
             p."endOffsetSeconds" AS offset_s,
             join_sleep_parts.p_raw_id AS stage_raw_id,
             join_sleep_parts.p_raw_id AS raw_id,
             join_sleep_parts.p_raw_created_at AS raw_created_at,
             join_sleep_parts.p_observed_at AS observed_at,
             1 AS latest
            FROM (parts p
              CROSS JOIN LATERAL jsonb_to_recordset(p.stages) t(stage text, "startedAt" timestamp with time zone, "endedAt" timestamp with time zone, "sourceId" text))
           WHERE (NOT (EXISTS ( SELECT 1
                    FROM ops.deleted_records d
                   WHERE ((d.user_id = join_sleep_parts.p_user_id) AND (d.platform = join_sleep_parts.p_platform) AND (d.record_type = 'sleep_session'::text) AND (d.source_id = t."sourceId") AND (d.observed_at >= join_sleep_parts.p_observed_at)))))
         UNION ALL
          SELECT k.source,
             t.stage,
             t.started_at,
             t.ended_at,
             t.source_id,
             k.end_offset_seconds,
             t.raw_id,
             k.raw_id,
             k.raw_created_at,
             k.observed_at,
             0
            FROM (known k
              JOIN public.sleep_stages t ON (((t.user_id = k.user_id) AND (t.sleep_session_id = k.id))))
           WHERE (t.raw_id IS DISTINCT FROM join_sleep_parts.p_raw_id)
         ), segments AS (
          SELECT DISTINCT ON (told.source, told.started_at, told.stage) told.source,
             told.stage,
             told.started_at,
             told.ended_at,
             told.source_id,
             told.offset_s,
             told.stage_raw_id,
             told.raw_id,
             told.raw_created_at,
             told.observed_at,
             told.latest
            FROM told
           ORDER BY told.source, told.started_at, told.stage, told.latest, told.ended_at DESC
         ), begun AS (
          SELECT segments.source,
             segments.stage,
             segments.started_at,
             segments.ended_at,
             segments.source_id,
             segments.offset_s,
             segments.stage_raw_id,
             segments.raw_id,
             segments.raw_created_at,
             segments.observed_at,
             segments.latest,
             (segments.started_at > (max(segments.ended_at) OVER (PARTITION BY segments.source ORDER BY segments.started_at, segments.ended_at, segments.stage ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + '01:30:00'::interval)) AS is_first
            FROM segments
         ), numbered AS (
          SELECT begun.source,
             begun.stage,
             begun.started_at,
             begun.ended_at,
             begun.source_id,
             begun.offset_s,
             begun.stage_raw_id,
             begun.raw_id,
             begun.raw_created_at,
             begun.observed_at,
             begun.latest,
             begun.is_first,
             count(*) FILTER (WHERE begun.is_first) OVER (PARTITION BY begun.source ORDER BY begun.started_at, begun.ended_at, begun.stage) AS night
            FROM begun
         ), nights AS (
          SELECT n.source,
             min(n.started_at) AS started_at,
             max(n.ended_at) AS ended_at,
             max(n.observed_at) AS observed_at,
             (array_agg(n.offset_s ORDER BY n.ended_at DESC) FILTER (WHERE (n.offset_s IS NOT NULL)))[1] AS offset_s,
             (array_agg(n.raw_id ORDER BY n.observed_at DESC))[1] AS raw_id,
             (array_agg(n.raw_created_at ORDER BY n.observed_at DESC))[1] AS raw_created_at,
             range_agg(tstzrange(n.started_at, n.ended_at)) FILTER (WHERE (n.stage = ANY (ARRAY['asleep'::text, 'light'::text, 'deep'::text, 'rem'::text]))) AS asleep,
             range_agg(tstzrange(n.started_at, n.ended_at)) FILTER (WHERE (n.stage = 'in_bed'::text)) AS in_bed,
             range_agg(tstzrange(n.started_at, n.ended_at)) FILTER (WHERE (n.stage = 'awake'::text)) AS awake,
             range_agg(tstzrange(n.started_at, n.ended_at)) FILTER (WHERE (n.stage = 'light'::text)) AS light,
             range_agg(tstzrange(n.started_at, n.ended_at)) FILTER (WHERE (n.stage = 'deep'::text)) AS deep,
             range_agg(tstzrange(n.started_at, n.ended_at)) FILTER (WHERE (n.stage = 'rem'::text)) AS rem,
             jsonb_agg(jsonb_build_object('stage', n.stage, 'startedAt', n.started_at, 'endedAt', n.ended_at, 'sourceId', n.source_id, 'rawId', n.stage_raw_id)) AS stages
            FROM numbered n
           GROUP BY n.source, n.night
         )
  SELECT (COALESCE(( SELECT jsonb_agg(r.value) AS jsonb_agg
            FROM jsonb_array_elements(join_sleep_parts.p_records) r(value)
           WHERE ((r.value ->> 'parts'::text) IS DISTINCT FROM 'some'::text)), '[]'::jsonb) || COALESCE(( SELECT jsonb_agg(jsonb_build_object('parts', 'some', 'source', n.source, 'startedAt', n.started_at, 'endedAt', n.ended_at, 'sourceId', ((n.source || '|'::text) || to_char((n.started_at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'::text)), 'endOffsetSeconds', n.offset_s, 'timeZone', NULL::unknown, 'nap', false, 'finality', 0, 'asleepS', ops.covered_seconds(n.asleep), 'inBedS', ops.covered_seconds(n.in_bed), 'awakeS', ops.covered_seconds(n.awake), 'lightS', ops.covered_seconds(n.light), 'deepS', ops.covered_seconds(n.deep), 'remS', ops.covered_seconds(n.rem), 'stages', n.stages, 'rawId', n.raw_id, 'rawCreatedAt', n.raw_created_at, 'observedAt', n.observed_at)) AS jsonb_agg
            FROM nights n), '[]'::jsonb));
END;
comment on function ops.join_sleep_parts(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) is 'Of sleep that arrives in parts (parts: some): whole nights, made of these parts and of what is known of the same source no further than 90 minutes away. Other records are answered as they are.';
grant execute on function ops.join_sleep_parts(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to public;
grant execute on function ops.join_sleep_parts(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to tributary_service;

CREATE OR REPLACE FUNCTION ops.lock_consent(p_user_id uuid, p_platform text)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- A withdrawal locks the row for update: it waits for writers that asked before it, and those that ask after it see it.
  perform from public.app_users u where u.user_id = p_user_id for key share;
  return found and ops.has_consent(p_user_id, p_platform);
end $function$;
comment on function ops.lock_consent(uuid,text) is 'As has_consent, and it stays so until the transaction ends. Whoever writes a person''s data asks it first. False also when the person is gone.';
grant execute on function ops.lock_consent(uuid,text) to tributary_service;

CREATE OR REPLACE FUNCTION ops.mark_days_of_changed_policy()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into ops.summary_rebuilds (user_id, local_day)
  select s.user_id, s.local_day from public.daily_summaries s
  where s.user_id in (select f.user_id from public.user_fitness_summary f where f.platform = new.id)
  on conflict (user_id, local_day) do update set requested_at = now();
  return null;
end $function$;
comment on function ops.mark_days_of_changed_policy() is 'Has all days of a platform''s people merged again when its data may be combined from now on, or no longer.';

CREATE OR REPLACE FUNCTION ops.mark_days_of_changed_priorities()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into ops.summary_rebuilds (user_id, local_day)
  select s.user_id, s.local_day from public.daily_summaries s where s.user_id = coalesce(new.user_id, old.user_id)
  on conflict (user_id, local_day) do update set requested_at = now();
  return null;
end $function$;
comment on function ops.mark_days_of_changed_priorities() is 'Has all days of a person merged again whose order of devices changed.';

CREATE OR REPLACE FUNCTION ops.match_activities(p_user_id uuid, p_days date[])
 RETURNS date[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_near date[] := array(select distinct day + beside from unnest(p_days) as day cross join generate_series(-1, 1) as beside);
  v_pair record;
  v_shown uuid;
  v_hidden uuid[] := '{}';
  v_found jsonb := '[]';
  v_changed date[];
begin
  for v_pair in
    with ranks as materialized (
      select d.platform, d.device_name, ops.source_rank(p_user_id, 'activity_count', d.platform, d.device_name) as rank
      from (
        select distinct a.platform, coalesce(a.device_name, '') as device_name
        from public.activities a where a.user_id = p_user_id and a.local_day = any (v_near)
      ) as d
    ), candidates as (
      select a.id, a.platform, a.source_id, a.parent_source_id, a.local_day, a.device_name, a.started_at, a.distance_m, a.sport,
        case when p.combinable then '' else a.platform end as platform_group,
        coalesce(s.family, s.id) as family, a.sport in ('workout', 'other') as any_family,
        coalesce(a.elapsed_time_s, a.moving_time_s) as duration_s,
        coalesce(a.ended_at, a.started_at + make_interval(secs => coalesce(a.elapsed_time_s, a.moving_time_s, 0))) as ended_at,
        -- A whole whose parts are counted stays: to show another record of it would count both.
        row_number() over (order by a.counted, r.rank, a.manual, not a.has_route, a.platform, a.source_id) as place
      from public.activities a
      join public.platforms p on p.id = a.platform
      join public.sports s on s.id = a.sport
      join ranks r on r.platform = a.platform and r.device_name = coalesce(a.device_name, '')
      where a.user_id = p_user_id and a.local_day = any (v_near)
    ), compared as (
      select a.id as hidden, b.id as shown, a.place as hidden_place, b.place as shown_place,
        a.family = b.family as same_family, a.family = b.family or a.any_family or b.any_family as may_be_same,
        a.started_at is null or b.started_at is null as start_hidden, a.local_day = b.local_day as same_day,
        abs(extract(epoch from a.started_at - b.started_at)) as start_difference_s,
        abs(a.duration_s - b.duration_s) <= greatest(60, 0.02 * greatest(a.duration_s, b.duration_s)) as same_duration,
        extract(epoch from least(a.ended_at, b.ended_at) - greatest(a.started_at, b.started_at))
          / nullif(extract(epoch from greatest(a.ended_at - a.started_at, b.ended_at - b.started_at)), 0) as overlap,
        least(a.ended_at, b.ended_at) - greatest(a.started_at, b.started_at) as together,
        a.ended_at - a.started_at as hidden_length, tstzrange(a.started_at, a.ended_at) as hidden_time, nullif(a.distance_m, 0) as hidden_m,
        b.ended_at - b.started_at as shown_length, tstzrange(b.started_at, b.ended_at) as shown_time, nullif(b.distance_m, 0) as shown_m,
        a.platform as hidden_platform, a.device_name as hidden_device, b.platform as shown_platform, b.device_name as shown_device,
        abs(nullif(a.distance_m, 0) - nullif(b.distance_m, 0)) as distance_difference_m, greatest(a.distance_m, b.distance_m) as distance_m
      from candidates a join candidates b on b.place < a.place and b.platform_group = a.platform_group
        -- Nothing else can be the same, and a day of many workouts has the square of them as pairs.
        and (a.started_at is null or b.started_at is null or (a.started_at <= greatest(b.started_at, b.ended_at) + interval '2 minutes'
          and b.started_at <= greatest(a.started_at, a.ended_at) + interval '2 minutes'))
      -- One device records one workout at a time; the parts of an event, and the event itself, are not each other.
      -- Of a workout that one platform tells twice (an app's upload and an export, say) only the ids differ.
      where (a.platform <> b.platform or ((a.device_name <> b.device_name or (a.sport = b.sport
            and abs(extract(epoch from a.started_at - b.started_at)) < 2 and abs(extract(epoch from a.ended_at - b.ended_at)) < 2 and coalesce(abs(a.distance_m - b.distance_m) <= 10, true)))
          and a.parent_source_id is distinct from b.source_id
          and b.parent_source_id is distinct from a.source_id and (a.parent_source_id = b.parent_source_id) is not true))
    ), inside as (
      select c.shown as whole, c.shown_place as whole_place, c.shown_time as whole_time, c.shown_m as whole_m,
        c.hidden as piece, c.hidden_place as place, c.hidden_time as time, c.hidden_m as m, c.hidden_platform as platform, c.hidden_device as device_name
      from compared c where c.same_family and c.hidden_length < c.shown_length
        and c.together >= 0.5 * c.hidden_length and c.hidden_length - c.together <= greatest(0.1 * c.hidden_length, interval '1 minute')
      union all
      select c.hidden, c.hidden_place, c.hidden_time, c.hidden_m, c.shown, c.shown_place, c.shown_time, c.shown_m, c.shown_platform, c.shown_device
      from compared c where c.same_family and c.shown_length < c.hidden_length
        and c.together >= 0.5 * c.shown_length and c.shown_length - c.together <= greatest(0.1 * c.shown_length, interval '1 minute')
    ), pieces as (
      select i.whole, i.whole_place, i.whole_time, i.whole_m, min(i.place) as place, array_agg(i.piece order by i.place) as pieces, array_agg(i.place order by i.place) as places,
        ops.covered_seconds(range_agg(i.time)) as covered_s, sum(extract(epoch from upper(i.time) - lower(i.time))) as told_s,
        case when count(i.m) = count(*) then sum(i.m) end as told_m
      from inside i
      -- Of longer ones, not every piece is among the days beside those that are merged.
      where upper(i.whole_time) - lower(i.whole_time) <= interval '1 day'
      group by i.whole, i.whole_place, i.whole_time, i.whole_m, i.platform, i.device_name
      having count(*) > 1
    ), cut as (
      -- What one device cut is compared as though it were one record; what it tells twice counts once.
      select p.* from pieces p
      cross join lateral (select p.told_m * p.covered_s / nullif(p.told_s, 0) as m) as t
      cross join lateral (select abs(p.whole_m - t.m) as difference_m, greatest(p.whole_m, t.m) as distance_m) as d
      where (p.covered_s >= 0.7 * extract(epoch from upper(p.whole_time) - lower(p.whole_time))
          and coalesce(d.difference_m <= greatest(300, 0.2 * d.distance_m), true))
        or d.difference_m <= greatest(50, 0.03 * d.distance_m)
    ), best as (
      -- Of a whole and all that cut it the best-ranked one is shown: it alone, or all of its pieces.
      select c.whole, c.whole_place, least(c.whole_place, min(c.place)) as place,
        case when c.whole_place < min(c.place) then c.whole else (array_agg(c.pieces[1] order by c.place))[1] end as shown
      from cut c group by c.whole, c.whole_place
    ), found as (
      select c.hidden, c.shown, c.hidden_place, c.shown_place, false as by_pieces, case when c.start_hidden then 'day' else 'time' end as matched_by
      from compared c
      where case
        when c.start_hidden then c.same_day and c.same_family and c.same_duration
          and c.distance_difference_m <= greatest(50, 0.02 * c.distance_m)
        else c.may_be_same and (
          (c.overlap >= case when c.same_family then 0.7 else 0.85 end
            and coalesce(c.distance_difference_m <= greatest(300, 0.2 * c.distance_m), true))
          -- Nobody starts two workouts of one kind at once: one of the records was cut, corrected, or not stopped.
          or (c.same_family and c.start_difference_s <= 5 and c.overlap >= 0.25)
          -- Some platforms leave pauses out of the duration: then the start and the distance tell.
          or (c.same_family and c.start_difference_s <= 120 and c.distance_difference_m <= greatest(50, 0.03 * c.distance_m)))
        end
      union all
      select p.id, b.shown, p.place, b.place, true, 'time'
      from cut c join best b on b.whole = c.whole cross join lateral unnest(c.pieces, c.places) as p (id, place) where b.place < c.place
      union all
      select b.whole, b.shown, b.whole_place, b.place, true, 'time' from best b where b.place < b.whole_place
    )
    select f.hidden, f.shown, f.matched_by from found f order by f.hidden_place, f.by_pieces, f.shown_place
  loop
    continue when v_pair.hidden = any (v_hidden);
    -- What is like a record that is hidden itself is one workout with that which hides it, unless one device recorded both.
    v_shown := coalesce((select (f ->> 'shown')::uuid from jsonb_array_elements(v_found) as f where f ->> 'hidden' = v_pair.shown::text), v_pair.shown);
    continue when v_shown <> v_pair.shown and exists (
      select 1 from public.activities a join public.activities b on b.user_id = a.user_id and b.platform = a.platform
        and b.device_name is not distinct from a.device_name
      where a.user_id = p_user_id and a.id = v_shown and b.id = v_pair.hidden);
    v_hidden := v_hidden || v_pair.hidden;
    v_found := v_found || jsonb_build_object('hidden', v_pair.hidden, 'shown', v_shown, 'matched_by', v_pair.matched_by);
  end loop;
  if v_hidden = '{}' and not exists (select from public.activity_duplicates d where d.user_id = p_user_id) then return '{}'; end if;

  with wanted as (
    select f.* from jsonb_to_recordset(v_found) as f (hidden uuid, shown uuid, matched_by text)
    join public.activities a on a.user_id = p_user_id and a.id = f.hidden and a.local_day = any (p_days)
  ), gone as (
    delete from public.activity_duplicates d using public.activities a
    where d.user_id = p_user_id and a.user_id = d.user_id and a.id = d.activity_id and a.local_day = any (p_days)
      and not exists (select 1 from wanted w where w.hidden = d.activity_id)
    returning d.activity_id, d.shown_id
  ), written as (
    insert into public.activity_duplicates as d (user_id, activity_id, shown_id, matched_by)
    select p_user_id, w.hidden, w.shown, w.matched_by from wanted w
    on conflict (user_id, activity_id) do update set shown_id = excluded.shown_id, matched_by = excluded.matched_by
    where (d.shown_id, d.matched_by) is distinct from (excluded.shown_id, excluded.matched_by)
    returning d.activity_id, d.shown_id
  )
  select array_agg(distinct a.local_day) into v_changed
  from (select * from gone union all select * from written) as c
  join public.activities a on a.user_id = p_user_id and a.id in (c.activity_id, c.shown_id);
  return coalesce(v_changed, '{}');
end $function$;
comment on function ops.match_activities(uuid,date[]) is 'Recognizes records of the same workout among the activities of the given days and the days beside them, and answers the days on which that changed something. Same activities in, same pairs out. Call it inside the person''s lock.';
grant execute on function ops.match_activities(uuid,date[]) to public;
grant execute on function ops.match_activities(uuid,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.merge_activities(p_user_id uuid, p_days date[])
 RETURNS TABLE(local_day date, kind text, platform_group text, value numeric, sources jsonb)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 WITH shown AS (
          SELECT a.user_id,
             a.id,
             a.platform,
             a.source_id,
             a.sport,
             a.source_sport,
             a.name,
             a.local_day,
             a.started_at,
             a.ended_at,
             a.start_offset_seconds,
             a.time_zone,
             a.start_time_hidden,
             a.distance_m,
             a.moving_time_s,
             a.elapsed_time_s,
             a.elevation_gain_m,
             a.mean_speed_m_per_s,
             a.max_speed_m_per_s,
             a.heart_rate_mean_bpm,
             a.heart_rate_max_bpm,
             a.cadence_mean_rpm,
             a.power_mean_w,
             a.energy_kcal,
             a.manual,
             a.indoor,
             a.has_route,
             a.private,
             a.device_name,
             a.source_url,
             a.raw_id,
             a.raw_created_at,
             a.observed_at,
             a.details_observed_at,
             a.created_at,
             a.updated_at,
             a.parent_source_id,
             a.counted,
                 CASE
                     WHEN p.combinable THEN ''::text
                     ELSE a.platform
                 END AS platform_group
            FROM (public.activities a
              JOIN public.platforms p ON ((p.id = a.platform)))
           WHERE ((a.user_id = merge_activities.p_user_id) AND (a.local_day = ANY (merge_activities.p_days)) AND a.counted AND (NOT (EXISTS ( SELECT 1
                    FROM public.activity_duplicates d
                   WHERE ((d.user_id = a.user_id) AND (d.activity_id = a.id))))))
         ), totals AS (
          SELECT s.local_day,
             s.platform_group,
             s.platform,
             (count(*))::numeric AS activity_count,
             sum(s.distance_m) AS distance_m,
             (sum(s.moving_time_s))::numeric AS moving_time_s,
             (sum(s.elapsed_time_s))::numeric AS elapsed_time_s,
             sum(s.elevation_gain_m) AS elevation_gain_m,
             sum(s.energy_kcal) AS energy_kcal,
             round((sum((s.heart_rate_mean_bpm * (s.moving_time_s)::numeric)) FILTER (WHERE (s.moving_time_s > 0)) / (NULLIF(sum(s.moving_time_s) FILTER (WHERE (s.heart_rate_mean_bpm IS NOT NULL)), 0))::numeric), 2) AS heart_rate_mean_bpm,
             max(s.heart_rate_max_bpm) AS heart_rate_max_bpm
            FROM shown s
           GROUP BY GROUPING SETS ((s.local_day, s.platform_group, s.platform), (s.local_day, s.platform_group))
         ), numbers AS (
          SELECT t.local_day,
             t.platform_group,
             t.platform,
             n_1.kind,
             n_1.value
            FROM (totals t
              CROSS JOIN LATERAL ( VALUES ('activity_count'::text,t.activity_count), ('activity_distance_m'::text,t.distance_m), ('activity_moving_time_s'::text,t.moving_time_s), ('activity_elapsed_time_s'::text,t.elapsed_time_s), ('activity_elevation_gain_m'::text,t.elevation_gain_m), ('activity_energy_kcal'::text,t.energy_kcal), ('activity_heart_rate_mean_bpm'::text,t.heart_rate_mean_bpm), ('activity_heart_rate_max_bpm'::text,t.heart_rate_max_bpm)) n_1(kind, value))
           WHERE (n_1.value IS NOT NULL)
         )
  SELECT n.local_day,
     n.kind,
     n.platform_group,
     max(n.value) FILTER (WHERE (n.platform IS NULL)) AS max,
     jsonb_agg(jsonb_build_object('platform', n.platform, 'value', n.value) ORDER BY n.platform) FILTER (WHERE (n.platform IS NOT NULL)) AS jsonb_agg
    FROM numbers n
   GROUP BY n.local_day, n.kind, n.platform_group;
END;
comment on function ops.merge_activities(uuid,date[]) is 'Totals of the workouts of each day, each counted once; call ops.match_activities first.';
grant execute on function ops.merge_activities(uuid,date[]) to public;
grant execute on function ops.merge_activities(uuid,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.merge_days(p_user_id uuid, p_days date[])
 RETURNS void
 LANGUAGE sql
BEGIN ATOMIC
 WITH candidates AS (
          SELECT s.local_day,
             s.kind,
             s.platform_group,
             s.value,
             'sleep_sessions'::text AS method,
             s.sources,
             1 AS place
            FROM ops.merge_sleep(merge_days.p_user_id, merge_days.p_days) s(local_day, kind, platform_group, value, sources)
         UNION ALL
          SELECT t.local_day,
             t.kind,
             t.platform_group,
             t.value,
             t.method,
             t.sources,
             2
            FROM ops.merge_totals(merge_days.p_user_id, merge_days.p_days) t(local_day, kind, platform_group, value, method, sources)
         UNION ALL
          SELECT a.local_day,
             a.kind,
             a.platform_group,
             a.value,
             'activities'::text,
             a.sources,
             2
            FROM ops.merge_activities(merge_days.p_user_id, merge_days.p_days) a(local_day, kind, platform_group, value, sources)
         UNION ALL
          SELECT p.local_day,
             p.kind,
             p.platform_group,
             p.value,
             'preferred_source'::text,
             p.sources,
             2
            FROM ops.merge_preferred(merge_days.p_user_id, merge_days.p_days) p(local_day, kind, platform_group, value, sources)
         ), one_for_each_group AS (
          SELECT DISTINCT ON (c.local_day, c.kind, c.platform_group) c.local_day,
             c.kind,
             c.platform_group,
             c.value,
             c.method,
             c.sources,
             c.place
            FROM candidates c
           ORDER BY c.local_day, c.kind, c.platform_group, c.place
         ), counted AS (
          SELECT g.local_day,
             g.kind,
             g.platform_group,
             g.value,
             g.method,
             g.sources,
             g.place,
             count(*) OVER (PARTITION BY g.local_day, g.kind) AS choices
            FROM one_for_each_group g
         ), placed AS (
          SELECT g.local_day,
             g.kind,
             g.platform_group,
             g.value,
             g.method,
             g.sources,
             g.place,
             g.choices,
             row_number() OVER (PARTITION BY g.local_day, g.kind ORDER BY
                 CASE
                     WHEN ((g.choices = 1) OR (g.platform_group = ''::text)) THEN 0
                     ELSE ops.source_rank(merge_days.p_user_id, g.kind, g.platform_group, ''::text)
                 END, g.platform_group) AS choice
            FROM counted g
         ), merged AS (
          SELECT c.local_day,
             c.kind,
             c.value,
             c.method,
             c.sources,
             COALESCE(( SELECT jsonb_agg(jsonb_build_object('platform', o.platform_group, 'value', o.value) ORDER BY o.platform_group) AS jsonb_agg
                    FROM placed o
                   WHERE ((o.local_day = c.local_day) AND (o.kind = c.kind) AND (o.choice > 1))), '[]'::jsonb) AS kept_apart
            FROM placed c
           WHERE (c.choice = 1)
         ), gone AS (
          DELETE FROM public.merged_metrics m_1
           WHERE ((m_1.user_id = merge_days.p_user_id) AND (m_1.local_day = ANY (merge_days.p_days)) AND (NOT (EXISTS ( SELECT 1
                    FROM merged n
                   WHERE ((n.local_day = m_1.local_day) AND (n.kind = m_1.kind))))))
         )
  INSERT INTO public.merged_metrics AS m (user_id, local_day, kind, value, method, sources, kept_apart)  SELECT merge_days.p_user_id AS p_user_id,
             n.local_day,
             n.kind,
             n.value,
             n.method,
             n.sources,
             n.kept_apart
            FROM merged n
           ORDER BY n.local_day, n.kind ON CONFLICT(user_id, local_day, kind) DO UPDATE SET value = excluded.value, method = excluded.method, sources = excluded.sources, kept_apart = excluded.kept_apart, updated_at = now()
   WHERE ((((m.value IS DISTINCT FROM excluded.value) OR (m.method IS DISTINCT FROM excluded.method)) OR (m.sources IS DISTINCT FROM excluded.sources)) OR (m.kept_apart IS DISTINCT FROM excluded.kept_apart));
END;
comment on function ops.merge_days(uuid,date[]) is 'Merges the numbers of the given days: same rows in, same rows out, and a row that stays the same is not written. Call it inside the person''s lock, after ops.match_activities.';
grant execute on function ops.merge_days(uuid,date[]) to public;
grant execute on function ops.merge_days(uuid,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.merge_intervals(p_user_id uuid, p_days date[])
 RETURNS TABLE(local_day date, kind text, platform_group text, value numeric, sources jsonb)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 WITH near AS (
          SELECT DISTINCT (day.day + beside.beside) AS day
            FROM (unnest(merge_intervals.p_days) day(day)
              CROSS JOIN generate_series('-1'::integer, 1) beside(beside))
         ), kinds AS (
          SELECT k.id AS measured,
             k.id AS kind
            FROM public.metric_kinds k
           WHERE (k.aggregation = 'sum'::text)
         UNION ALL
          SELECT k.id,
             k.counts_as
            FROM public.metric_kinds k
           WHERE (k.counts_as IS NOT NULL)
         ), measured AS MATERIALIZED (
          SELECT s.local_day,
             k.kind,
                 CASE
                     WHEN p.combinable THEN ''::text
                     ELSE s.platform
                 END AS platform_group,
             s.platform,
             s.source,
             s.value,
             s.started_at,
             s.ended_at,
             tstzrange(s.started_at, s.ended_at) AS span
            FROM (((near
              CROSS JOIN LATERAL ( SELECT s_1.user_id,
                     s_1.kind,
                     s_1.started_at,
                     s_1.ended_at,
                     s_1.platform,
                     s_1.source,
                     s_1.variant,
                     s_1.value,
                     s_1.local_day,
                     s_1.start_offset_seconds,
                     s_1.manual,
                     s_1.source_id,
                     s_1.raw_id,
                     s_1.raw_created_at,
                     s_1.observed_at
                    FROM public.samples s_1
                   WHERE ((s_1.user_id = merge_intervals.p_user_id) AND (s_1.kind = ANY (ARRAY( SELECT m.id
                            FROM public.metric_kinds m
                           WHERE (m.aggregation = 'sum'::text)))) AND (s_1.started_at >= (((near.day)::timestamp without time zone AT TIME ZONE 'UTC'::text) - '30:00:00'::interval)) AND (s_1.started_at < (((near.day)::timestamp without time zone AT TIME ZONE 'UTC'::text) + '54:00:00'::interval)) AND (s_1.local_day = near.day) AND (s_1.value > (0)::numeric))) s)
              JOIN kinds k ON ((k.measured = s.kind)))
              JOIN public.platforms p ON ((p.id = s.platform)))
         ), covers AS (
          SELECT m.kind,
             m.platform_group,
             m.platform,
             m.source,
             ops.source_rank(merge_intervals.p_user_id, m.kind, m.platform, m.source) AS rank,
             COALESCE(range_agg(m.span), '{}'::tstzmultirange) AS cover
            FROM measured m
           GROUP BY m.kind, m.platform_group, m.platform, m.source
         ), ranked AS (
          SELECT c_1.kind,
             c_1.platform_group,
             c_1.platform,
             c_1.source,
             c_1.rank,
             c_1.cover,
             COALESCE(range_agg(c_1.cover) OVER (PARTITION BY c_1.kind, c_1.platform_group ORDER BY c_1.rank, c_1.platform, c_1.source ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), '{}'::tstzmultirange) AS taken
            FROM covers c_1
         ), contributed AS (
          SELECT m.local_day,
             m.kind,
             m.platform_group,
             m.platform,
             m.source,
             sum(
                 CASE
                     WHEN isempty(m.span) THEN
                     CASE
                         WHEN (m.started_at <@ r.taken) THEN (0)::numeric
                         ELSE m.value
                     END
                     WHEN (NOT (m.span && r.taken)) THEN m.value
                     WHEN (m.span <@ r.taken) THEN (0)::numeric
                     ELSE ((m.value * ( SELECT COALESCE(sum(EXTRACT(epoch FROM (upper(part.part) - lower(part.part)))), (0)::numeric) AS "coalesce"
                        FROM unnest((tstzmultirange(m.span) - r.taken)) part(part))) / EXTRACT(epoch FROM (m.ended_at - m.started_at)))
                 END) AS value
            FROM (measured m
              JOIN ranked r USING (kind, platform_group, platform, source))
           WHERE (m.local_day = ANY (merge_intervals.p_days))
           GROUP BY m.local_day, m.kind, m.platform_group, m.platform, m.source
         )
  SELECT c.local_day,
     c.kind,
     c.platform_group,
     trim_scale(round(sum(c.value), 3)) AS trim_scale,
     COALESCE(jsonb_agg(jsonb_build_object('platform', c.platform, 'source', c.source, 'value', trim_scale(round(c.value, 3))) ORDER BY c.platform, c.source) FILTER (WHERE (c.value > (0)::numeric)), '[]'::jsonb) AS "coalesce"
    FROM contributed c
   GROUP BY c.local_day, c.kind, c.platform_group;
END;
comment on function ops.merge_intervals(uuid,date[]) is 'Sums of what devices measured over intervals: every moment is counted once, by the best-ranked source that saw anything in it; an interval that is only partly free counts in proportion. A value belongs to the day on which its interval starts. platform_group: empty for all that may be combined, else the platform.';
grant execute on function ops.merge_intervals(uuid,date[]) to public;
grant execute on function ops.merge_intervals(uuid,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.merge_preferred(p_user_id uuid, p_days date[])
 RETURNS TABLE(local_day date, kind text, platform_group text, value numeric, sources jsonb)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 WITH reported AS (
          SELECT d.local_day,
             d.kind,
             d.platform,
             ''::text AS source,
             d.value,
             true AS reported
            FROM (public.daily_metrics d
              JOIN public.metric_kinds k ON ((k.id = d.kind)))
           WHERE ((d.user_id = merge_preferred.p_user_id) AND (d.local_day = ANY (merge_preferred.p_days)) AND (k.aggregation <> 'sum'::text) AND (k.category <> 'activity'::text))
         ), sampled AS (
          SELECT s.local_day,
             s.kind,
             s.platform,
             s.source,
                 CASE min(k.aggregation)
                     WHEN 'mean'::text THEN trim_scale(round(avg(s.value), 3))
                     WHEN 'min'::text THEN min(s.value)
                     WHEN 'max'::text THEN max(s.value)
                     ELSE (array_agg(s.value ORDER BY s.ended_at DESC, s.started_at DESC, s.variant))[1]
                 END AS value,
             false AS reported
            FROM ((unnest(merge_preferred.p_days) day(day)
              CROSS JOIN LATERAL ( SELECT s_1.user_id,
                     s_1.kind,
                     s_1.started_at,
                     s_1.ended_at,
                     s_1.platform,
                     s_1.source,
                     s_1.variant,
                     s_1.value,
                     s_1.local_day,
                     s_1.start_offset_seconds,
                     s_1.manual,
                     s_1.source_id,
                     s_1.raw_id,
                     s_1.raw_created_at,
                     s_1.observed_at
                    FROM public.samples s_1
                   WHERE ((s_1.user_id = merge_preferred.p_user_id) AND (s_1.kind = ANY (ARRAY( SELECT m.id
                            FROM public.metric_kinds m
                           WHERE (m.aggregation <> 'sum'::text)))) AND (s_1.started_at >= (((day.day)::timestamp without time zone AT TIME ZONE 'UTC'::text) - '30:00:00'::interval)) AND (s_1.started_at < (((day.day)::timestamp without time zone AT TIME ZONE 'UTC'::text) + '54:00:00'::interval)) AND (s_1.local_day = day.day))) s)
              JOIN public.metric_kinds k ON ((k.id = s.kind)))
           GROUP BY s.local_day, s.kind, s.platform, s.source
         ), candidates AS (
          SELECT c_1.local_day,
             c_1.kind,
             c_1.platform,
             c_1.source,
             c_1.value,
             c_1.reported,
             g.platform_group,
             count(*) OVER (PARTITION BY c_1.local_day, c_1.kind, g.platform_group) AS choices
            FROM ((( SELECT reported.local_day,
                     reported.kind,
                     reported.platform,
                     reported.source,
                     reported.value,
                     reported.reported
                    FROM reported
                 UNION ALL
                  SELECT sampled.local_day,
                     sampled.kind,
                     sampled.platform,
                     sampled.source,
                     sampled.value,
                     sampled.reported
                    FROM sampled) c_1
              JOIN public.platforms p ON ((p.id = c_1.platform)))
              CROSS JOIN LATERAL ( SELECT
                         CASE
                             WHEN p.combinable THEN ''::text
                             ELSE p.id
                         END AS platform_group) g)
         )
  SELECT DISTINCT ON (c.local_day, c.kind, c.platform_group) c.local_day,
     c.kind,
     c.platform_group,
     c.value,
     jsonb_build_array(jsonb_build_object('platform', c.platform, 'source', c.source, 'value', c.value)) AS jsonb_build_array
    FROM candidates c
   ORDER BY c.local_day, c.kind, c.platform_group,
         CASE
             WHEN (c.choices > 1) THEN ops.source_rank(merge_preferred.p_user_id, c.kind, c.platform, c.source)
             ELSE NULL::integer
         END, c.platform, (NOT c.reported), c.source;
END;
comment on function ops.merge_preferred(uuid,date[]) is 'Numbers that cannot be added: those of the best-ranked source, as the platform reports them for the day, else from its samples.';
grant execute on function ops.merge_preferred(uuid,date[]) to public;
grant execute on function ops.merge_preferred(uuid,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.merge_sleep(p_user_id uuid, p_days date[])
 RETURNS TABLE(local_day date, kind text, platform_group text, value numeric, sources jsonb)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 WITH sessions AS (
          SELECT s.user_id,
             s.id,
             s.platform,
             s.source_id,
             s.source,
             s.local_day,
             s.started_at,
             s.ended_at,
             s.end_offset_seconds,
             s.time_zone,
             s.nap,
             s.asleep_s,
             s.in_bed_s,
             s.awake_s,
             s.light_s,
             s.deep_s,
             s.rem_s,
             s.score,
             s.finality,
             s.raw_id,
             s.raw_created_at,
             s.observed_at,
             s.created_at,
             s.updated_at,
             tstzrange(s.started_at, s.ended_at) AS span,
                 CASE
                     WHEN p.combinable THEN ''::text
                     ELSE s.platform
                 END AS platform_group,
             (s.asleep_s IS NOT NULL) AS slept
            FROM ((( SELECT DISTINCT (day.day + beside.beside) AS day
                    FROM (unnest(merge_sleep.p_days) day(day)
                      CROSS JOIN generate_series('-1'::integer, 1) beside(beside))) near
              JOIN public.sleep_sessions s ON (((s.user_id = merge_sleep.p_user_id) AND (s.local_day = near.day))))
              JOIN public.platforms p ON ((p.id = s.platform)))
         ), covers AS (
          SELECT s.platform_group,
             s.platform,
             s.source,
             s.slept,
             ops.source_rank(merge_sleep.p_user_id, 'sleep_asleep_s'::text, s.platform, s.source) AS rank,
             range_agg(s.span) AS cover
            FROM sessions s
           GROUP BY s.platform_group, s.platform, s.source, s.slept
         ), ranked AS (
          SELECT c.platform_group,
             c.platform,
             c.source,
             c.slept,
             c.rank,
             c.cover,
             row_number() OVER best_first AS place,
             COALESCE(range_agg(c.cover) OVER (best_first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), '{}'::tstzmultirange) AS taken
            FROM covers c
           WINDOW best_first AS (PARTITION BY c.platform_group ORDER BY (NOT c.slept), c.rank, c.platform, c.source)
         ), standing AS (
          SELECT s.user_id,
             s.id,
             s.platform,
             s.source_id,
             s.source,
             s.local_day,
             s.started_at,
             s.ended_at,
             s.end_offset_seconds,
             s.time_zone,
             s.nap,
             s.asleep_s,
             s.in_bed_s,
             s.awake_s,
             s.light_s,
             s.deep_s,
             s.rem_s,
             s.score,
             s.finality,
             s.raw_id,
             s.raw_created_at,
             s.observed_at,
             s.created_at,
             s.updated_at,
             s.span,
             s.platform_group,
             s.slept,
             r.place
            FROM (sessions s
              JOIN ranked r USING (platform_group, platform, source, slept))
           WHERE ((NOT (s.span && r.taken)) OR (((2)::numeric * ( SELECT sum(EXTRACT(epoch FROM (upper(part.part) - lower(part.part)))) AS sum
                    FROM unnest((tstzmultirange(s.span) * r.taken)) part(part))) < EXTRACT(epoch FROM (s.ended_at - s.started_at))))
         ), kept AS (
          SELECT s.user_id,
             s.id,
             s.platform,
             s.source_id,
             s.source,
             s.local_day,
             s.started_at,
             s.ended_at,
             s.end_offset_seconds,
             s.time_zone,
             s.nap,
             s.asleep_s,
             s.in_bed_s,
             s.awake_s,
             s.light_s,
             s.deep_s,
             s.rem_s,
             s.score,
             s.finality,
             s.raw_id,
             s.raw_created_at,
             s.observed_at,
             s.created_at,
             s.updated_at,
             s.span,
             s.platform_group,
             s.slept,
             s.place
            FROM standing s
           WHERE ((s.local_day = ANY (merge_sleep.p_days)) AND (NOT (EXISTS ( SELECT 1
                    FROM standing o
                   WHERE ((o.platform_group = s.platform_group) AND (o.place > s.place) AND (o.span && s.span) AND (o.slept OR (NOT s.slept)))))))
         ), numbers AS (
          SELECT k.local_day,
             k.platform_group,
             k.platform,
             k.source,
             n_1.kind,
             sum(n_1.value) AS value
            FROM (kept k
              CROSS JOIN LATERAL ( VALUES ('sleep_asleep_s'::text,k.asleep_s), ('sleep_in_bed_s'::text,k.in_bed_s), ('sleep_awake_s'::text,k.awake_s), ('sleep_light_s'::text,k.light_s), ('sleep_deep_s'::text,k.deep_s), ('sleep_rem_s'::text,k.rem_s)) n_1(kind, value))
           WHERE (n_1.value IS NOT NULL)
           GROUP BY k.local_day, k.platform_group, k.platform, k.source, n_1.kind
         )
  SELECT n.local_day,
     n.kind,
     n.platform_group,
     sum(n.value) AS sum,
     jsonb_agg(jsonb_build_object('platform', n.platform, 'source', n.source, 'value', n.value) ORDER BY n.platform, n.source) AS jsonb_agg
    FROM numbers n
   GROUP BY n.local_day, n.kind, n.platform_group;
END;
comment on function ops.merge_sleep(uuid,date[]) is 'Sums of the sleep sessions of each day, naps included; of sessions that overlap, those of the best-ranked source that saw at least half of it.';
grant execute on function ops.merge_sleep(uuid,date[]) to public;
grant execute on function ops.merge_sleep(uuid,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.merge_totals(p_user_id uuid, p_days date[])
 RETURNS TABLE(local_day date, kind text, platform_group text, value numeric, method text, sources jsonb)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 WITH reported AS (
          SELECT DISTINCT ON (d.local_day, d.kind, g.platform_group) d.local_day,
             d.kind,
             g.platform_group,
             d.platform,
             d.value
            FROM (((public.daily_metrics d
              JOIN public.metric_kinds k ON (((k.id = d.kind) AND (k.aggregation = 'sum'::text) AND (k.category <> 'activity'::text))))
              JOIN public.platforms p ON ((p.id = d.platform)))
              CROSS JOIN LATERAL ( SELECT
                         CASE
                             WHEN p.combinable THEN ''::text
                             ELSE p.id
                         END AS platform_group) g)
           WHERE ((d.user_id = merge_totals.p_user_id) AND (d.local_day = ANY (merge_totals.p_days)))
           ORDER BY d.local_day, d.kind, g.platform_group, (ops.source_rank(merge_totals.p_user_id, d.kind, d.platform, ''::text)), d.platform
         )
  SELECT COALESCE(i.local_day, r.local_day) AS "coalesce",
     COALESCE(i.kind, r.kind) AS "coalesce",
     COALESCE(i.platform_group, r.platform_group) AS "coalesce",
         CASE
             WHEN ((i.value >= r.value) OR (r.value IS NULL)) THEN i.value
             ELSE r.value
         END AS value,
         CASE
             WHEN ((i.value >= r.value) OR (r.value IS NULL)) THEN 'segments'::text
             ELSE 'daily_total'::text
         END AS "case",
         CASE
             WHEN ((i.value >= r.value) OR (r.value IS NULL)) THEN i.sources
             ELSE jsonb_build_array(jsonb_build_object('platform', r.platform, 'source', '', 'value', r.value))
         END AS jsonb_build_array
    FROM (ops.merge_intervals(merge_totals.p_user_id, merge_totals.p_days) i(local_day, kind, platform_group, value, sources)
      FULL JOIN reported r ON (((r.local_day = i.local_day) AND (r.kind = i.kind) AND (r.platform_group = i.platform_group))));
END;
comment on function ops.merge_totals(uuid,date[]) is 'Sums of the day: from intervals, or the total that the best-ranked platform reports where that is more or there are no intervals. Never both.';
grant execute on function ops.merge_totals(uuid,date[]) to public;
grant execute on function ops.merge_totals(uuid,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.merging_rules()
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
RETURN 2;
comment on function ops.merging_rules() is 'The version of the merging rules; days of people with an older one are merged anew.';
grant execute on function ops.merging_rules() to public;
grant execute on function ops.merging_rules() to tributary_service;

CREATE OR REPLACE FUNCTION ops.note_access()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (
    select from audit.events e where e.id = new.event_id and e.outcome = 'success'
      and e.action in ('emergency.read', 'export.downloaded', 'export.written_by_operator'))
  then
    perform ops.note_processing(new.subject_user_id, 'access', '', 'rights', 1);
  end if;
  return null;
end $function$;
comment on function ops.note_access() is 'Notes that somebody read the data.';
grant execute on function ops.note_access() to public;

CREATE OR REPLACE FUNCTION ops.note_connection()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if new.status = 'disconnected' then
    perform ops.note_processing(new.user_id, 'disconnect', new.platform, 'connection', 1);
  elsif tg_op = 'INSERT' or new.connected_at is distinct from old.connected_at then
    perform ops.note_processing(new.user_id, 'connect', new.platform, 'connection', 1);
  end if;
  return null;
end $function$;
comment on function ops.note_connection() is 'Notes that a connection began or ended.';
grant execute on function ops.note_connection() to public;

CREATE OR REPLACE FUNCTION ops.note_expired()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform ops.note_processing(new.user_id, 'expire', new.platform, 'collection', 1);
  return null;
end $function$;
comment on function ops.note_expired() is 'Notes what a platform''s policy removed.';
grant execute on function ops.note_expired() to public;

CREATE OR REPLACE FUNCTION ops.note_export()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform ops.note_processing(new.user_id, 'export', '', 'rights', 1);
  return null;
end $function$;
comment on function ops.note_export() is 'Notes that a copy was asked for.';
grant execute on function ops.note_export() to public;

CREATE OR REPLACE FUNCTION ops.note_failed_request(p_platform text)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_breaker record;
  v_window_is_over boolean;
  v_requests integer;
  v_failures integer;
begin
  select * into v_breaker from ops.circuit_breakers c where c.platform = p_platform for update;
  -- Open already: this request began before.
  if not found or v_breaker.state = 'open' then return v_breaker.state; end if;
  v_window_is_over := v_breaker.window_ends_at <= clock_timestamp();
  v_failures := case when v_window_is_over then 1 else v_breaker.failures + 1 end;
  v_requests := greatest(case when v_window_is_over then 1 else v_breaker.requests end, v_failures);
  if v_breaker.state = 'half_open' or (v_failures >= 5 and v_failures * 2 >= v_requests) then
    update ops.circuit_breakers c set state = 'open', openings = c.openings + 1, probe_until = null, requests = 0, failures = 0,
      window_ends_at = clock_timestamp(), changed_at = clock_timestamp(),
      open_until = clock_timestamp() + interval '1 second' * least(5 * power(2, least(c.openings, 10)), 60) * (0.8 + 0.4 * random())
    where c.platform = p_platform;
    return 'open';
  end if;
  update ops.circuit_breakers c set failures = v_failures, requests = v_requests,
    window_ends_at = case when v_window_is_over then clock_timestamp() + interval '1 minute' else c.window_ends_at end
  where c.platform = p_platform;
  return 'closed';
end $function$;
comment on function ops.note_failed_request(text) is 'A request got a 5xx or no answer. The breaker opens when at least five did within a minute and they are at least half of all, or when it was the probe: for 5 seconds, doubling up to a minute. Answers the state.';
grant execute on function ops.note_failed_request(text) to public;
grant execute on function ops.note_failed_request(text) to tributary_service;

CREATE OR REPLACE FUNCTION ops.note_merged()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform ops.note_processing(m.user_id, 'merge', '', 'merging', count(*)) from merged m group by m.user_id;
  return null;
end $function$;
comment on function ops.note_merged() is 'Notes days that were merged.';
grant execute on function ops.note_merged() to public;

CREATE OR REPLACE FUNCTION ops.note_merging_rules()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  new.merging_rules := ops.merging_rules();
  return new;
end $function$;
comment on function ops.note_merging_rules() is 'A new person has no day that older rules merged.';
grant execute on function ops.note_merging_rules() to public;

CREATE OR REPLACE FUNCTION ops.note_normalized()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform ops.note_processing(a.user_id, 'normalize', a.platform, 'collection', count(*))
    from after_it a join before_it b on b.user_id = a.user_id and b.created_at = a.created_at and b.id = a.id
    where b.processed_at is null and a.processed_at is not null group by a.user_id, a.platform;
  return null;
end $function$;
comment on function ops.note_normalized() is 'Notes what was read.';
grant execute on function ops.note_normalized() to public;

CREATE OR REPLACE FUNCTION ops.note_processing(p_user_id uuid, p_activity text, p_platform text, p_purpose text, p_times bigint)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 INSERT INTO public.processing_activities AS p (user_id, day, activity, platform, purpose, times)  SELECT u.user_id,
             ((now() AT TIME ZONE 'UTC'::text))::date AS timezone,
             note_processing.p_activity AS p_activity,
             note_processing.p_platform AS p_platform,
             note_processing.p_purpose AS p_purpose,
             note_processing.p_times AS p_times
            FROM public.app_users u
           WHERE (u.user_id = note_processing.p_user_id) ON CONFLICT(user_id, day, activity, platform, purpose) DO UPDATE SET times = (p.times + excluded.times), last_at = clock_timestamp();
END;
comment on function ops.note_processing(uuid,text,text,text,bigint) is 'Counts what is done with a person''s data, in the transaction that does it. Does nothing for a person who is gone.';

CREATE OR REPLACE FUNCTION ops.note_received()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform ops.note_processing(a.user_id, 'receive', a.platform, 'collection', count(*)) from added a group by a.user_id, a.platform;
  perform ops.note_processing(a.user_id, 'normalize', a.platform, 'collection', count(*)) from added a
    where a.processed_at is not null group by a.user_id, a.platform;
  return null;
end $function$;
comment on function ops.note_received() is 'Notes what was received.';
grant execute on function ops.note_received() to public;

CREATE OR REPLACE FUNCTION ops.person_digest(p_user_id uuid)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN sha256(convert_to(('tributary/erased/v1:'::text || (p_user_id)::text), 'UTF8'::name));
comment on function ops.person_digest(uuid) is 'How an erased person is named: an id of 122 random bits cannot be guessed from it.';
grant execute on function ops.person_digest(uuid) to tributary_service;

CREATE OR REPLACE FUNCTION ops.put_back_job(p_job_id bigint, p_worker text, p_key text, p_delay_seconds double precision, p_error text, p_burns boolean)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_queue_id integer;
begin
  -- Queued anew while it ran: the newer job carries on, this one ends.
  delete from graphile_worker._private_jobs j
  where j.id = p_job_id and j.locked_by = p_worker and j.key is distinct from p_key
  returning j.job_queue_id into v_queue_id;
  if not found then
    -- Under another id: the queue's own note of the failure comes later, by the id and the pool, and the pool may have the job again by then.
    update graphile_worker._private_jobs j
    set id = default, run_at = clock_timestamp() + make_interval(secs => p_delay_seconds), last_error = coalesce(p_error, j.last_error),
      attempts = case when p_burns then j.attempts else greatest(j.attempts - 1, 0) end, locked_at = null, locked_by = null
    where j.id = p_job_id and j.locked_by = p_worker
    returning j.job_queue_id into v_queue_id;
    if not found then return false; end if;
  end if;
  update graphile_worker._private_job_queues q set locked_at = null, locked_by = null
  where q.id = v_queue_id and q.locked_by = p_worker;
  return true;
end $function$;
comment on function ops.put_back_job(bigint,text,text,double precision,text,boolean) is 'Gives a job that this worker holds back to the queue, with the attempt counted or not. False when another worker holds it by now.';
grant execute on function ops.put_back_job(bigint,text,text,double precision,text,boolean) to public;
grant execute on function ops.put_back_job(bigint,text,text,double precision,text,boolean) to tributary_service;

CREATE OR REPLACE FUNCTION ops.queue_deliveries(p_ids uuid[], p_task text, p_max_attempts integer, p_priority integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
begin
  perform ops.tell_of_jobs(p_task, count(*)::integer, min(j.id)) from (
    select array_agg((p_task, json_strip_nulls(json_build_object('deliveryId', d.id, '_trace', d.trace::json)),
      null, null, p_max_attempts::smallint, p_task || ':' || d.id, p_priority::smallint, null)::graphile_worker.job_spec) as specs
    from unnest(p_ids) as t (id)
    join ops.webhook_deliveries d on d.id = t.id
    where d.state = 'received' and ops.has_no_job(p_task || ':' || d.id)) s
  cross join lateral graphile_worker.add_jobs(s.specs) j
  where s.specs is not null having count(*) > 0;
end $function$;
comment on function ops.queue_deliveries(uuid[],text,integer,integer) is 'Gives each of these deliveries a job of its own, with the chain of work it belongs to, unless it is dealt with or has one: what a job that ran twice finds done, it leaves alone.';
grant execute on function ops.queue_deliveries(uuid[],text,integer,integer) to public;
grant execute on function ops.queue_deliveries(uuid[],text,integer,integer) to tributary_service;

CREATE OR REPLACE FUNCTION ops.rebuild_daily_metrics(p_user_id uuid, p_platform text, p_days date[])
 RETURNS void
 LANGUAGE sql
BEGIN ATOMIC
 WITH totals AS (
          SELECT a.local_day,
             (count(*))::numeric AS activity_count,
             sum(a.distance_m) AS distance_m,
             (sum(a.moving_time_s))::numeric AS moving_time_s,
             (sum(a.elapsed_time_s))::numeric AS elapsed_time_s,
             sum(a.elevation_gain_m) AS elevation_gain_m,
             sum(a.energy_kcal) AS energy_kcal,
             round((sum((a.heart_rate_mean_bpm * (a.moving_time_s)::numeric)) FILTER (WHERE (a.moving_time_s > 0)) / (NULLIF(sum(a.moving_time_s) FILTER (WHERE (a.heart_rate_mean_bpm IS NOT NULL)), 0))::numeric), 2) AS heart_rate_mean_bpm,
             max(a.heart_rate_max_bpm) AS heart_rate_max_bpm
            FROM public.activities a
           WHERE ((a.user_id = rebuild_daily_metrics.p_user_id) AND (a.platform = rebuild_daily_metrics.p_platform) AND (a.local_day = ANY (rebuild_daily_metrics.p_days)) AND a.counted)
           GROUP BY a.local_day
         ), metrics AS (
          SELECT totals.local_day,
             metric.kind,
             metric.value
            FROM (totals
              CROSS JOIN LATERAL ( VALUES ('activity_count'::text,totals.activity_count), ('activity_distance_m'::text,totals.distance_m), ('activity_moving_time_s'::text,totals.moving_time_s), ('activity_elapsed_time_s'::text,totals.elapsed_time_s), ('activity_elevation_gain_m'::text,totals.elevation_gain_m), ('activity_energy_kcal'::text,totals.energy_kcal), ('activity_heart_rate_mean_bpm'::text,totals.heart_rate_mean_bpm), ('activity_heart_rate_max_bpm'::text,totals.heart_rate_max_bpm)) metric(kind, value))
           WHERE (metric.value IS NOT NULL)
         ), stale AS (
          DELETE FROM public.daily_metrics d
           WHERE ((d.user_id = rebuild_daily_metrics.p_user_id) AND (d.platform = rebuild_daily_metrics.p_platform) AND (d.local_day = ANY (rebuild_daily_metrics.p_days)) AND d.derived AND (d.kind ~~ 'activity\_%'::text) AND (NOT (EXISTS ( SELECT 1
                    FROM metrics m
                   WHERE ((m.local_day = d.local_day) AND (m.kind = d.kind))))))
           RETURNING 1 AS "?column?"
         )
  INSERT INTO public.daily_metrics AS existing (user_id, local_day, platform, kind, value, derived)  SELECT rebuild_daily_metrics.p_user_id AS p_user_id,
             m.local_day,
             rebuild_daily_metrics.p_platform AS p_platform,
             m.kind,
             m.value,
             true
            FROM metrics m
           ORDER BY m.local_day, m.kind ON CONFLICT(user_id, local_day, platform, kind) DO UPDATE SET value = excluded.value, derived = true, updated_at = now()
   WHERE (existing.value IS DISTINCT FROM excluded.value);
END;
comment on function ops.rebuild_daily_metrics(uuid,text,date[]) is 'Derives the daily metrics of the given days from the activities of one platform: same activities in, same rows out. Call it inside the person''s lock.';
grant execute on function ops.rebuild_daily_metrics(uuid,text,date[]) to public;
grant execute on function ops.rebuild_daily_metrics(uuid,text,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.rebuild_daily_summaries(p_user_id uuid, p_days date[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  v_near date[];
  v_days date[];
  v_kept_apart jsonb;
begin
  select array_agg(distinct day + beside) into v_near from unnest(p_days) as day cross join generate_series(-1, 1) as beside;
  -- The days beside them change where an interval that crosses midnight takes part in both, and where records of one workout are of two days.
  select array_agg(distinct day) into v_days
  from (
    select unnest(p_days || ops.match_activities(p_user_id, v_near)) as day
    union all
    select near.day from unnest(v_near) as near (day)
    where exists (select from public.sleep_sessions s where s.user_id = p_user_id and s.local_day = near.day)
      or exists (
        select from public.samples s
        where s.user_id = p_user_id and s.kind = any (array(select k.id from public.metric_kinds k where k.aggregation = 'sum'))
          and s.started_at >= (near.day::timestamp at time zone 'UTC') - interval '30 hours'
          and s.started_at < (near.day::timestamp at time zone 'UTC') + interval '54 hours'
          and s.local_day = near.day)
  ) as changed;
  perform ops.merge_days(p_user_id, v_days);

  with numbers as (
    select m.local_day,
      jsonb_object_agg(m.kind, m.value) as value,
      jsonb_object_agg(m.kind, jsonb_build_object('method', m.method, 'sources', m.sources)) filter (where m.kind = any (array[
        'activity_count', 'activity_distance_m', 'activity_moving_time_s', 'activity_elapsed_time_s', 'activity_elevation_gain_m',
        'activity_energy_kcal', 'activity_heart_rate_mean_bpm', 'activity_heart_rate_max_bpm', 'steps', 'distance_m',
        'active_energy_kcal', 'resting_heart_rate_bpm', 'hrv_rmssd_night_mean_ms', 'hrv_rmssd_ms', 'sleep_asleep_s', 'body_weight_kg'
      ])) as provenance
    from public.merged_metrics m where m.user_id = p_user_id and m.local_day = any (v_days) group by m.local_day
  ), apart as (
    select c.local_day, jsonb_object_agg(c.platform, c.numbers) as kept_apart
    from (
      select m.local_day, o ->> 'platform' as platform, count(*) as numbers
      from public.merged_metrics m cross join lateral jsonb_array_elements(m.kept_apart) as o
      where m.user_id = p_user_id and m.local_day = any (v_days) group by 1, 2
    ) c group by c.local_day
  ), per_platform as (
    select p.local_day, jsonb_object_agg(p.platform, p.metrics) as sources
    from (
      select d.local_day, d.platform, jsonb_object_agg(d.kind, d.value) as metrics from public.daily_metrics d
      where d.user_id = p_user_id and d.local_day = any (v_days) group by d.local_day, d.platform
    ) p group by p.local_day
  ), sports as (
    select a.local_day, array_agg(distinct a.sport order by a.sport) as sports from public.activities a
    where a.user_id = p_user_id and a.local_day = any (v_days)
      and not exists (select 1 from public.activity_duplicates d where d.user_id = a.user_id and d.activity_id = a.id)
    group by a.local_day
  ), emptied as (
    delete from public.daily_summaries s
    where s.user_id = p_user_id and s.local_day = any (v_days) and not exists (select 1 from numbers n where n.local_day = s.local_day)
    returning s.kept_apart
  ), written as (
    insert into public.daily_summaries as s (user_id, local_day, activity_count, distance_m, moving_time_s, elapsed_time_s,
      elevation_gain_m, energy_kcal, heart_rate_mean_bpm, heart_rate_max_bpm, sports, sources, steps, day_distance_m, active_energy_kcal,
      resting_heart_rate_bpm, hrv_rmssd_ms, sleep_asleep_s, body_weight_kg, provenance, kept_apart)
    select p_user_id, n.local_day, coalesce((n.value ->> 'activity_count')::integer, 0), (n.value ->> 'activity_distance_m')::numeric,
      (n.value ->> 'activity_moving_time_s')::bigint, (n.value ->> 'activity_elapsed_time_s')::bigint,
      (n.value ->> 'activity_elevation_gain_m')::numeric, (n.value ->> 'activity_energy_kcal')::numeric,
      (n.value ->> 'activity_heart_rate_mean_bpm')::numeric, (n.value ->> 'activity_heart_rate_max_bpm')::numeric,
      coalesce(s.sports, '{}'), coalesce(p.sources, '{}'), (n.value ->> 'steps')::numeric, (n.value ->> 'distance_m')::numeric,
      (n.value ->> 'active_energy_kcal')::numeric, (n.value ->> 'resting_heart_rate_bpm')::numeric,
      coalesce(n.value ->> 'hrv_rmssd_night_mean_ms', n.value ->> 'hrv_rmssd_ms')::numeric, (n.value ->> 'sleep_asleep_s')::numeric,
      (n.value ->> 'body_weight_kg')::numeric, coalesce(n.provenance, '{}'), coalesce(a.kept_apart, '{}')
    from numbers n left join per_platform p using (local_day) left join sports s using (local_day) left join apart a using (local_day)
    order by n.local_day
    on conflict (user_id, local_day) do update
    set activity_count = excluded.activity_count, distance_m = excluded.distance_m, moving_time_s = excluded.moving_time_s,
      elapsed_time_s = excluded.elapsed_time_s, elevation_gain_m = excluded.elevation_gain_m, energy_kcal = excluded.energy_kcal,
      heart_rate_mean_bpm = excluded.heart_rate_mean_bpm, heart_rate_max_bpm = excluded.heart_rate_max_bpm, sports = excluded.sports,
      sources = excluded.sources, steps = excluded.steps, day_distance_m = excluded.day_distance_m,
      active_energy_kcal = excluded.active_energy_kcal, resting_heart_rate_bpm = excluded.resting_heart_rate_bpm,
      hrv_rmssd_ms = excluded.hrv_rmssd_ms, sleep_asleep_s = excluded.sleep_asleep_s, body_weight_kg = excluded.body_weight_kg,
      provenance = excluded.provenance, kept_apart = excluded.kept_apart, updated_at = now()
    where (s.activity_count, s.distance_m, s.moving_time_s, s.elapsed_time_s, s.elevation_gain_m, s.energy_kcal, s.heart_rate_mean_bpm,
        s.heart_rate_max_bpm, s.sports, s.sources, s.steps, s.day_distance_m, s.active_energy_kcal, s.resting_heart_rate_bpm,
        s.hrv_rmssd_ms, s.sleep_asleep_s, s.body_weight_kg, s.provenance, s.kept_apart)
      is distinct from (excluded.activity_count, excluded.distance_m, excluded.moving_time_s, excluded.elapsed_time_s,
        excluded.elevation_gain_m, excluded.energy_kcal, excluded.heart_rate_mean_bpm, excluded.heart_rate_max_bpm, excluded.sports,
        excluded.sources, excluded.steps, excluded.day_distance_m, excluded.active_energy_kcal, excluded.resting_heart_rate_bpm,
        excluded.hrv_rmssd_ms, excluded.sleep_asleep_s, excluded.body_weight_kg, excluded.provenance, excluded.kept_apart)
    returning old.kept_apart as before, new.kept_apart as after
  ), changes as (
    select c.key as platform, sum(c.value::bigint * c.sign) as numbers
    from (
      select e.key, e.value, 1 as sign from written cross join lateral jsonb_each_text(after) as e
      union all
      select e.key, e.value, -1 from written cross join lateral jsonb_each_text(before) as e
      union all
      select e.key, e.value, -1 from emptied cross join lateral jsonb_each_text(kept_apart) as e
    ) c group by c.key having sum(c.value::bigint * c.sign) <> 0
  ), counted as (
    insert into public.policy_effects as p (user_id, platform, effect, record_type, records)
    select p_user_id, c.platform, 'kept_apart', 'merged_metrics', c.numbers from changes c
    on conflict (user_id, platform, effect, record_type) do update set records = p.records + excluded.records, updated_at = now()
  )
  select jsonb_object_agg(c.platform, c.numbers) into v_kept_apart from changes c where c.numbers > 0;
  return coalesce(v_kept_apart, '{}');
end $function$;
comment on function ops.rebuild_daily_summaries(uuid,date[]) is 'Merges and summarizes the given days anew: same rows in, same rows out, a row that stays the same is not written. Answers how many more numbers are kept apart, by platform. Call it inside the person''s lock.';
grant execute on function ops.rebuild_daily_summaries(uuid,date[]) to public;
grant execute on function ops.rebuild_daily_summaries(uuid,date[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.receive_deliveries(p_ids uuid[], p_platforms text[], p_keys text[], p_bodies bytea[], p_traces text[], p_task text, p_max_attempts integer, p_priority integer)
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- A job costs several times as much as the row it is about: who comes with many others shares one until a worker takes it.
  c_most_jobs constant integer := 4;
  v_ids uuid[];
begin
  with stored as (
    insert into ops.webhook_deliveries (id, platform, dedupe_key, body_sealed, trace)
    select * from unnest(p_ids, p_platforms, p_keys, p_bodies, p_traces)
    on conflict (platform, dedupe_key) do nothing
    returning id
  )
  select array_agg(s.id) into v_ids from stored s;
  if cardinality(v_ids) <= c_most_jobs then
    perform ops.add_job(p_task, json_strip_nulls(json_build_object('deliveryId', t.id, '_trace', t.trace::json)), null, p_max_attempts,
      p_task || ':' || t.id, p_priority)
    from unnest(p_ids, p_traces) as t (id, trace) where t.id = any (v_ids);
  elsif v_ids is not null then
    -- The task of queue-deliveries.task.ts. Before what it queues: a line that nobody sees would be a line nobody is warned of.
    perform ops.add_job('queue_deliveries', json_build_object('deliveryIds', v_ids), null, 25, 'queue_deliveries:' || v_ids[1], p_priority - 1);
  end if;
  return v_ids;
end $function$;
comment on function ops.receive_deliveries(uuid[],text[],text[],bytea[],text[],text,integer,integer) is 'Stores deliveries and queues them, each with the chain of work it belongs to, in one statement: one flush of the log for all of them. A few get a job each; of many one job does that. Who brings the same in the same order of keys waits for nobody. Answers the ids of those that were news; null when none was.';
grant execute on function ops.receive_deliveries(uuid[],text[],text[],bytea[],text[],text,integer,integer) to public;
grant execute on function ops.receive_deliveries(uuid[],text[],text[],bytea[],text[],text,integer,integer) to tributary_service;

CREATE OR REPLACE FUNCTION ops.recompute_sleep(p_user_id uuid, p_sessions uuid[])
 RETURNS date[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_days date[];
begin
  with totals as (
    select t.sleep_session_id as id, min(t.started_at) as started_at, max(t.ended_at) as ended_at,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage in ('asleep', 'light', 'deep', 'rem')) as asleep,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage = 'in_bed') as in_bed,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage = 'awake') as awake,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage = 'light') as light,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage = 'deep') as deep,
      range_agg(tstzrange(t.started_at, t.ended_at)) filter (where t.stage = 'rem') as rem
    from public.sleep_stages t where t.user_id = p_user_id and t.sleep_session_id = any (p_sessions)
    group by t.sleep_session_id
  ), counted as (
    update public.sleep_sessions s
    set started_at = t.started_at, ended_at = t.ended_at, asleep_s = ops.covered_seconds(t.asleep), in_bed_s = ops.covered_seconds(t.in_bed),
      awake_s = ops.covered_seconds(t.awake), light_s = ops.covered_seconds(t.light), deep_s = ops.covered_seconds(t.deep),
      rem_s = ops.covered_seconds(t.rem), updated_at = now()
    from totals t where s.user_id = p_user_id and s.id = t.id
    returning s.local_day
  ), gone as (
    delete from public.sleep_sessions s
    where s.user_id = p_user_id and s.id = any (p_sessions) and not exists (select 1 from totals t where t.id = s.id)
    returning s.local_day
  )
  select array_agg(distinct local_day) into v_days from (select local_day from counted union all select local_day from gone) as touched;
  return coalesce(v_days, '{}');
end $function$;
comment on function ops.recompute_sleep(uuid,uuid[]) is 'After stages were removed: the numbers of these sleep sessions from what is left; one without any stage goes. Answers their days.';
grant execute on function ops.recompute_sleep(uuid,uuid[]) to public;
grant execute on function ops.recompute_sleep(uuid,uuid[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.redact_payload(p_payload jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(jsonb_object_agg(field.key, case
    when jsonb_typeof(field.value) in ('boolean', 'null') then field.value
    when field.value #>> '{}' ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then field.value
    when field.value #>> '{}' ~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)$' then field.value
    when field.key = 'platform' and exists (select from public.platforms p where p.id = field.value #>> '{}') then field.value
    else '"[redacted]"'::jsonb end), '{}'::jsonb)
  from jsonb_each(case when jsonb_typeof(p_payload) = 'object' then p_payload else '{}'::jsonb end) as field
  where field.key not in ('_cron', '_trace')
$function$;
comment on function ops.redact_payload(jsonb) is 'Ids, instants, booleans and names of platforms; everything else, numbers included, is blotted out.';
grant execute on function ops.redact_payload(jsonb) to public;

CREATE OR REPLACE FUNCTION ops.refuse_consent_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- Rows go with their person, whose own row is gone by then, and in no other way.
  if tg_op = 'DELETE' and tg_table_name = 'consents' then
    if not exists (select from public.app_users u where u.user_id = old.user_id) then return old; end if;
  end if;
  raise exception '% of % is not allowed: add a row', tg_op, tg_table_name using errcode = 'TB003';
end $function$;
comment on function ops.refuse_consent_change() is 'Keeps consents and their texts as they were written.';
grant execute on function ops.refuse_consent_change() to public;

CREATE OR REPLACE FUNCTION ops.refuse_erased()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (select from ops.erasure_tombstones t where t.digest = ops.person_digest(new.user_id)) then
    raise exception 'this person was erased' using errcode = 'TB020';
  end if;
  return new;
end $function$;
comment on function ops.refuse_erased() is 'Refuses rows of an erased person, with SQLSTATE TB020.';

CREATE OR REPLACE FUNCTION ops.refuse_to_lose_held()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if ops.is_held(old.user_id) then
    raise exception 'a legal hold keeps this person''s data' using errcode = 'TB021';
  end if;
  return old;
end $function$;
comment on function ops.refuse_to_lose_held() is 'Refuses to delete a person whose data is held, with SQLSTATE TB021.';

CREATE OR REPLACE FUNCTION ops.remove_data_from_before(p_user_id uuid, p_platform text, p_before timestamp with time zone, OUT removed jsonb, OUT days date[])
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_samples boolean := (select 'samples' = any (p.coverage) from public.platforms p where p.id = p_platform);
begin
  with raw as (
    delete from public.raw_fitness_data r
    where r.user_id = p_user_id and r.platform = p_platform and r.created_at < p_before and r.received_at < p_before returning 1
  ), streams as (
    delete from public.activity_streams s using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and s.user_id = a.user_id and s.activity_id = a.id and s.observed_at < p_before
    returning 1
  ), laps as (
    delete from public.activity_laps l using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and l.user_id = a.user_id and l.activity_id = a.id and l.observed_at < p_before
    returning 1
  ), zones as (
    delete from public.activity_zones z using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and z.user_id = a.user_id and z.activity_id = a.id and z.observed_at < p_before
    returning 1
  ), workouts as (
    delete from public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and greatest(a.observed_at, a.details_observed_at) < p_before
    returning a.local_day
  ), sleep as (
    delete from public.sleep_sessions s where s.user_id = p_user_id and s.platform = p_platform and s.observed_at < p_before
    returning s.local_day
  ), measured as (
    delete from public.samples s
    where v_samples and s.user_id = p_user_id and s.platform = p_platform and s.observed_at < p_before returning s.local_day
  ), reported as (
    delete from public.daily_metrics d
    where d.user_id = p_user_id and d.platform = p_platform and not d.derived and d.observed_at < p_before returning d.local_day
  )
  select jsonb_build_object(
      'raw_fitness_data', (select count(*) from raw), 'activity_streams', (select count(*) from streams),
      'activity_laps', (select count(*) from laps), 'activity_zones', (select count(*) from zones), 'activities', (select count(*) from workouts),
      'sleep_sessions', (select count(*) from sleep), 'samples', (select count(*) from measured),
      'daily_metrics', (select count(*) from reported)),
    array(select local_day from workouts union select local_day from sleep union select local_day from measured
      union select local_day from reported)
  into removed, days;
  perform ops.rebuild_daily_metrics(p_user_id, p_platform, days);
  perform ops.follow_time_zone(p_user_id);
  -- With everything gone, what was asked for says nothing: whoever connects again gets the history again.
  if p_before = 'infinity' then
    delete from ops.requested_windows w where w.user_id = p_user_id and w.platform = p_platform;
    update public.connections c set synced_through = null where c.user_id = p_user_id and c.platform = p_platform;
  end if;
end $function$;
comment on function ops.remove_data_from_before(uuid,text,timestamp with time zone) is 'Deletes what was received of a platform before a time, payloads and rows, and answers how many of each and the days they were about.';
grant execute on function ops.remove_data_from_before(uuid,text,timestamp with time zone) to tributary_service;

CREATE OR REPLACE FUNCTION ops.remove_record_from_payloads(p_user_id uuid, p_platform text, p_source_id text, p_before timestamp with time zone)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_changed bigint;
begin
  with about as (
    select r.user_id, r.created_at, r.id, left_over.items,
      r.metadata ->> 'source_id' = p_source_id or r.raw_data ->> 'id' = p_source_id as whole
    from public.raw_fitness_data r
    left join lateral (
      select jsonb_agg(item order by place) filter (where item ->> 'id' is distinct from p_source_id) as items,
        bool_or(item ->> 'id' = p_source_id) as found
      from jsonb_array_elements(case jsonb_typeof(r.raw_data) when 'array' then r.raw_data else '[]' end) with ordinality as e (item, place)
    ) left_over on true
    -- Our own note that it is gone came with the deletion, not before it: a replay still needs it.
    where r.user_id = p_user_id and r.platform = p_platform and r.received_at < p_before
      and (r.metadata ->> 'source_id' = p_source_id or r.raw_data ->> 'id' = p_source_id or left_over.found)
  ), gone as (
    delete from public.raw_fitness_data r using about a
    where r.user_id = a.user_id and r.created_at = a.created_at and r.id = a.id and (a.whole or a.items is null) returning 1
  ), shortened as (
    update public.raw_fitness_data r set raw_data = a.items from about a
    where r.user_id = a.user_id and r.created_at = a.created_at and r.id = a.id and not coalesce(a.whole, false) and a.items is not null
    returning 1
  )
  select (select count(*) from gone) + (select count(*) from shortened) into v_changed;
  return v_changed;
end $function$;
comment on function ops.remove_record_from_payloads(uuid,text,text,timestamp with time zone) is 'Removes one record from the payloads received before a time: a payload about it alone goes, a list loses the entry with that id. Answers how many payloads changed.';
grant execute on function ops.remove_record_from_payloads(uuid,text,text,timestamp with time zone) to tributary_service;

CREATE OR REPLACE FUNCTION ops.remove_unproduced(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_records jsonb)
 RETURNS date[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_days date[];
  v_from timestamptz;
  v_to timestamptz;
  v_nights uuid[];
begin
  -- The table of samples has no index for payloads: what one produced lies near what it produces now.
  select min(s."startedAt") - interval '2 days', max(s."startedAt") + interval '2 days' into v_from, v_to
  from jsonb_to_recordset(p_records -> 'samples') as s ("startedAt" timestamptz);
  with workouts as (
    delete from public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and a.raw_id = p_raw_id and a.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'activities') r where r ->> 'sourceId' = a.source_id)
    returning a.local_day
  ), sleep as (
    delete from public.sleep_sessions s
    where s.user_id = p_user_id and s.platform = p_platform and s.raw_id = p_raw_id and s.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'sleepSessions') r where r ->> 'sourceId' = s.source_id)
      -- A night that was told in parts is looked at part by part, below.
      and not exists (select 1 from public.sleep_stages t where t.user_id = s.user_id and t.sleep_session_id = s.id and t.raw_id is not null)
    returning s.local_day
  ), reported as (
    delete from public.daily_metrics d
    where d.user_id = p_user_id and d.platform = p_platform and not d.derived and d.raw_id = p_raw_id and d.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'dailyMetrics') r
        where r ->> 'kind' = d.kind and (r ->> 'localDay')::date = d.local_day)
    returning d.local_day
  ), measured as (
    delete from public.samples s
    where s.user_id = p_user_id and s.platform = p_platform and s.raw_id = p_raw_id and s.raw_created_at = p_raw_created_at
      and s.started_at >= coalesce(v_from, '-infinity') and s.started_at <= coalesce(v_to, 'infinity')
      and not exists (
        select 1 from jsonb_to_recordset(p_records -> 'samples') as r (kind text, "startedAt" timestamptz, "endedAt" timestamptz, source text, variant text)
        where r.kind = s.kind and r."startedAt" = s.started_at and r."endedAt" = s.ended_at and r.source = s.source and r.variant = s.variant)
    returning s.local_day
  ), streams as (
    delete from public.activity_streams t using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and t.user_id = a.user_id and t.activity_id = a.id
      and t.raw_id = p_raw_id and t.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'activityStreams') r
        where r ->> 'sourceId' = a.source_id and r ->> 'kind' = t.kind)
  ), laps as (
    delete from public.activity_laps l using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and l.user_id = a.user_id and l.activity_id = a.id
      and l.raw_id = p_raw_id and l.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'activityLaps') r
        where r ->> 'sourceId' = a.source_id and (r ->> 'lapNumber')::integer = l.lap_number)
  ), zones as (
    delete from public.activity_zones z using public.activities a
    where a.user_id = p_user_id and a.platform = p_platform and z.user_id = a.user_id and z.activity_id = a.id
      and z.raw_id = p_raw_id and z.raw_created_at = p_raw_created_at
      and not exists (select 1 from jsonb_array_elements(p_records -> 'activityZones') r
        where r ->> 'sourceId' = a.source_id and r ->> 'kind' = z.kind and (r ->> 'zoneNumber')::integer = z.zone_number)
  )
  select array(select local_day from workouts union select local_day from sleep union select local_day from reported
    union select local_day from measured) into v_days;

  with parts as (
    delete from public.sleep_stages t using public.sleep_sessions s
    where s.user_id = p_user_id and s.platform = p_platform and t.user_id = s.user_id and t.sleep_session_id = s.id and t.raw_id = p_raw_id
      and not exists (
        select 1 from jsonb_to_recordset(p_records -> 'sleepSessions') as r (source text, stages jsonb)
        cross join lateral jsonb_to_recordset(r.stages) as o (stage text, "startedAt" timestamptz)
        where r.source = s.source and o.stage = t.stage and o."startedAt" = t.started_at)
    returning t.sleep_session_id
  )
  select array_agg(distinct sleep_session_id) into v_nights from parts;
  if v_nights is not null then
    v_days := v_days || ops.recompute_sleep(p_user_id, v_nights);
  end if;
  return v_days;
end $function$;
comment on function ops.remove_unproduced(uuid,text,uuid,timestamp with time zone,jsonb) is 'For a replay: removes rows that a payload once produced and, read by today''s normalizer, no longer does. Answers their days.';
grant execute on function ops.remove_unproduced(uuid,text,uuid,timestamp with time zone,jsonb) to tributary_service;

CREATE OR REPLACE FUNCTION ops.revive_dead_letters(p_ids uuid[])
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_job record;
  v_revived integer := 0;
begin
  for v_job in
    update public.dead_letters l set state = 'retried', resolved_at = now(), retry_at = null
    from ops.dead_jobs j where j.dead_letter_id = l.id and l.id = any (p_ids) and l.state = 'waiting'
    returning j.*
  loop
    perform ops.begin_again_with_job(case when json_typeof(v_job.payload) = 'object' then v_job.payload::jsonb else '{}'::jsonb end);
    perform graphile_worker.add_job(v_job.task, v_job.payload, queue_name => v_job.queue_name, max_attempts => v_job.max_attempts::integer,
      job_key => v_job.job_key, priority => v_job.priority::integer);
    v_revived := v_revived + 1;
  end loop;
  return v_revived;
end $function$;
comment on function ops.revive_dead_letters(uuid[]) is 'Queues the jobs of waiting dead letters again, with what they left unfinished. Answers how many; those that wait no more are left alone.';
grant execute on function ops.revive_dead_letters(uuid[]) to public;
grant execute on function ops.revive_dead_letters(uuid[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.sample_identity(p_kind text, p_started_at timestamp with time zone, p_ended_at timestamp with time zone, p_source text, p_variant text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
RETURN ((((((((p_kind || '|'::text) || (EXTRACT(epoch FROM p_started_at))::text) || '|'::text) || (EXTRACT(epoch FROM p_ended_at))::text) || '|'::text) || p_source) || '|'::text) || p_variant);
comment on function ops.sample_identity(text,timestamp with time zone,timestamp with time zone,text,text) is 'What identifies a sample within its platform where the platform gives no id; what is remembered of one that is gone.';
grant execute on function ops.sample_identity(text,timestamp with time zone,timestamp with time zone,text,text) to public;
grant execute on function ops.sample_identity(text,timestamp with time zone,timestamp with time zone,text,text) to tributary_service;

CREATE OR REPLACE FUNCTION ops.source_rank(p_user_id uuid, p_kind text, p_platform text, p_source text)
 RETURNS integer
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT COALESCE(( SELECT p.rank
            FROM public.source_priorities p
           WHERE ((p.user_id = source_rank.p_user_id) AND (p.platform = source_rank.p_platform) AND ((p.source = source_rank.p_source) OR (p.source IS NULL)) AND (NOT (p.kind IS DISTINCT FROM ( SELECT max(o.kind) AS max
                    FROM public.source_priorities o
                   WHERE ((o.user_id = source_rank.p_user_id) AND (o.kind = source_rank.p_kind))))))
           ORDER BY (p.source IS NULL)
          LIMIT 1), ( SELECT d.rank
            FROM public.default_source_priorities d
           WHERE ((d.platform = source_rank.p_platform) AND ((d.kind = source_rank.p_kind) OR (d.kind IS NULL)) AND ((source_rank.p_source ~~* d.source_pattern) OR (d.source_pattern IS NULL)))
           ORDER BY (d.kind IS NULL), (d.source_pattern IS NULL), d.id
          LIMIT 1), 1000) AS "coalesce";
END;
comment on function ops.source_rank(uuid,text,text,text) is 'Where a device or app stands for a metric, the smallest first: the person''s own order, else the default, else 1000. An order for the metric itself goes before the general one, a row for the device before one for its platform.';
grant execute on function ops.source_rank(uuid,text,text,text) to public;
grant execute on function ops.source_rank(uuid,text,text,text) to tributary_service;

CREATE OR REPLACE FUNCTION ops.store_activities(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_observed_at timestamp with time zone, p_records jsonb)
 RETURNS date[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_time_zone text := coalesce((select u.time_zone from public.app_users u where u.user_id = p_user_id), 'UTC');
  v_days date[];
  v_days_of_details date[];
begin
  with incoming as (
    select r.* from jsonb_to_recordset(p_records) as r (
      "sourceId" text, sport text, "sourceSport" text, name text, "localDay" date, "startedAt" timestamptz, "endedAt" timestamptz,
      "startOffsetSeconds" integer, "timeZone" text, "startTimeHidden" boolean, "distanceM" numeric, "movingTimeS" integer,
      "elapsedTimeS" integer, "elevationGainM" numeric, "meanSpeedMPerS" numeric, "maxSpeedMPerS" numeric,
      "heartRateMeanBpm" numeric, "heartRateMaxBpm" numeric, "cadenceMeanRpm" numeric, "powerMeanW" numeric,
      manual boolean, indoor boolean, "hasRoute" boolean, private boolean, "deviceName" text, "sourceUrl" text,
      "parentSourceId" text, counted boolean)
    where not exists (
      select 1 from ops.deleted_records d
      where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'activity' and d.source_id = r."sourceId"
        and d.observed_at >= p_observed_at)
  ), written as (
    insert into public.activities as a (user_id, platform, source_id, sport, source_sport, name, local_day, started_at, ended_at,
      start_offset_seconds, time_zone, start_time_hidden, distance_m, moving_time_s, elapsed_time_s, elevation_gain_m,
      mean_speed_m_per_s, max_speed_m_per_s, heart_rate_mean_bpm, heart_rate_max_bpm, cadence_mean_rpm, power_mean_w,
      manual, indoor, has_route, private, device_name, source_url, parent_source_id, counted, raw_id, raw_created_at, observed_at)
    select p_user_id, p_platform, i."sourceId", coalesce(s.id, 'other'), i."sourceSport", i.name,
      -- Where nobody knows the offset it is the day on the person's own clock, as it is for samples.
      coalesce(i."localDay", (i."startedAt" at time zone v_time_zone)::date), i."startedAt", i."endedAt",
      i."startOffsetSeconds", i."timeZone", i."startTimeHidden", i."distanceM", i."movingTimeS", i."elapsedTimeS", i."elevationGainM",
      i."meanSpeedMPerS", i."maxSpeedMPerS", i."heartRateMeanBpm", i."heartRateMaxBpm", i."cadenceMeanRpm", i."powerMeanW",
      i.manual, i.indoor, i."hasRoute", i.private, i."deviceName", i."sourceUrl", i."parentSourceId", coalesce(i.counted, true), p_raw_id, p_raw_created_at, p_observed_at
    from incoming i left join public.sports s on s.id = i.sport
    order by i."sourceId"
    on conflict (user_id, platform, source_id) do update
    set sport = excluded.sport, source_sport = excluded.source_sport, name = excluded.name, local_day = excluded.local_day,
      started_at = excluded.started_at, ended_at = excluded.ended_at, start_offset_seconds = excluded.start_offset_seconds,
      time_zone = excluded.time_zone, start_time_hidden = excluded.start_time_hidden, distance_m = excluded.distance_m,
      moving_time_s = excluded.moving_time_s, elapsed_time_s = excluded.elapsed_time_s, elevation_gain_m = excluded.elevation_gain_m,
      mean_speed_m_per_s = excluded.mean_speed_m_per_s, max_speed_m_per_s = excluded.max_speed_m_per_s,
      heart_rate_mean_bpm = excluded.heart_rate_mean_bpm, heart_rate_max_bpm = excluded.heart_rate_max_bpm,
      cadence_mean_rpm = excluded.cadence_mean_rpm, power_mean_w = excluded.power_mean_w, manual = excluded.manual,
      indoor = excluded.indoor, has_route = excluded.has_route, private = excluded.private, device_name = excluded.device_name,
      source_url = excluded.source_url, parent_source_id = excluded.parent_source_id, counted = excluded.counted,
      raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at,
      observed_at = excluded.observed_at, updated_at = now()
    -- The same payload again (a replay, a second delivery of the job) or an older one changes nothing.
    where excluded.observed_at > a.observed_at
      or (excluded.observed_at = a.observed_at and (excluded.raw_id > a.raw_id or (excluded.raw_id = a.raw_id
        and row(a.sport, a.source_sport, a.name, a.local_day, a.started_at, a.ended_at, a.start_offset_seconds, a.time_zone,
            a.start_time_hidden, a.distance_m, a.moving_time_s, a.elapsed_time_s, a.elevation_gain_m, a.mean_speed_m_per_s,
            a.max_speed_m_per_s, a.heart_rate_mean_bpm, a.heart_rate_max_bpm, a.cadence_mean_rpm, a.power_mean_w, a.manual,
            a.indoor, a.has_route, a.private, a.device_name, a.source_url, a.parent_source_id, a.counted)
          is distinct from row(excluded.sport, excluded.source_sport, excluded.name, excluded.local_day, excluded.started_at,
            excluded.ended_at, excluded.start_offset_seconds, excluded.time_zone, excluded.start_time_hidden, excluded.distance_m,
            excluded.moving_time_s, excluded.elapsed_time_s, excluded.elevation_gain_m, excluded.mean_speed_m_per_s,
            excluded.max_speed_m_per_s, excluded.heart_rate_mean_bpm, excluded.heart_rate_max_bpm, excluded.cadence_mean_rpm,
            excluded.power_mean_w, excluded.manual, excluded.indoor, excluded.has_route, excluded.private, excluded.device_name,
            excluded.source_url, excluded.parent_source_id, excluded.counted))))
    returning old.local_day as old_day, new.local_day as new_day
  )
  select array_agg(distinct day) into v_days from written cross join lateral (values (old_day), (new_day)) as touched (day) where day is not null;

  -- What only a detailed payload knows has a version of its own: a newer summary leaves it alone.
  with detailed as (
    select r.* from jsonb_to_recordset(p_records) as r ("sourceId" text, "energyKcal" numeric, detailed boolean) where r.detailed
  ), written as (
    update public.activities a
    set energy_kcal = d."energyKcal", details_observed_at = p_observed_at, updated_at = now()
    from detailed d
    where a.user_id = p_user_id and a.platform = p_platform and a.source_id = d."sourceId"
      and (a.details_observed_at is null or a.details_observed_at < p_observed_at
        or (a.details_observed_at = p_observed_at and a.energy_kcal is distinct from d."energyKcal"))
    returning a.local_day
  )
  select array_agg(distinct local_day) into v_days_of_details from written;

  if v_days is not null and p_records @? '$[*].timeZone ? (@ != null)' then perform ops.follow_time_zone(p_user_id); end if;
  return array(select distinct day from unnest(v_days || v_days_of_details) as day order by day);
end $function$;
comment on function ops.store_activities(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) is 'Writes the activities of one payload and answers the local days whose numbers may have changed. An older payload never overwrites a newer one; the same payload twice changes nothing.';
grant execute on function ops.store_activities(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to public;
grant execute on function ops.store_activities(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to tributary_service;

CREATE OR REPLACE FUNCTION ops.store_activity_laps(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_observed_at timestamp with time zone, p_records jsonb)
 RETURNS text[]
 LANGUAGE sql
BEGIN ATOMIC
 WITH incoming AS (
          SELECT r."sourceId",
             r."lapNumber",
             r."startedAt",
             r."elapsedTimeS",
             r."movingTimeS",
             r."distanceM",
             r."elevationGainM",
             r."meanSpeedMPerS",
             r."maxSpeedMPerS",
             r."heartRateMeanBpm",
             r."heartRateMaxBpm",
             r."cadenceMeanRpm",
             r."powerMeanW",
             a.id AS activity_id
            FROM (jsonb_to_recordset(store_activity_laps.p_records) r("sourceId" text, "lapNumber" integer, "startedAt" timestamp with time zone, "elapsedTimeS" numeric, "movingTimeS" numeric, "distanceM" numeric, "elevationGainM" numeric, "meanSpeedMPerS" numeric, "maxSpeedMPerS" numeric, "heartRateMeanBpm" numeric, "heartRateMaxBpm" numeric, "cadenceMeanRpm" numeric, "powerMeanW" numeric)
              LEFT JOIN public.activities a ON (((a.user_id = store_activity_laps.p_user_id) AND (a.platform = store_activity_laps.p_platform) AND (a.source_id = r."sourceId"))))
         ), current AS (
          SELECT DISTINCT i_1.activity_id
            FROM incoming i_1
           WHERE ((i_1.activity_id IS NOT NULL) AND (NOT (EXISTS ( SELECT 1
                    FROM public.activity_laps l
                   WHERE ((l.user_id = store_activity_laps.p_user_id) AND (l.activity_id = i_1.activity_id) AND (l.observed_at > store_activity_laps.p_observed_at))))))
         ), gone AS (
          DELETE FROM public.activity_laps l
            USING current c
           WHERE ((l.user_id = store_activity_laps.p_user_id) AND (l.activity_id = c.activity_id) AND (NOT (EXISTS ( SELECT 1
                    FROM incoming i_1
                   WHERE ((i_1.activity_id = l.activity_id) AND (i_1."lapNumber" = l.lap_number))))))
         ), written AS (
          INSERT INTO public.activity_laps (user_id, activity_id, lap_number, started_at, elapsed_time_s, moving_time_s, distance_m, elevation_gain_m, mean_speed_m_per_s, max_speed_m_per_s, heart_rate_mean_bpm, heart_rate_max_bpm, cadence_mean_rpm, power_mean_w, raw_id, raw_created_at, observed_at)  SELECT store_activity_laps.p_user_id AS p_user_id,
                     i_1.activity_id,
                     i_1."lapNumber",
                     i_1."startedAt",
                     i_1."elapsedTimeS",
                     i_1."movingTimeS",
                     i_1."distanceM",
                     i_1."elevationGainM",
                     i_1."meanSpeedMPerS",
                     i_1."maxSpeedMPerS",
                     i_1."heartRateMeanBpm",
                     i_1."heartRateMaxBpm",
                     i_1."cadenceMeanRpm",
                     i_1."powerMeanW",
                     store_activity_laps.p_raw_id AS p_raw_id,
                     store_activity_laps.p_raw_created_at AS p_raw_created_at,
                     store_activity_laps.p_observed_at AS p_observed_at
                    FROM (incoming i_1
                      JOIN current c USING (activity_id)) ON CONFLICT(user_id, activity_id, lap_number) DO UPDATE SET started_at = excluded.started_at, elapsed_time_s = excluded.elapsed_time_s, moving_time_s = excluded.moving_time_s, distance_m = excluded.distance_m, elevation_gain_m = excluded.elevation_gain_m, mean_speed_m_per_s = excluded.mean_speed_m_per_s, max_speed_m_per_s = excluded.max_speed_m_per_s, heart_rate_mean_bpm = excluded.heart_rate_mean_bpm, heart_rate_max_bpm = excluded.heart_rate_max_bpm, cadence_mean_rpm = excluded.cadence_mean_rpm, power_mean_w = excluded.power_mean_w, raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at
         )
  SELECT COALESCE(array_agg(DISTINCT i."sourceId"), '{}'::text[]) AS "coalesce"
    FROM incoming i
   WHERE ((i.activity_id IS NULL) AND (NOT (EXISTS ( SELECT 1
            FROM ops.deleted_records d
           WHERE ((d.user_id = store_activity_laps.p_user_id) AND (d.platform = store_activity_laps.p_platform) AND (d.record_type = 'activity'::text) AND (d.source_id = i."sourceId") AND (d.observed_at >= store_activity_laps.p_observed_at))))));
END;
comment on function ops.store_activity_laps(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) is 'Writes the laps of one payload; answers the source ids whose activity is not here.';
grant execute on function ops.store_activity_laps(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to public;
grant execute on function ops.store_activity_laps(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to tributary_service;

CREATE OR REPLACE FUNCTION ops.store_activity_streams(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_observed_at timestamp with time zone, p_source_ids text[], p_kinds text[], p_units text[], p_values text[], p_times integer[], p_offsets text[])
 RETURNS text[]
 LANGUAGE sql
BEGIN ATOMIC
 WITH times AS MATERIALIZED (
          SELECT t."position",
             (t.offsets_s)::integer[] AS offsets_s
            FROM unnest(store_activity_streams.p_offsets) WITH ORDINALITY t(offsets_s, "position")
         ), incoming AS (
          SELECT r.source_id,
             r.kind,
             r.unit,
             r."values",
             r.times,
             a.id AS activity_id
            FROM (UNNEST(store_activity_streams.p_source_ids, store_activity_streams.p_kinds, store_activity_streams.p_units, store_activity_streams.p_values, store_activity_streams.p_times) r(source_id, kind, unit, "values", times)
              LEFT JOIN public.activities a ON (((a.user_id = store_activity_streams.p_user_id) AND (a.platform = store_activity_streams.p_platform) AND (a.source_id = r.source_id))))
         ), written AS (
          INSERT INTO public.activity_streams AS s (user_id, activity_id, kind, unit, offsets_s, "values", raw_id, raw_created_at, observed_at)  SELECT store_activity_streams.p_user_id AS p_user_id,
                     i_1.activity_id,
                     i_1.kind,
                     i_1.unit,
                     t.offsets_s,
                     (i_1."values")::numeric[] AS "values",
                     store_activity_streams.p_raw_id AS p_raw_id,
                     store_activity_streams.p_raw_created_at AS p_raw_created_at,
                     store_activity_streams.p_observed_at AS p_observed_at
                    FROM (incoming i_1
                      JOIN times t ON ((t."position" = i_1.times)))
                   WHERE (i_1.activity_id IS NOT NULL)
                   ORDER BY i_1.activity_id, i_1.kind ON CONFLICT(user_id, activity_id, kind) DO UPDATE SET unit = excluded.unit, offsets_s = excluded.offsets_s, "values" = excluded."values", raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at
           WHERE ((excluded.observed_at > s.observed_at) OR ((excluded.observed_at = s.observed_at) AND (((s.unit IS DISTINCT FROM excluded.unit) OR (s.offsets_s IS DISTINCT FROM excluded.offsets_s)) OR (s."values" IS DISTINCT FROM excluded."values"))))
         )
  SELECT COALESCE(array_agg(DISTINCT i.source_id), '{}'::text[]) AS "coalesce"
    FROM incoming i
   WHERE ((i.activity_id IS NULL) AND (NOT (EXISTS ( SELECT 1
            FROM ops.deleted_records d
           WHERE ((d.user_id = store_activity_streams.p_user_id) AND (d.platform = store_activity_streams.p_platform) AND (d.record_type = 'activity'::text) AND (d.source_id = i.source_id) AND (d.observed_at >= store_activity_streams.p_observed_at))))));
END;
comment on function ops.store_activity_streams(uuid,text,uuid,timestamp with time zone,timestamp with time zone,text[],text[],text[],text[],integer[],text[]) is 'Writes the series of one payload; answers the source ids whose activity is not here. Series of one recording share their times: p_times says which of p_offsets. Values and offsets are arrays as text.';
grant execute on function ops.store_activity_streams(uuid,text,uuid,timestamp with time zone,timestamp with time zone,text[],text[],text[],text[],integer[],text[]) to public;
grant execute on function ops.store_activity_streams(uuid,text,uuid,timestamp with time zone,timestamp with time zone,text[],text[],text[],text[],integer[],text[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.store_activity_zones(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_observed_at timestamp with time zone, p_records jsonb)
 RETURNS text[]
 LANGUAGE sql
BEGIN ATOMIC
 WITH incoming AS (
          SELECT r."sourceId",
             r.kind,
             r."zoneNumber",
             r.unit,
             r."lowerBound",
             r."upperBound",
             r."timeS",
             a.id AS activity_id
            FROM (jsonb_to_recordset(store_activity_zones.p_records) r("sourceId" text, kind text, "zoneNumber" integer, unit text, "lowerBound" numeric, "upperBound" numeric, "timeS" numeric)
              LEFT JOIN public.activities a ON (((a.user_id = store_activity_zones.p_user_id) AND (a.platform = store_activity_zones.p_platform) AND (a.source_id = r."sourceId"))))
         ), current AS (
          SELECT DISTINCT i_1.activity_id
            FROM incoming i_1
           WHERE ((i_1.activity_id IS NOT NULL) AND (NOT (EXISTS ( SELECT 1
                    FROM public.activity_zones z
                   WHERE ((z.user_id = store_activity_zones.p_user_id) AND (z.activity_id = i_1.activity_id) AND (z.observed_at > store_activity_zones.p_observed_at))))))
         ), gone AS (
          DELETE FROM public.activity_zones z
            USING current c
           WHERE ((z.user_id = store_activity_zones.p_user_id) AND (z.activity_id = c.activity_id) AND (NOT (EXISTS ( SELECT 1
                    FROM incoming i_1
                   WHERE ((i_1.activity_id = z.activity_id) AND (i_1.kind = z.kind) AND (i_1."zoneNumber" = z.zone_number))))))
         ), written AS (
          INSERT INTO public.activity_zones (user_id, activity_id, kind, zone_number, unit, lower_bound, upper_bound, time_s, raw_id, raw_created_at, observed_at)  SELECT store_activity_zones.p_user_id AS p_user_id,
                     i_1.activity_id,
                     i_1.kind,
                     i_1."zoneNumber",
                     i_1.unit,
                     i_1."lowerBound",
                     i_1."upperBound",
                     i_1."timeS",
                     store_activity_zones.p_raw_id AS p_raw_id,
                     store_activity_zones.p_raw_created_at AS p_raw_created_at,
                     store_activity_zones.p_observed_at AS p_observed_at
                    FROM (incoming i_1
                      JOIN current c USING (activity_id)) ON CONFLICT(user_id, activity_id, kind, zone_number) DO UPDATE SET unit = excluded.unit, lower_bound = excluded.lower_bound, upper_bound = excluded.upper_bound, time_s = excluded.time_s, raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at
         )
  SELECT COALESCE(array_agg(DISTINCT i."sourceId"), '{}'::text[]) AS "coalesce"
    FROM incoming i
   WHERE ((i.activity_id IS NULL) AND (NOT (EXISTS ( SELECT 1
            FROM ops.deleted_records d
           WHERE ((d.user_id = store_activity_zones.p_user_id) AND (d.platform = store_activity_zones.p_platform) AND (d.record_type = 'activity'::text) AND (d.source_id = i."sourceId") AND (d.observed_at >= store_activity_zones.p_observed_at))))));
END;
comment on function ops.store_activity_zones(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) is 'Writes the training zones of one payload; answers the source ids whose activity is not here.';
grant execute on function ops.store_activity_zones(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to public;
grant execute on function ops.store_activity_zones(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to tributary_service;

CREATE OR REPLACE FUNCTION ops.store_daily_metrics(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_observed_at timestamp with time zone, p_records jsonb)
 RETURNS date[]
 LANGUAGE sql
BEGIN ATOMIC
 WITH incoming AS (
          SELECT r."localDay",
             r.kind,
             r.value,
             r.finality
            FROM jsonb_to_recordset(store_daily_metrics.p_records) r("localDay" date, kind text, value numeric, finality bigint)
         ), written AS (
          INSERT INTO public.daily_metrics AS d (user_id, local_day, platform, kind, value, derived, finality, raw_id, raw_created_at, observed_at)  SELECT store_daily_metrics.p_user_id AS p_user_id,
                     i."localDay",
                     store_daily_metrics.p_platform AS p_platform,
                     i.kind,
                     i.value,
                     false,
                     COALESCE(i.finality, (0)::bigint) AS "coalesce",
                     store_daily_metrics.p_raw_id AS p_raw_id,
                     store_daily_metrics.p_raw_created_at AS p_raw_created_at,
                     store_daily_metrics.p_observed_at AS p_observed_at
                    FROM incoming i
                   ORDER BY i."localDay", i.kind ON CONFLICT(user_id, local_day, platform, kind) DO UPDATE SET value = excluded.value, derived = false, finality = excluded.finality, raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at, updated_at = now()
           WHERE (d.derived OR (excluded.finality > d.finality) OR ((excluded.finality = d.finality) AND ((excluded.observed_at > d.observed_at) OR ((excluded.observed_at = d.observed_at) AND ((excluded.raw_id > d.raw_id) OR ((excluded.raw_id = d.raw_id) AND (excluded.value <> d.value)))))) OR ((excluded.raw_id = d.raw_id) AND ((excluded.value IS DISTINCT FROM d.value) OR (excluded.finality IS DISTINCT FROM d.finality))))
           RETURNING d.local_day
         )
  SELECT COALESCE(array_agg(DISTINCT written.local_day ORDER BY written.local_day), '{}'::date[]) AS "coalesce"
    FROM written;
END;
comment on function ops.store_daily_metrics(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) is 'Writes the daily numbers a platform reports and answers the days that changed. A less complete value never replaces a more complete one, an older payload never a newer one.';
grant execute on function ops.store_daily_metrics(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to public;
grant execute on function ops.store_daily_metrics(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb) to tributary_service;

CREATE OR REPLACE FUNCTION ops.store_sample_batch(p_user_id uuid, p_platform text, p_raw_created_at timestamp with time zone, p_raw_ids uuid[], p_observed_at timestamp with time zone[], p_raw integer[], p_kind text[], p_started_ms bigint[], p_ended_ms bigint[], p_offset_seconds integer[], p_value numeric[], p_source text[], p_variant text[], p_source_id text[], p_manual boolean[])
 RETURNS date[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_time_zone text := coalesce((select u.time_zone from public.app_users u where u.user_id = p_user_id), 'UTC');
  v_written date[];
  v_has_deleted boolean := exists (
    select 1 from ops.deleted_records d where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sample');
begin
  with incoming as (
    select i.*, p_raw_ids[i.raw] as raw_id, p_observed_at[i.raw] as observed_at, to_timestamp(i.started_ms / 1000.0) as started_at
    from unnest(p_raw, p_kind, p_started_ms, p_ended_ms, p_offset_seconds, p_value, p_source, p_variant, p_source_id, p_manual)
      as i (raw, kind, started_ms, ended_ms, offset_seconds, value, source, variant, source_id, manual)
    where not v_has_deleted or not exists (
      select 1 from ops.deleted_records d
      where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sample'
        and d.source_id in (i.source_id, ops.sample_identity(i.kind, to_timestamp(i.started_ms / 1000.0), to_timestamp(i.ended_ms / 1000.0), i.source, i.variant))
        and d.observed_at >= p_observed_at[i.raw])
  ), written as (
    insert into public.samples as s (user_id, kind, started_at, ended_at, platform, source, variant, value, local_day,
      start_offset_seconds, manual, source_id, raw_id, raw_created_at, observed_at)
    select p_user_id, i.kind, i.started_at, to_timestamp(i.ended_ms / 1000.0), p_platform, i.source, i.variant, i.value,
      case when i.offset_seconds is null then (i.started_at at time zone v_time_zone)::date
        else (i.started_at at time zone 'UTC' + make_interval(secs => i.offset_seconds))::date end,
      i.offset_seconds, i.manual, i.source_id, i.raw_id, p_raw_created_at, i.observed_at
    from incoming i
    on conflict (user_id, kind, started_at, ended_at, platform, source, variant) do update
    set value = excluded.value, local_day = excluded.local_day, start_offset_seconds = excluded.start_offset_seconds,
      manual = excluded.manual, source_id = coalesce(excluded.source_id, s.source_id), raw_id = excluded.raw_id,
      raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at
    where excluded.observed_at > s.observed_at
      or (excluded.observed_at = s.observed_at and (excluded.raw_id > s.raw_id or (excluded.raw_id = s.raw_id
        and row(s.value, s.local_day, s.start_offset_seconds, s.manual)
          is distinct from row(excluded.value, excluded.local_day, excluded.start_offset_seconds, excluded.manual))))
    returning old.local_day as old_day, new.local_day as new_day, old.value is distinct from new.value as changed
  )
  select array_agg(distinct day) into v_written
  from written cross join lateral (values (old_day), (new_day)) as touched (day)
  where day is not null and (changed or old_day is distinct from new_day);
  return coalesce(v_written, '{}');
end $function$;
comment on function ops.store_sample_batch(uuid,text,timestamp with time zone,uuid[],timestamp with time zone[],integer[],text[],bigint[],bigint[],integer[],numeric[],text[],text[],text[],boolean[]) is 'Writes the samples of several payloads that arrive together, as store_samples writes those of one: for imports, which have neither spans nor deletions beside them. p_raw says which of the payloads a sample is from, from 1. No two samples may be of one identity. Answers the local days whose numbers may have changed.';
grant execute on function ops.store_sample_batch(uuid,text,timestamp with time zone,uuid[],timestamp with time zone[],integer[],text[],bigint[],bigint[],integer[],numeric[],text[],text[],text[],boolean[]) to public;
grant execute on function ops.store_sample_batch(uuid,text,timestamp with time zone,uuid[],timestamp with time zone[],integer[],text[],bigint[],bigint[],integer[],numeric[],text[],text[],text[],boolean[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.store_samples(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_observed_at timestamp with time zone, p_records jsonb, p_spans jsonb, p_deleted text[])
 RETURNS date[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_time_zone text := coalesce((select u.time_zone from public.app_users u where u.user_id = p_user_id), 'UTC');
  v_written date[];
  v_replaced date[];
  v_deleted date[];
  v_has_deleted boolean := exists (
    select 1 from ops.deleted_records d where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sample');
begin
  -- What a span covers is replaced as a whole: an interval that grew has another end, and its shorter self must go.
  with spans as (
    select r.* from jsonb_to_recordset(p_spans) as r (
      kinds text[], source text, variant text, "from" timestamptz, "to" timestamptz, "keepLonger" boolean, lasting boolean)
  ), gone as (
    delete from public.samples s using spans p
    where s.user_id = p_user_id and s.kind = any (p.kinds) and s.platform = p_platform
      and s.started_at >= p."from" and s.started_at < p."to"
      and (p.source is null or s.source = p.source) and (p.variant is null or s.variant = p.variant)
      and (s.observed_at < p_observed_at or s.raw_id = p_raw_id)
      and not (coalesce(p."keepLonger", false) and s.ended_at > p."to")
      and not exists (
        select 1 from jsonb_to_recordset(p_records) as r (kind text, "startedAt" timestamptz, "endedAt" timestamptz, source text, variant text)
        where r.kind = s.kind and r."startedAt" = s.started_at and r."endedAt" = s.ended_at and r.source = s.source and r.variant = s.variant)
    returning s.local_day, s.kind, s.started_at, s.ended_at, s.source, s.variant, p.lasting
  ), remembered as (
    -- An older payload that is read again must not bring back what a newer one no longer told.
    insert into ops.deleted_records as d (user_id, platform, record_type, source_id, observed_at)
    select distinct p_user_id, p_platform, 'sample', ops.sample_identity(kind, started_at, ended_at, source, variant), p_observed_at
    from gone where lasting
    on conflict (user_id, platform, record_type, source_id) do update set observed_at = greatest(d.observed_at, excluded.observed_at)
  )
  select array_agg(distinct local_day) into v_replaced from gone;

  with spans as (
    select r.* from jsonb_to_recordset(p_spans) as r (kinds text[], source text, variant text, "from" timestamptz, "to" timestamptz, "keepLonger" boolean)
  ), newer as (
    select p.* from spans p where exists (
      select 1 from public.samples s
      where s.user_id = p_user_id and s.kind = any (p.kinds) and s.platform = p_platform
        and s.started_at >= p."from" and s.started_at < p."to"
        and (p.source is null or s.source = p.source) and (p.variant is null or s.variant = p.variant)
        and (s.observed_at > p_observed_at or (coalesce(p."keepLonger", false) and s.ended_at > p."to")))
  ), incoming as (
    select r.* from jsonb_to_recordset(p_records) as r (
      kind text, "startedAt" timestamptz, "endedAt" timestamptz, source text, variant text, value numeric, "localDay" date,
      "offsetSeconds" integer, manual boolean, "sourceId" text)
    where not exists (
      select 1 from newer p where r.kind = any (p.kinds) and r."startedAt" >= p."from" and r."startedAt" < p."to"
        and (p.source is null or r.source = p.source) and (p.variant is null or r.variant = p.variant))
      and not exists (
        select 1 from ops.deleted_records d
        where v_has_deleted and d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sample'
          and d.source_id in (r."sourceId", ops.sample_identity(r.kind, r."startedAt", r."endedAt", r.source, r.variant))
          and d.observed_at >= p_observed_at)
  ), written as (
    insert into public.samples as s (user_id, kind, started_at, ended_at, platform, source, variant, value, local_day,
      start_offset_seconds, manual, source_id, raw_id, raw_created_at, observed_at)
    select p_user_id, i.kind, i."startedAt", i."endedAt", p_platform, i.source, i.variant, i.value,
      coalesce(i."localDay", case when i."offsetSeconds" is null then (i."startedAt" at time zone v_time_zone)::date
        else (i."startedAt" at time zone 'UTC' + make_interval(secs => i."offsetSeconds"))::date end),
      i."offsetSeconds", i.manual, i."sourceId", p_raw_id, p_raw_created_at, p_observed_at
    from incoming i
    on conflict (user_id, kind, started_at, ended_at, platform, source, variant) do update
    set value = excluded.value, 
      -- Of one reading that comes twice, the path that tells where the person was is right.
      local_day = case when excluded.start_offset_seconds is null and s.start_offset_seconds is not null then s.local_day else excluded.local_day end,
      start_offset_seconds = coalesce(excluded.start_offset_seconds, s.start_offset_seconds),
      manual = excluded.manual, source_id = coalesce(excluded.source_id, s.source_id), raw_id = excluded.raw_id,
      raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at
    where excluded.observed_at > s.observed_at
      or (excluded.observed_at = s.observed_at and (excluded.raw_id > s.raw_id or (excluded.raw_id = s.raw_id
        and row(s.value, s.local_day, s.start_offset_seconds, s.manual)
          is distinct from row(excluded.value, excluded.local_day, excluded.start_offset_seconds, excluded.manual))))
    returning old.local_day as old_day, new.local_day as new_day, old.value is distinct from new.value as changed
  )
  select array_agg(distinct day) into v_written
  from written cross join lateral (values (old_day), (new_day)) as touched (day)
  where day is not null and (changed or old_day is distinct from new_day);

  -- A record that comes again under its id with another time, kind or source is the same record, corrected; unless the version that came
  -- was not taken, because a longer or newer one is here.
  with corrected as (
    delete from public.samples s
    using jsonb_to_recordset(p_records) as r (kind text, "startedAt" timestamptz, "endedAt" timestamptz, source text, variant text, "sourceId" text)
    where r."sourceId" is not null and s.user_id = p_user_id and s.platform = p_platform and s.source_id = r."sourceId"
      and s.observed_at < p_observed_at
      and (s.kind, s.started_at, s.ended_at, s.source, s.variant) is distinct from (r.kind, r."startedAt", r."endedAt", r.source, r.variant)
      and exists (
        select 1 from public.samples n where n.user_id = p_user_id and n.kind = r.kind and n.started_at = r."startedAt"
          and n.ended_at = r."endedAt" and n.platform = p_platform and n.source = r.source and n.variant = r.variant)
      and not exists (
        select 1 from jsonb_to_recordset(p_records) as o (kind text, "startedAt" timestamptz, "endedAt" timestamptz, source text, variant text, "sourceId" text)
        where o."sourceId" = s.source_id and (o.kind, o."startedAt", o."endedAt", o.source, o.variant) = (s.kind, s.started_at, s.ended_at, s.source, s.variant))
    returning s.local_day
  )
  select v_replaced || coalesce(array_agg(distinct local_day), '{}') into v_replaced from corrected;

  with gone as (
    insert into ops.deleted_records as d (user_id, platform, record_type, source_id, observed_at)
    select p_user_id, p_platform, 'sample', source_id, p_observed_at from unnest(p_deleted) as source_id
    on conflict (user_id, platform, record_type, source_id) do update set observed_at = greatest(d.observed_at, excluded.observed_at)
    returning source_id
  ), removed as (
    delete from public.samples s using gone
    where s.user_id = p_user_id and s.platform = p_platform and s.source_id = gone.source_id and s.observed_at <= p_observed_at
    returning s.local_day
  )
  select array_agg(distinct local_day) into v_deleted from removed;

  return array(select distinct day from unnest(v_replaced || v_written || v_deleted) as day order by day);
end $function$;
comment on function ops.store_samples(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb,jsonb,text[]) is 'Writes the samples of one payload, replaces what its spans cover, removes what is gone at the source, and answers the local days whose numbers may have changed. An older payload never overwrites a newer one; the same payload twice changes nothing.';
grant execute on function ops.store_samples(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb,jsonb,text[]) to public;
grant execute on function ops.store_samples(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb,jsonb,text[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.store_sleep_sessions(p_user_id uuid, p_platform text, p_raw_id uuid, p_raw_created_at timestamp with time zone, p_observed_at timestamp with time zone, p_records jsonb, p_deleted text[])
 RETURNS date[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_time_zone text := coalesce((select u.time_zone from public.app_users u where u.user_id = p_user_id), 'UTC');
  v_written date[];
  v_sessions uuid[];
  v_deleted date[];
  v_absorbed date[];
  v_shortened date[];
  v_records jsonb := ops.join_sleep_parts(p_user_id, p_platform, p_raw_id, p_raw_created_at, p_observed_at, p_records);
begin
  with incoming as (
    select r.* from jsonb_to_recordset(v_records) as r (
      "sourceId" text, source text, "localDay" date, "startedAt" timestamptz, "endedAt" timestamptz, "endOffsetSeconds" integer,
      "timeZone" text, nap boolean, "asleepS" integer, "inBedS" integer, "awakeS" integer, "lightS" integer, "deepS" integer,
      "remS" integer, score numeric, finality integer, "rawId" uuid, "rawCreatedAt" timestamptz, "observedAt" timestamptz)
    where not exists (
      select 1 from ops.deleted_records d
      where d.user_id = p_user_id and d.platform = p_platform and d.record_type = 'sleep_session' and d.source_id = r."sourceId"
        and d.observed_at >= p_observed_at)
  ), written as (
    insert into public.sleep_sessions as s (user_id, platform, source_id, source, local_day, started_at, ended_at, end_offset_seconds,
      time_zone, nap, asleep_s, in_bed_s, awake_s, light_s, deep_s, rem_s, score, finality, raw_id, raw_created_at, observed_at)
    select p_user_id, p_platform, i."sourceId", i.source,
      coalesce(i."localDay", case when i."endOffsetSeconds" is null then (i."endedAt" at time zone v_time_zone)::date
        else (i."endedAt" at time zone 'UTC' + make_interval(secs => i."endOffsetSeconds"))::date end),
      i."startedAt", i."endedAt", i."endOffsetSeconds", i."timeZone", i.nap, i."asleepS", i."inBedS", i."awakeS", i."lightS", i."deepS",
      i."remS", i.score, i.finality, coalesce(i."rawId", p_raw_id), coalesce(i."rawCreatedAt", p_raw_created_at),
      coalesce(i."observedAt", p_observed_at)
    from incoming i
    order by i."sourceId"
    on conflict (user_id, platform, source_id) do update
    set source = excluded.source, local_day = excluded.local_day, started_at = excluded.started_at, ended_at = excluded.ended_at,
      end_offset_seconds = excluded.end_offset_seconds, time_zone = excluded.time_zone, nap = excluded.nap,
      asleep_s = excluded.asleep_s, in_bed_s = excluded.in_bed_s, awake_s = excluded.awake_s, light_s = excluded.light_s,
      deep_s = excluded.deep_s, rem_s = excluded.rem_s, score = excluded.score, finality = excluded.finality,
      raw_id = excluded.raw_id, raw_created_at = excluded.raw_created_at, observed_at = excluded.observed_at, updated_at = now()
    where (excluded.finality, excluded.observed_at, excluded.raw_id) > (s.finality, s.observed_at, s.raw_id)
      -- The same payload once more: after a fix of its normalizer it may say something else, a lower finality included.
      or (excluded.raw_id = s.raw_id and excluded.observed_at = s.observed_at
        and (row(s.source, s.local_day, s.started_at, s.ended_at, s.end_offset_seconds, s.time_zone, s.nap, s.asleep_s, s.in_bed_s, s.awake_s,
            s.light_s, s.deep_s, s.rem_s, s.score, s.finality)
          is distinct from row(excluded.source, excluded.local_day, excluded.started_at, excluded.ended_at, excluded.end_offset_seconds,
            excluded.time_zone, excluded.nap, excluded.asleep_s, excluded.in_bed_s, excluded.awake_s, excluded.light_s, excluded.deep_s,
            excluded.rem_s, excluded.score, excluded.finality)
        or exists (
          select t."startedAt", max(t."endedAt"), t.stage
          from jsonb_to_recordset(v_records) as r ("sourceId" text, stages jsonb)
          cross join lateral jsonb_to_recordset(r.stages) as t (stage text, "startedAt" timestamptz, "endedAt" timestamptz)
          where r."sourceId" = s.source_id group by t."startedAt", t.stage
          except select t.started_at, t.ended_at, t.stage from public.sleep_stages t where t.user_id = s.user_id and t.sleep_session_id = s.id)
        or exists (
          select t.started_at, t.stage from public.sleep_stages t where t.user_id = s.user_id and t.sleep_session_id = s.id
          except select t."startedAt", t.stage from jsonb_to_recordset(v_records) as r ("sourceId" text, stages jsonb)
          cross join lateral jsonb_to_recordset(r.stages) as t (stage text, "startedAt" timestamptz, "endedAt" timestamptz)
          where r."sourceId" = s.source_id)))
    returning new.id as id, old.local_day as old_day, new.local_day as new_day
  )
  select array_agg(distinct day), array_agg(distinct id) into v_written, v_sessions
  from written cross join lateral (values (old_day), (new_day)) as touched (day) where day is not null;

  delete from public.sleep_stages t where t.user_id = p_user_id and t.sleep_session_id = any (v_sessions);
  insert into public.sleep_stages (user_id, sleep_session_id, started_at, ended_at, stage, source_id, raw_id)
  select p_user_id, s.id, t."startedAt", max(t."endedAt"), t.stage, max(t."sourceId"), (array_agg(t."rawId"))[1]
  from jsonb_to_recordset(v_records) as r ("sourceId" text, stages jsonb)
  join public.sleep_sessions s on s.user_id = p_user_id and s.platform = p_platform and s.source_id = r."sourceId" and s.id = any (v_sessions)
  cross join lateral jsonb_to_recordset(r.stages) as t (stage text, "startedAt" timestamptz, "endedAt" timestamptz, "sourceId" text, "rawId" uuid)
  group by s.id, t."startedAt", t.stage;

  -- One night of one source is one session: what was known of it in pieces is in this one now, or is told anew by it.
  with nights as (
    select r.* from jsonb_to_recordset(v_records) as r (parts text, "sourceId" text, source text, "startedAt" timestamptz, "endedAt" timestamptz)
    where r.parts is not null
  ), absorbed as (
    delete from public.sleep_sessions s using nights n
    where s.user_id = p_user_id and s.platform = p_platform and s.source = n.source and s.source_id <> n."sourceId"
      and s.started_at < n."endedAt" and s.ended_at > n."startedAt"
      and (n.parts = 'some' or s.observed_at <= p_observed_at or (s.started_at >= n."startedAt" and s.ended_at <= n."endedAt"))
      and not exists (select 1 from nights o where o."sourceId" = s.source_id)
    returning s.local_day
  )
  select array_agg(distinct local_day) into v_absorbed from absorbed;

  with gone as (
    insert into ops.deleted_records as d (user_id, platform, record_type, source_id, observed_at)
    select p_user_id, p_platform, 'sleep_session', source_id, p_observed_at from unnest(p_deleted) as source_id
    on conflict (user_id, platform, record_type, source_id) do update set observed_at = greatest(d.observed_at, excluded.observed_at)
    returning source_id
  ), removed as (
    delete from public.sleep_sessions s using gone
    where s.user_id = p_user_id and s.platform = p_platform and s.source_id = gone.source_id and s.observed_at <= p_observed_at
    returning s.local_day
  )
  select array_agg(distinct local_day) into v_deleted from removed;

  if cardinality(p_deleted) > 0 then
    with cut as (
      delete from public.sleep_stages t using public.sleep_sessions s
      where s.user_id = p_user_id and s.platform = p_platform and s.observed_at <= p_observed_at
        and t.user_id = s.user_id and t.sleep_session_id = s.id and t.source_id = any (p_deleted)
      returning t.sleep_session_id
    )
    select array_agg(distinct sleep_session_id) into v_sessions from cut;
    v_shortened := ops.recompute_sleep(p_user_id, v_sessions);
  end if;

  return array(select distinct day from unnest(v_written || v_absorbed || v_deleted || v_shortened) as day order by day);
end $function$;
comment on function ops.store_sleep_sessions(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb,text[]) is 'Writes the sleep sessions of one payload with their stages and answers the local days whose numbers may have changed. A tentative version never replaces a final one, an older payload never a newer one; the same payload twice gives the same rows.';
grant execute on function ops.store_sleep_sessions(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb,text[]) to public;
grant execute on function ops.store_sleep_sessions(uuid,text,uuid,timestamp with time zone,timestamp with time zone,jsonb,text[]) to tributary_service;

CREATE OR REPLACE FUNCTION ops.take_days_of_data(p_platform text, p_days integer)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_wait_until timestamptz;
begin
  perform 1 from ops.request_budgets b where b.platform = p_platform and b.unit = 'day_of_data' for update;
  update ops.request_budgets b
  set used = 0, resets_at = to_timestamp((floor(extract(epoch from clock_timestamp()) / b.window_seconds) + 1) * b.window_seconds)
  where b.platform = p_platform and b.unit = 'day_of_data' and b.resets_at <= clock_timestamp();
  -- What is larger than the whole window goes alone rather than never.
  select max(b.resets_at) into v_wait_until
  from ops.request_budgets b
  where b.platform = p_platform and b.unit = 'day_of_data' and b.used > 0 and b.used + p_days > b.quota;
  if v_wait_until is null then
    update ops.request_budgets b set used = b.used + p_days where b.platform = p_platform and b.unit = 'day_of_data';
  end if;
  return v_wait_until;
end $function$;
comment on function ops.take_days_of_data(text,integer) is 'Takes so many days of data from what the application may ask for and answers null, or answers when to try again.';
grant execute on function ops.take_days_of_data(text,integer) to public;
grant execute on function ops.take_days_of_data(text,integer) to tributary_service;

CREATE OR REPLACE FUNCTION ops.take_job(p_queue text, p_per_minute integer)
 RETURNS timestamp with time zone
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into ops.job_rates as r (queue, used, window_ends_at) values (p_queue, 1, clock_timestamp() + interval '1 minute')
  on conflict (queue) do update set
    used = case when r.window_ends_at <= clock_timestamp() then 1 else least(r.used, p_per_minute) + 1 end,
    window_ends_at = case when r.window_ends_at <= clock_timestamp() then clock_timestamp() + interval '1 minute' else r.window_ends_at end
  returning case when r.used > p_per_minute then r.window_ends_at end
$function$;
comment on function ops.take_job(text,integer) is 'Begins one job of a queue and answers null, or answers when to try again because so many were begun within a minute.';
grant execute on function ops.take_job(text,integer) to public;
grant execute on function ops.take_job(text,integer) to tributary_service;

CREATE OR REPLACE FUNCTION ops.take_request(p_platform text, p_share numeric)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_breaker record;
  v_now timestamptz;
  v_wait_until timestamptz;
begin
  -- Whoever asks for the same platform waits here, so all that follows is as short as it can be.
  select c.state, c.open_until, c.probe_until into v_breaker from ops.circuit_breakers c where c.platform = p_platform for update;
  v_now := clock_timestamp();
  if v_breaker.state = 'open' and v_breaker.open_until > v_now then return v_breaker.open_until; end if;
  if v_breaker.state = 'half_open' and v_breaker.probe_until > v_now then
    -- A probe is on its way: its answer is known soon, and all who wait for it need not come at once.
    return least(v_breaker.probe_until, v_now + interval '1 second' * (1 + 2 * random()));
  end if;
  -- Locked, too: an answer that tells of more requests than ours must not come between this look and what is counted below.
  select greatest(
      max(case when b.resets_at > v_now then b.resets_at else ops.window_end(b.window_seconds, v_now) end)
        filter (where (case when b.resets_at > v_now then b.used else 0 end) + 1 > floor(b.quota * p_share)),
      (select p.paused_until from ops.request_pauses p where p.platform = p_platform and p.paused_until > v_now))
    into v_wait_until
  from (
    select r.resets_at, r.window_seconds, r.used, r.quota from ops.request_budgets r
    where r.platform = p_platform and r.unit = 'request' order by r.window_name for update) b;
  if v_wait_until is not null then return v_wait_until; end if;
  update ops.request_budgets b set
    used = case when b.resets_at > v_now then b.used + 1 else 1 end,
    resets_at = case when b.resets_at > v_now then b.resets_at else ops.window_end(b.window_seconds, v_now) end
  where b.platform = p_platform and b.unit = 'request';
  if v_breaker.state = 'closed' then
    update ops.circuit_breakers c set
      requests = case when c.window_ends_at <= v_now then 1 else c.requests + 1 end,
      failures = case when c.window_ends_at <= v_now then 0 else c.failures end,
      window_ends_at = case when c.window_ends_at <= v_now then v_now + interval '1 minute' else c.window_ends_at end
    where c.platform = p_platform;
  else
    -- A probe may take as long as a request may; should its process die, another goes.
    update ops.circuit_breakers c set state = 'half_open', probe_until = v_now + interval '75 seconds',
      changed_at = case when c.state = 'open' then v_now else c.changed_at end
    where c.platform = p_platform;
  end if;
  return null;
end $function$;
comment on function ops.take_request(text,numeric) is 'Takes one request from every window of the platform''s budget and answers null, or answers when to try again: when a window resets, a pause that the platform asked for ends, or its circuit breaker lets somebody through. The share (0 to 1] keeps the rest of each window for more urgent work.';
grant execute on function ops.take_request(text,numeric) to public;
grant execute on function ops.take_request(text,numeric) to tributary_service;

CREATE OR REPLACE FUNCTION ops.tell_of_jobs(p_task text, p_jobs integer, p_first_id bigint)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
RETURN pg_notify('jobs:insert'::text, (json_build_object('count', 0, 'task', p_task, 'jobs', p_jobs, 'first', p_first_id))::text);
comment on function ops.tell_of_jobs(text,integer,bigint) is 'Tells the workers when the transaction commits which task has new jobs that are due, so that only those look who run it (service/runtime/job-nudges.ts). Who is not told finds them within a second.';
grant execute on function ops.tell_of_jobs(text,integer,bigint) to public;
grant execute on function ops.tell_of_jobs(text,integer,bigint) to tributary_service;

CREATE OR REPLACE FUNCTION ops.window_end(p_seconds integer, p_at timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE
RETURN to_timestamp((((floor((EXTRACT(epoch FROM p_at) / (p_seconds)::numeric)) + (1)::numeric) * (p_seconds)::numeric))::double precision);
comment on function ops.window_end(integer,timestamp with time zone) is 'When the natural window of so many seconds ends that holds this moment.';
grant execute on function ops.window_end(integer,timestamp with time zone) to public;
grant execute on function ops.window_end(integer,timestamp with time zone) to tributary_service;

CREATE OR REPLACE FUNCTION vault.announce_key_deleted()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- Any role may listen: the id of a key names nobody.
  perform pg_notify('vault_key_deleted', old.key_id::text);
  return null;
end $function$;
comment on function vault.announce_key_deleted() is 'Tells every process to forget a person''s key when it is deleted, however that came about: disconnect, erasure, rotation.';
grant execute on function vault.announce_key_deleted() to public;
