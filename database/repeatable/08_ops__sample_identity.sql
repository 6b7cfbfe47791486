-- drops: drop function if exists ops.sample_identity(text, timestamptz, timestamptz, text, text);
create or replace function ops.sample_identity(p_kind text, p_started_at timestamptz, p_ended_at timestamptz, p_source text, p_variant text)
returns text language sql immutable
return p_kind || '|' || extract(epoch from p_started_at)::text || '|' || extract(epoch from p_ended_at)::text || '|' || p_source || '|' || p_variant;
comment on function ops.sample_identity(text, timestamptz, timestamptz, text, text) is
  'What identifies a sample within its platform where the platform gives no id; what is remembered of one that is gone.';
grant execute on function ops.sample_identity(text, timestamptz, timestamptz, text, text) to tributary_service;
