set local lock_timeout = '5s';

create table public.metric_categories (id text primary key, description text not null);
comment on table public.metric_categories is 'What metrics are about.';
comment on column public.metric_categories.id is 'The category.';
comment on column public.metric_categories.description is 'What it covers.';
insert into public.metric_categories (id, description) values
  ('activity', 'Totals of recorded activities'),
  ('movement', 'Steps, distances, time on one''s feet'),
  ('energy', 'Energy spent'),
  ('heart', 'Heart rate and its variability'),
  ('respiration', 'Breathing and oxygen'),
  ('fitness', 'Fitness estimates'),
  ('body', 'Body measurements'),
  ('blood', 'Blood pressure, blood glucose'),
  ('mind', 'Stress, recovery, mindfulness'),
  ('sleep', 'Sleep'),
  ('environment', 'Sound, light');

alter table public.metric_kinds
  add column category text not null default 'activity' references public.metric_categories (id),
  add column loinc_code text,
  add column open_mhealth_schema text,
  add column healthkit_identifier text;
alter table public.metric_kinds alter column category drop default;
comment on column public.metric_kinds.category is 'What it is about.';
comment on column public.metric_kinds.loinc_code is 'Its LOINC code, where there is one that says the same.';
comment on column public.metric_kinds.open_mhealth_schema is 'The Open mHealth (IEEE 1752.1) schema that carries it, without version.';
comment on column public.metric_kinds.healthkit_identifier is 'Apple HealthKit''s identifier of the same quantity.';

