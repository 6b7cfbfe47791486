set local lock_timeout = '5s';

insert into public.metric_kinds (id, unit, aggregation, category, healthkit_identifier, description) values
  ('dietary_monounsaturated_fat_g', 'g', 'sum', 'nutrition', 'HKQuantityTypeIdentifierDietaryFatMonounsaturated', 'Monounsaturated fat eaten'),
  ('dietary_polyunsaturated_fat_g', 'g', 'sum', 'nutrition', 'HKQuantityTypeIdentifierDietaryFatPolyunsaturated', 'Polyunsaturated fat eaten');

insert into public.sync_run_kinds (id, description) values ('upload', 'A file that the person uploaded.');
