set local lock_timeout = '5s';

create table ops.erasure_ledger (
  person_hmac bytea primary key check (octet_length(person_hmac) = 32),
  erased_at timestamptz not null default now(),
  published_at timestamptz
);
comment on table ops.erasure_ledger is 'Who was erased, as HMAC of the person''s id: a restore skips them. A copy of every row goes beside the backups, for the database may be what is lost.';
comment on column ops.erasure_ledger.person_hmac is 'HMAC-SHA-256 of the person''s id under a key derived from BACKUP_KEY.';
comment on column ops.erasure_ledger.erased_at is 'When the person was erased.';
comment on column ops.erasure_ledger.published_at is 'When the row was copied beside the backups; null until then.';
grant select, insert, update (published_at) on ops.erasure_ledger to tributary_service;
