set local lock_timeout = '5s';

create table public.activity_zones (
  user_id uuid not null,
  activity_id uuid not null,
  kind text not null check (kind in ('heart_rate_bpm', 'speed_m_per_s', 'power_w')),
  zone_number integer not null check (zone_number > 0),
  unit text not null,
  lower_bound numeric check (lower_bound >= 0),
  upper_bound numeric check (upper_bound >= lower_bound),
  time_s numeric not null check (time_s >= 0),
  raw_id uuid not null,
  raw_created_at timestamptz not null,
  observed_at timestamptz not null,
  primary key (user_id, activity_id, kind, zone_number),
  foreign key (user_id, activity_id) references public.activities (user_id, id) on delete cascade
);
comment on table public.activity_zones is 'How long an activity was in each training zone, with the bounds that the platform applied.';
comment on column public.activity_zones.user_id is 'Whose activity it is.';
comment on column public.activity_zones.activity_id is 'The activity.';
comment on column public.activity_zones.kind is 'What the zone is of, as in activity_streams: heart_rate_bpm, speed_m_per_s or power_w.';
comment on column public.activity_zones.zone_number is 'Its place among the zones of this kind, from 1, the easiest.';
comment on column public.activity_zones.unit is 'UCUM unit of the bounds.';
comment on column public.activity_zones.lower_bound is 'Where the zone begins; null when the platform does not say.';
comment on column public.activity_zones.upper_bound is 'Where the zone ends; null for the last, which has no end.';
comment on column public.activity_zones.time_s is 'Time of the activity in this zone, in seconds.';
comment on column public.activity_zones.raw_id is 'The payload it was read from.';
comment on column public.activity_zones.raw_created_at is 'The created_at of that payload.';
comment on column public.activity_zones.observed_at is 'When that payload was received.';
grant select, insert, update, delete on public.activity_zones to tributary_service;
grant select on public.activity_zones to tributary_hasura;

insert into public.metric_kinds (id, unit, aggregation, category, loinc_code, open_mhealth_schema, healthkit_identifier, description) values
  ('heart_rate_zone_2_from_bpm', '/min', 'last', 'fitness', null, null, null, 'Heart rate at which training zone 2 of 5 begins'),
  ('heart_rate_zone_3_from_bpm', '/min', 'last', 'fitness', null, null, null, 'Heart rate at which training zone 3 of 5 begins'),
  ('heart_rate_zone_4_from_bpm', '/min', 'last', 'fitness', null, null, null, 'Heart rate at which training zone 4 of 5 begins'),
  ('heart_rate_zone_5_from_bpm', '/min', 'last', 'fitness', null, null, null, 'Heart rate at which training zone 5 of 5 begins'),
  ('power_zone_2_from_w', 'W', 'last', 'fitness', null, null, null, 'Cycling power at which training zone 2 of 7 begins'),
  ('power_zone_3_from_w', 'W', 'last', 'fitness', null, null, null, 'Cycling power at which training zone 3 of 7 begins'),
  ('power_zone_4_from_w', 'W', 'last', 'fitness', null, null, null, 'Cycling power at which training zone 4 of 7 begins'),
  ('power_zone_5_from_w', 'W', 'last', 'fitness', null, null, null, 'Cycling power at which training zone 5 of 7 begins'),
  ('power_zone_6_from_w', 'W', 'last', 'fitness', null, null, null, 'Cycling power at which training zone 6 of 7 begins'),
  ('power_zone_7_from_w', 'W', 'last', 'fitness', null, null, null, 'Cycling power at which training zone 7 of 7 begins');
