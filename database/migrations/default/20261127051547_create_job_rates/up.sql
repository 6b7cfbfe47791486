set local lock_timeout = '5s';

create table ops.job_rates (
  queue text primary key,
  used integer not null default 0 check (used >= 0),
  window_ends_at timestamptz not null default now()
);
comment on table ops.job_rates is 'How many jobs of a queue were begun in the present minute, by all processes; used only where a rate is set.';
comment on column ops.job_rates.queue is 'The queue.';
comment on column ops.job_rates.used is 'Jobs begun.';
comment on column ops.job_rates.window_ends_at is 'When counting begins anew.';

grant select, insert, update on ops.job_rates to tributary_service;
