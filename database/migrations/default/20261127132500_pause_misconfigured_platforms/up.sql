set local lock_timeout = '5s';

alter table ops.request_pauses add column reason text check (reason in ('misconfigured'));
comment on column ops.request_pauses.reason is 'misconfigured: it does not serve this application, which is for the operator to mend; null: it asked for patience.';
comment on table ops.request_pauses is 'Until when a platform is left alone: it asked for it (Retry-After), or does not serve this application at present.';
