create temporary table removed_kinds (id text) on commit drop;
insert into removed_kinds (id) values
  ('heart_rate_zone_2_from_bpm'),
  ('heart_rate_zone_3_from_bpm'),
  ('heart_rate_zone_4_from_bpm'),
  ('heart_rate_zone_5_from_bpm'),
  ('power_zone_2_from_w'),
  ('power_zone_3_from_w'),
  ('power_zone_4_from_w'),
  ('power_zone_5_from_w'),
  ('power_zone_6_from_w'),
  ('power_zone_7_from_w');
delete from public.daily_metrics d using removed_kinds r where d.kind = r.id;
delete from public.merged_metrics m using removed_kinds r where m.kind = r.id;
delete from public.samples s using removed_kinds r where s.kind = r.id;
delete from public.metric_kinds k using removed_kinds r where k.id = r.id;
drop table public.activity_zones;