insert into public.metric_kinds (id, unit, aggregation, category, loinc_code, open_mhealth_schema, healthkit_identifier, description) values
  ('steps', '{count}', 'sum', 'movement', '55423-8', 'omh:step-count', 'HKQuantityTypeIdentifierStepCount', 'Steps taken'),
  ('wheelchair_pushes', '{count}', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierPushCount', 'Pushes of a wheelchair'),
  ('walking_running_distance_m', 'm', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierDistanceWalkingRunning', 'Distance walked or run'),
  ('cycling_distance_m', 'm', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierDistanceCycling', 'Distance cycled'),
  ('swimming_distance_m', 'm', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierDistanceSwimming', 'Distance swum'),
  ('wheelchair_distance_m', 'm', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierDistanceWheelchair', 'Distance in a wheelchair'),
  ('snow_sports_distance_m', 'm', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierDistanceDownhillSnowSports', 'Distance skied or snowboarded downhill'),
  ('rowing_distance_m', 'm', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierDistanceRowing', 'Distance rowed'),
  ('paddling_distance_m', 'm', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierDistancePaddleSports', 'Distance paddled'),
  ('skating_distance_m', 'm', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierDistanceSkatingSports', 'Distance skated'),
  ('cross_country_skiing_distance_m', 'm', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierDistanceCrossCountrySkiing', 'Distance skied cross-country'),
  ('distance_m', 'm', 'sum', 'movement', null, null, null, 'Distance covered on foot or wheels, as a device counts it for the whole day'),
  ('floors_climbed', '{count}', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierFlightsClimbed', 'Floors climbed'),
  ('swimming_strokes', '{count}', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierSwimmingStrokeCount', 'Swimming strokes'),
  ('active_time_s', 's', 'sum', 'movement', null, null, null, 'Time in motion'),
  ('exercise_time_s', 's', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierAppleExerciseTime', 'Time of at least brisk activity'),
  ('stand_time_s', 's', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierAppleStandTime', 'Time on one''s feet'),
  ('move_time_s', 's', 'sum', 'movement', null, null, 'HKQuantityTypeIdentifierAppleMoveTime', 'Time of full-body movement'),
  ('stand_hours', '{count}', 'sum', 'movement', null, null, 'HKCategoryTypeIdentifierAppleStandHour', 'Hours with at least a minute on one''s feet'),
  ('moderate_activity_time_s', 's', 'sum', 'movement', null, null, null, 'Time at 3 to 6 MET'),
  ('vigorous_activity_time_s', 's', 'sum', 'movement', null, null, null, 'Time above 6 MET'),
  ('active_energy_kcal', 'kcal', 'sum', 'energy', null, 'omh:calories-burned', 'HKQuantityTypeIdentifierActiveEnergyBurned', 'Energy spent on activity, without the resting part'),
  ('basal_energy_kcal', 'kcal', 'sum', 'energy', null, null, 'HKQuantityTypeIdentifierBasalEnergyBurned', 'Energy spent at rest'),
  ('physical_effort_met', '{MET}', 'mean', 'energy', null, null, 'HKQuantityTypeIdentifierPhysicalEffort', 'Intensity of activity in metabolic equivalents (kcal per hour and kilogram)'),
  ('heart_rate_bpm', '/min', 'mean', 'heart', '8867-4', 'omh:heart-rate', 'HKQuantityTypeIdentifierHeartRate', 'Heart rate'),
  ('heart_rate_min_bpm', '/min', 'min', 'heart', null, null, null, 'Lowest heart rate of an interval'),
  ('heart_rate_max_bpm', '/min', 'max', 'heart', null, null, null, 'Highest heart rate of an interval'),
  ('resting_heart_rate_bpm', '/min', 'last', 'heart', '40443-4', 'omh:heart-rate', 'HKQuantityTypeIdentifierRestingHeartRate', 'Heart rate at rest'),
  ('walking_heart_rate_mean_bpm', '/min', 'last', 'heart', null, null, 'HKQuantityTypeIdentifierWalkingHeartRateAverage', 'Mean heart rate while walking'),
  ('heart_rate_recovery_1min_bpm', '/min', 'last', 'heart', null, null, 'HKQuantityTypeIdentifierHeartRateRecoveryOneMinute', 'Fall of the heart rate in the first minute after exercise'),
  ('hrv_rmssd_ms', 'ms', 'mean', 'heart', null, null, null, 'Heart rate variability: root mean square of successive differences'),
  ('hrv_sdnn_ms', 'ms', 'mean', 'heart', '80404-7', null, 'HKQuantityTypeIdentifierHeartRateVariabilitySDNN', 'Heart rate variability: standard deviation of beat intervals'),
  ('hrv_sdrr_ms', 'ms', 'mean', 'heart', null, null, null, 'Heart rate variability: standard deviation of all intervals, unfiltered'),
  ('hrv_rmssd_night_mean_ms', 'ms', 'last', 'heart', null, null, null, 'Heart rate variability (RMSSD): mean of the night'),
  ('hrv_rmssd_night_max_5min_ms', 'ms', 'last', 'heart', null, null, null, 'Heart rate variability (RMSSD): highest five minutes of the night'),
  ('atrial_fibrillation_burden_percent', '%', 'mean', 'heart', null, null, 'HKQuantityTypeIdentifierAtrialFibrillationBurden', 'Share of time in atrial fibrillation'),
  ('respiration_rate_per_min', '/min', 'mean', 'respiration', '9279-1', 'omh:respiratory-rate', 'HKQuantityTypeIdentifierRespiratoryRate', 'Breaths per minute'),
  ('oxygen_saturation_percent', '%', 'mean', 'respiration', '59408-5', 'omh:oxygen-saturation', 'HKQuantityTypeIdentifierOxygenSaturation', 'Oxygen saturation of the blood, by light'),
  ('vo2_max_ml_per_kg_min', 'mL/kg/min', 'last', 'fitness', null, null, 'HKQuantityTypeIdentifierVO2Max', 'Highest oxygen uptake'),
  ('vo2_max_cycling_ml_per_kg_min', 'mL/kg/min', 'last', 'fitness', null, null, null, 'Highest oxygen uptake, cycling'),
  ('fitness_age_years', 'a', 'last', 'fitness', null, null, null, 'Age that the fitness corresponds to'),
  ('body_weight_kg', 'kg', 'last', 'body', '29463-7', 'omh:body-weight', 'HKQuantityTypeIdentifierBodyMass', 'Body weight'),
  ('body_height_cm', 'cm', 'last', 'body', '8302-2', 'omh:body-height', 'HKQuantityTypeIdentifierHeight', 'Body height'),
  ('body_mass_index', 'kg/m2', 'last', 'body', '39156-5', 'omh:body-mass-index', 'HKQuantityTypeIdentifierBodyMassIndex', 'Body mass index'),
  ('body_fat_percent', '%', 'last', 'body', '41982-0', 'omh:body-fat-percentage', 'HKQuantityTypeIdentifierBodyFatPercentage', 'Body fat'),
  ('lean_body_mass_kg', 'kg', 'last', 'body', null, null, 'HKQuantityTypeIdentifierLeanBodyMass', 'Body mass without fat'),
  ('muscle_mass_kg', 'kg', 'last', 'body', null, null, null, 'Muscle mass'),
  ('bone_mass_kg', 'kg', 'last', 'body', null, null, null, 'Bone mass'),
  ('body_water_percent', '%', 'last', 'body', null, null, null, 'Body water'),
  ('waist_circumference_cm', 'cm', 'last', 'body', '8280-0', null, 'HKQuantityTypeIdentifierWaistCircumference', 'Waist'),
  ('body_temperature_celsius', 'Cel', 'last', 'body', '8310-5', 'omh:body-temperature', 'HKQuantityTypeIdentifierBodyTemperature', 'Body temperature'),
  ('basal_body_temperature_celsius', 'Cel', 'last', 'body', null, null, 'HKQuantityTypeIdentifierBasalBodyTemperature', 'Body temperature on waking'),
  ('wrist_temperature_celsius', 'Cel', 'last', 'body', null, null, 'HKQuantityTypeIdentifierAppleSleepingWristTemperature', 'Temperature of the wrist asleep'),
  ('skin_temperature_deviation_celsius', 'Cel', 'last', 'body', null, null, null, 'Skin temperature against the person''s baseline'),
  ('blood_pressure_systolic_mmhg', 'mm[Hg]', 'last', 'blood', '8480-6', 'omh:blood-pressure', 'HKQuantityTypeIdentifierBloodPressureSystolic', 'Systolic blood pressure'),
  ('blood_pressure_diastolic_mmhg', 'mm[Hg]', 'last', 'blood', '8462-4', 'omh:blood-pressure', 'HKQuantityTypeIdentifierBloodPressureDiastolic', 'Diastolic blood pressure'),
  ('pulse_bpm', '/min', 'last', 'blood', '8867-4', 'omh:heart-rate', null, 'Pulse taken with a blood pressure'),
  ('blood_glucose_mg_per_dl', 'mg/dL', 'mean', 'blood', '2339-0', 'omh:blood-glucose', 'HKQuantityTypeIdentifierBloodGlucose', 'Blood glucose'),
  ('stress_score', '{score}', 'mean', 'mind', null, null, null, 'Stress from 1 to 100, as Garmin scores it'),
  ('stress_score_max', '{score}', 'max', 'mind', null, null, null, 'Highest stress of the day'),
  ('body_battery_score', '{score}', 'last', 'mind', null, null, null, 'Energy reserve from 0 to 100, as Garmin scores it'),
  ('readiness_score', '{score}', 'last', 'mind', null, null, null, 'Readiness from 0 to 100, as Oura scores it'),
  ('activity_score', '{score}', 'last', 'movement', null, null, null, 'Activity from 0 to 100, as Oura scores it'),
  ('mindful_time_s', 's', 'sum', 'mind', null, null, 'HKCategoryTypeIdentifierMindfulSession', 'Time of mindfulness'),
  ('sleep_score', '{score}', 'last', 'sleep', null, null, null, 'Sleep from 0 to 100, as the platform scores it'),
  ('sleep_asleep_s', 's', 'sum', 'sleep', '93832-4', 'omh:total-sleep-time', 'HKCategoryTypeIdentifierSleepAnalysis', 'Time asleep, naps included'),
  ('sleep_in_bed_s', 's', 'sum', 'sleep', null, null, 'HKCategoryTypeIdentifierSleepAnalysis', 'Time in bed'),
  ('sleep_awake_s', 's', 'sum', 'sleep', null, null, 'HKCategoryTypeIdentifierSleepAnalysis', 'Time awake between falling asleep and getting up'),
  ('sleep_light_s', 's', 'sum', 'sleep', '93830-8', null, 'HKCategoryTypeIdentifierSleepAnalysis', 'Time in light sleep'),
  ('sleep_deep_s', 's', 'sum', 'sleep', '93831-6', null, 'HKCategoryTypeIdentifierSleepAnalysis', 'Time in deep sleep'),
  ('sleep_rem_s', 's', 'sum', 'sleep', '93829-0', null, 'HKCategoryTypeIdentifierSleepAnalysis', 'Time in REM sleep'),
  ('breathing_disturbances_per_h', '/h', 'last', 'sleep', null, null, 'HKQuantityTypeIdentifierAppleSleepingBreathingDisturbances', 'Disturbances of breathing asleep'),
  ('time_in_daylight_s', 's', 'sum', 'environment', null, null, 'HKQuantityTypeIdentifierTimeInDaylight', 'Time in daylight'),
  ('uv_exposure_index', '{index}', 'max', 'environment', null, null, 'HKQuantityTypeIdentifierUVExposure', 'UV index'),
  ('environmental_audio_db', 'dB[SPL]', 'mean', 'environment', null, null, 'HKQuantityTypeIdentifierEnvironmentalAudioExposure', 'Sound level around the person'),
  ('headphone_audio_db', 'dB[SPL]', 'mean', 'environment', null, null, 'HKQuantityTypeIdentifierHeadphoneAudioExposure', 'Sound level of headphones');

insert into public.sports (id, description) values
  ('multisport', 'Several sports in one event; its parts are activities of their own'),
  ('transition', 'The change between two parts of a multisport event'),
  ('mindfulness', 'Meditation, breathing exercises'),
  ('martial_art', 'Boxing, wrestling, martial arts');

grant select on public.metric_categories to tributary_service, tributary_hasura;
