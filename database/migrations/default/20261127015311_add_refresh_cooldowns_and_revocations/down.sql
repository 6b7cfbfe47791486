set local lock_timeout = '5s';

alter table public.connections drop column revocation_status;
drop table vault.pending_revocations;
drop table ops.token_endpoints;
alter table vault.tokens drop column refresh_failures, drop column refresh_not_before;
