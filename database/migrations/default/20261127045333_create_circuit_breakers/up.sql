set local lock_timeout = '5s';

create table ops.circuit_breakers (
  platform text primary key references public.platforms (id),
  state text not null default 'closed' check (state in ('closed', 'open', 'half_open')),
  requests integer not null default 0 check (requests >= 0),
  failures integer not null default 0 check (failures >= 0),
  window_ends_at timestamptz not null default now(),
  openings integer not null default 0 check (openings >= 0),
  open_until timestamptz,
  probe_until timestamptz,
  changed_at timestamptz not null default now(),
  check ((state = 'closed') = (open_until is null)),
  check ((state = 'half_open') = (probe_until is not null))
);
comment on table ops.circuit_breakers is 'Whether a platform is asked at all, for all processes: a platform that fails is left alone, then probed by one request at a time.';
comment on column ops.circuit_breakers.platform is 'The platform.';
comment on column ops.circuit_breakers.state is 'closed: it is asked; open: it is not; half_open: one request at a time finds out whether it is well.';
comment on column ops.circuit_breakers.requests is 'Requests begun in the present window.';
comment on column ops.circuit_breakers.failures is 'Of these, how many got a 5xx or no answer.';
comment on column ops.circuit_breakers.window_ends_at is 'When counting begins anew.';
comment on column ops.circuit_breakers.openings is 'How often in a row it opened: each time for longer.';
comment on column ops.circuit_breakers.open_until is 'Until when nobody asks; null while it is closed.';
comment on column ops.circuit_breakers.probe_until is 'By when the probe has to have answered before another may go; null unless it is half open.';
comment on column ops.circuit_breakers.changed_at is 'When the state last changed.';

grant select, insert, update on ops.circuit_breakers to tributary_service;
