-- What is left of a person who was erased: a digest that refuses to let them come back, and a report that names nobody.
set local lock_timeout = '5s';

create function ops.person_digest(p_user_id uuid) returns bytea language sql immutable parallel safe
return sha256(convert_to('tributary/erased/v1:' || p_user_id::text, 'UTF8'));
comment on function ops.person_digest(uuid) is 'How an erased person is named: an id of 122 random bits cannot be guessed from it.';
revoke all on function ops.person_digest(uuid) from public;
grant execute on function ops.person_digest(uuid) to tributary_service;

create table ops.erasure_tombstones (
  digest bytea primary key check (octet_length(digest) = 32),
  kind text not null check (kind in ('person', 'account')),
  erasure_id uuid not null,
  created_at timestamptz not null default now(),
  refused bigint not null default 0 check (refused >= 0),
  last_refused_at timestamptz
);
comment on table ops.erasure_tombstones is 'People and accounts at platforms that nothing may bring back.';
comment on column ops.erasure_tombstones.digest is 'ops.person_digest of the person, or an HMAC under BACKUP_KEY of platform and account: numbers of accounts could be guessed from a digest.';
comment on column ops.erasure_tombstones.kind is 'person or account.';
comment on column ops.erasure_tombstones.erasure_id is 'The erasure it is of.';
comment on column ops.erasure_tombstones.created_at is 'When the erasure began.';
comment on column ops.erasure_tombstones.refused is 'How often something would have brought them back.';
comment on column ops.erasure_tombstones.last_refused_at is 'When that was last.';

create table public.erasures (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.app_users (user_id) on delete set null,
  subject_digest bytea not null check (octet_length(subject_digest) = 32),
  status text not null default 'requested' check (status in ('requested', 'erasing', 'confirming', 'complete', 'cancelled')),
  channel text not null check (channel in ('app', 'operator', 'replay')),
  requested_by uuid,
  requested_at timestamptz not null default now(),
  erases_at timestamptz not null,
  held boolean not null default false,
  started_at timestamptz,
  erased_at timestamptz,
  finished_at timestamptz,
  progress jsonb not null default '{}',
  report text,
  report_signature text,
  report_key text,
  updated_at timestamptz not null default now(),
  check ((status = 'complete') = (report is not null)),
  check (status not in ('complete', 'cancelled') or finished_at is not null)
);
create unique index erasures_one_open on public.erasures (user_id) where status in ('requested', 'erasing') and user_id is not null;
create index erasures_by_subject on public.erasures (subject_digest);
create index erasures_open on public.erasures (erases_at) where status in ('requested', 'erasing', 'confirming');
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

create table ops.erasure_revocations (
  revocation_id uuid primary key,
  erasure_id uuid not null references public.erasures (id) on delete cascade,
  platform text not null,
  outcome text check (outcome in ('confirmed', 'given_up')),
  settled_at timestamptz
);
comment on table ops.erasure_revocations is 'What platforms answered when they were told that an erased person has gone.';
comment on column ops.erasure_revocations.revocation_id is 'Row of vault.pending_revocations while it is open.';
comment on column ops.erasure_revocations.erasure_id is 'The erasure it is of.';
comment on column ops.erasure_revocations.platform is 'The platform.';
comment on column ops.erasure_revocations.outcome is 'confirmed or given_up; null: not yet, or somebody connected the account again.';
comment on column ops.erasure_revocations.settled_at is 'When that was.';

create table public.legal_holds (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.app_users (user_id) on delete cascade,
  everybody boolean not null default false,
  reason text not null check (length(reason) between 10 and 1000),
  placed_by uuid,
  placed_at timestamptz not null default now(),
  released_by uuid,
  released_at timestamptz,
  release_reason text check (length(release_reason) between 10 and 1000),
  check ((released_at is null) = (release_reason is null)),
  check (everybody = (user_id is null))
);
create unique index legal_holds_one_for_each on public.legal_holds (user_id, everybody) nulls not distinct where released_at is null;
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

create function ops.is_held(p_user_id uuid) returns boolean language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select exists (select from public.legal_holds h where h.released_at is null and (h.everybody or h.user_id = p_user_id));
end;
comment on function ops.is_held(uuid) is 'Whether a legal hold keeps this person''s data.';
revoke all on function ops.is_held(uuid) from public;
grant execute on function ops.is_held(uuid) to tributary_service;

create function ops.refuse_to_lose_held() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if ops.is_held(old.user_id) then
    raise exception 'a legal hold keeps this person''s data' using errcode = 'TB021';
  end if;
  return old;
end $$;
comment on function ops.refuse_to_lose_held() is 'Refuses to delete a person whose data is held, with SQLSTATE TB021.';
revoke all on function ops.refuse_to_lose_held() from public;
create trigger refuse_to_lose_held before delete on public.app_users for each row execute function ops.refuse_to_lose_held();

-- The tables with a person's rows that nothing else keeps from coming back: all others refer to app_users.
create function ops.refuse_erased() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from ops.erasure_tombstones t where t.digest = ops.person_digest(new.user_id)) then
    raise exception 'this person was erased' using errcode = 'TB020';
  end if;
  return new;
end $$;
comment on function ops.refuse_erased() is 'Refuses rows of an erased person, with SQLSTATE TB020.';
revoke all on function ops.refuse_erased() from public;
create trigger refuse_erased before insert on public.app_users for each row execute function ops.refuse_erased();
create trigger refuse_erased before insert on public.raw_fitness_data for each row execute function ops.refuse_erased();
create trigger refuse_erased before insert on vault.oauth_states for each row execute function ops.refuse_erased();

create function audit.forget_erased() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
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
end $$;
comment on function audit.forget_erased() is 'Lines about an erased person say nothing from the start; the event and its hash are kept.';
revoke all on function audit.forget_erased() from public;
create trigger forget_erased before insert on audit.personal_values for each row execute function audit.forget_erased();

alter table ops.erasure_ledger
  add column person_digest bytea check (octet_length(person_digest) = 32),
  add column account_digests bytea[] not null default '{}';
comment on column ops.erasure_ledger.person_digest is 'Digest of the tombstone, so that a restored database knows it too.';
comment on column ops.erasure_ledger.account_digests is 'Digests of the tombstones of the accounts at platforms.';

grant update (person_digest, account_digests) on ops.erasure_ledger to tributary_service;
grant select, insert, update (refused, last_refused_at) on ops.erasure_tombstones to tributary_service;
grant select, insert on public.erasures to tributary_service;
grant update (status, held, started_at, erased_at, finished_at, progress, report, report_signature, report_key, updated_at) on public.erasures to tributary_service;
grant select, insert, update (outcome, settled_at) on ops.erasure_revocations to tributary_service;
grant select, insert, update (released_by, released_at, release_reason) on public.legal_holds to tributary_service;
grant select on public.erasures, public.legal_holds to tributary_hasura;
