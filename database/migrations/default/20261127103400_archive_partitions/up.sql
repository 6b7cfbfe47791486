set local lock_timeout = '5s';

create table ops.archives (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  source text not null check (source in ('raw_fitness_data', 'samples')),
  month date not null check (month = date_trunc('month', month)),
  part integer not null check (part >= 0),
  row_count bigint not null check (row_count > 0),
  byte_count bigint not null,
  rows_digest bigint not null,
  sha256 bytea not null,
  backup_key_id text not null,
  key_wrapped bytea not null,
  archived_at timestamptz not null default now(),
  dropped_at timestamptz,
  primary key (user_id, source, month, part)
);
create index archives_by_month on ops.archives (source, month);
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
grant select, insert, update (dropped_at), delete on ops.archives to tributary_service;
create trigger refuse_erased before insert on ops.archives for each row execute function ops.refuse_erased();
