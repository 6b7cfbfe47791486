set local lock_timeout = '5s';

delete from public.daily_metrics where kind not like 'activity\_%';
update public.activities set sport = 'other' where sport in ('multisport', 'transition', 'mindfulness', 'martial_art');
delete from public.sports where id in ('multisport', 'transition', 'mindfulness', 'martial_art');
delete from public.metric_kinds where category <> 'activity';
alter table public.metric_kinds
  drop column healthkit_identifier,
  drop column open_mhealth_schema,
  drop column loinc_code,
  drop column category;
drop table public.metric_categories;
