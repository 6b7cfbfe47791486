-- For an installation that outgrows one server: run once, as an administrator, on a Citus coordinator after `npm run db:migrate`, before there is data.
-- See docs/operations/scaling.md for what changes and what does not work there. Checked here as a file against the schema; not run on Citus.

-- Small and joined with everything: a copy on every node.
select create_reference_table('public.platforms');
select create_reference_table('public.sports');
select create_reference_table('public.metric_categories');
select create_reference_table('public.metric_kinds');
select create_reference_table('public.app_users');

-- Everything of one person is on one node, so a person's query, and a rebuild of their days, stays on it.
select create_distributed_table('public.raw_fitness_data', 'user_id', shard_count => 64);
select create_distributed_table('public.samples', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.activities', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.activity_streams', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.activity_laps', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.activity_zones', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.sleep_sessions', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.sleep_stages', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.activity_duplicates', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('ops.rejected_records', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.daily_metrics', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.merged_metrics', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.daily_summaries', 'user_id', colocate_with => 'public.raw_fitness_data');
select create_distributed_table('public.user_fitness_summary', 'user_id', colocate_with => 'public.raw_fitness_data');
