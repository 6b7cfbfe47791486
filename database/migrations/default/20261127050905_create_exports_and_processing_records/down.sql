drop table if exists public.processing_activities;
drop table if exists ops.export_chunks;
drop table if exists public.data_exports;
delete from vault.purpose_keys where purpose = 'export';
alter table vault.purpose_keys drop constraint purpose_keys_purpose_check;
alter table vault.purpose_keys add constraint purpose_keys_purpose_check
  check (purpose in ('oauth_state', 'inbox', 'revocation'));
