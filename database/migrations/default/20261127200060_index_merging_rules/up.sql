-- hasura:no-transaction
set lock_timeout = '5s';
create index concurrently if not exists app_users_by_merging_rules on public.app_users (merging_rules);
