set local lock_timeout = '5s';

create table ops.request_pauses (
  platform text primary key references public.platforms (id),
  paused_until timestamptz not null
);
comment on table ops.request_pauses is 'Until when a platform asked to be left alone (Retry-After); no process calls it before.';

grant select, insert, update on ops.request_pauses to tributary_service;
