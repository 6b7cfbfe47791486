set local lock_timeout = '5s';

comment on column public.breaches.scope is 'What the affected people were found by.';
