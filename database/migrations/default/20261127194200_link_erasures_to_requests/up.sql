set local lock_timeout = '5s';

alter table public.erasures add column request_id uuid;
comment on column public.erasures.request_id is 'The row of data_requests that it is of; null where nobody asked (replay).';
grant update (request_id) on public.erasures to tributary_service;

-- Both rows were written in one transaction, and the request's moment lost its microseconds on the way.
update public.erasures e set request_id = r.id
from public.data_requests r
where r.user_id = e.user_id and r.kind = 'erasure'
  and r.received_at between e.requested_at - interval '1 millisecond' and e.requested_at;

-- Deletions that were taken back left theirs open.
update public.data_requests r set status = 'cancelled', answered_at = e.finished_at, updated_at = now()
from public.erasures e
where e.request_id = r.id and e.status = 'cancelled' and r.answered_at is null;
