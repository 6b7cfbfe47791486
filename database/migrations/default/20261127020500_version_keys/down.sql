set local lock_timeout = '5s';

drop index ops.webhook_deliveries_with_body;
delete from ops.webhook_deliveries;
alter table ops.webhook_deliveries alter column body_sealed set not null;
comment on column ops.webhook_deliveries.body_sealed is null;
drop table public.key_rotations;
drop table vault.purpose_keys;
drop table vault.user_keys;
drop table vault.master_key_versions;
delete from vault.oauth_states;
delete from vault.tokens;

create table vault.user_keys (
  user_id uuid primary key references public.app_users (user_id) on delete cascade,
  key_id uuid not null unique,
  master_key_id text not null,
  wrapped_key bytea not null,
  created_at timestamptz not null default now()
);
comment on table vault.user_keys is 'One data key for each person, wrapped by a master key; deleting it makes the person''s tokens unreadable.';
grant select, insert, update, delete on vault.user_keys to tributary_service;
