set local lock_timeout = '5s';

create table ops.uploads (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null,
  platform text not null references public.platforms (id),
  state text not null default 'receiving' check (state in ('receiving', 'importing', 'done', 'failed')),
  received_bytes bigint not null default 0 check (received_bytes >= 0),
  sha256 text,
  sync_run_id uuid,
  received_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, id),
  foreign key (user_id, sync_run_id) references public.sync_runs (user_id, id) on delete cascade,
  check ((state = 'receiving') or (sha256 is not null and sync_run_id is not null))
);
create index uploads_by_content on ops.uploads (user_id, platform, sha256) where sha256 is not null;
create index uploads_by_change on ops.uploads (updated_at) where state = 'receiving';
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

create table ops.upload_chunks (
  user_id uuid not null,
  upload_id uuid not null,
  from_byte bigint not null check (from_byte >= 0),
  byte_count integer not null check (byte_count between 1 and 1048576),
  bytes_sealed bytea not null,
  primary key (user_id, upload_id, from_byte),
  foreign key (user_id, upload_id) references ops.uploads (user_id, id) on delete cascade
);
-- Sealed bytes don't compress.
alter table ops.upload_chunks alter column bytes_sealed set storage external;
comment on table ops.upload_chunks is 'The bytes of files that are being received or imported, sealed, at most 1 MiB a row.';
comment on column ops.upload_chunks.user_id is 'Whose file it is.';
comment on column ops.upload_chunks.upload_id is 'The file.';
comment on column ops.upload_chunks.from_byte is 'Place of the first byte in the file.';
comment on column ops.upload_chunks.byte_count is 'How many bytes are sealed here.';
comment on column ops.upload_chunks.bytes_sealed is 'The bytes, sealed for this person.';

grant select, insert, update, delete on ops.uploads, ops.upload_chunks to tributary_service;
