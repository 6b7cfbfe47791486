alter table ops.webhook_deliveries
  drop column trace,
  add constraint webhook_deliveries_platform_fkey foreign key (platform) references public.platforms (id) not valid;
alter table ops.webhook_deliveries validate constraint webhook_deliveries_platform_fkey;
