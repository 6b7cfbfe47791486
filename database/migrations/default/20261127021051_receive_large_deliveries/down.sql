drop function if exists ops.take_days_of_data(text, integer);
drop function if exists ops.take_request(text, numeric);
drop function if exists ops.store_daily_metrics(uuid, text, uuid, timestamptz, timestamptz, jsonb);
alter table public.daily_metrics drop column finality;
delete from ops.request_budgets where unit <> 'request';
alter table ops.request_budgets drop column unit;
drop table ops.backfill_requests;
drop table ops.callbacks;
drop table ops.delivered_items;
delete from ops.webhook_deliveries where body_sealed is null;
drop table ops.webhook_delivery_chunks;
alter table ops.webhook_deliveries
  drop constraint webhook_deliveries_check,
  drop constraint webhook_deliveries_state_check,
  add constraint webhook_deliveries_state_check check (state in ('received', 'processed', 'dropped')),
  add constraint webhook_deliveries_check check ((state = 'received') = (processed_at is null)),
  drop column outcomes,
  drop column items_done,
  alter column body_sealed set not null;
