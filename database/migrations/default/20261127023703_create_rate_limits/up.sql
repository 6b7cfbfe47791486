set local lock_timeout = '5s';

-- Unlogged: a count that a crash forgets allows a few requests more, and each request would otherwise wait for the disk.
create unlogged table ops.rate_limits (
  key varchar(255) primary key,
  points integer not null default 0,
  expire bigint
);
comment on table ops.rate_limits is 'Requests counted in the present window of each limit, in the shape that the library rate-limiter-flexible writes; shared by all processes.';
comment on column ops.rate_limits.key is 'The limit and whom it is about: a person, a person and a platform, or a source address.';
comment on column ops.rate_limits.points is 'Requests in this window.';
comment on column ops.rate_limits.expire is 'When the window ends, in milliseconds since 1970-01-01 UTC; rows are deleted an hour later.';
grant select, insert, update, delete on ops.rate_limits to tributary_service;
