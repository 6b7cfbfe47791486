set local lock_timeout = '5s';

alter table public.sleep_stages add column source_id text, add column raw_id uuid;
comment on column public.sleep_stages.source_id is 'The platform''s own id of this part, where it has one: with it the part is deleted at the source.';
comment on column public.sleep_stages.raw_id is 'The payload that told it, where a night is told in parts; null where one payload tells the whole night.';
