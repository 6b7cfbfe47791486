set local lock_timeout = '5s';

-- They stand in breach_notifications, which go with their person; in here nothing would find them.
update public.breaches set scope = scope - 'userIds' where scope ? 'userIds';
comment on column public.breaches.scope is 'What the affected people were found by; whom it named is in breach_notifications alone.';
