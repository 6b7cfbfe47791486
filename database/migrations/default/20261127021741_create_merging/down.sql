set local lock_timeout = '5s';

alter table public.daily_summaries
  drop column kept_apart, drop column provenance, drop column body_weight_kg, drop column sleep_asleep_s, drop column hrv_rmssd_ms,
  drop column resting_heart_rate_bpm, drop column active_energy_kcal, drop column day_distance_m, drop column steps;
drop table public.policy_effects;
drop table public.merged_metrics;
drop table public.activity_duplicates;
drop table public.source_priorities;
drop table public.default_source_priorities;
alter table public.metric_kinds drop column counts_as;
alter table public.sports drop column family;
alter table public.platforms
  drop column policy_override_reason, drop column attribution, drop column deauthorization_days, drop column source_deletion_hours,
  drop column retention_days, drop column combinable;
