-- hasura:no-transaction
set lock_timeout = '5s';
create index concurrently if not exists requested_windows_asked_by_run on ops.requested_windows (user_id, asked_by_run)
  where asked_by_run is not null;
