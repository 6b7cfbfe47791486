set local lock_timeout = '5s';

delete from public.sync_runs where kind = 'upload';
delete from public.sync_run_kinds where id = 'upload';
delete from public.samples where kind in ('dietary_monounsaturated_fat_g', 'dietary_polyunsaturated_fat_g');
delete from public.daily_metrics where kind in ('dietary_monounsaturated_fat_g', 'dietary_polyunsaturated_fat_g');
delete from public.metric_kinds where id in ('dietary_monounsaturated_fat_g', 'dietary_polyunsaturated_fat_g');
