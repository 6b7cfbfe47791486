set local lock_timeout = '5s';

create table public.role_platform_restrictions (
  role text not null check (role in ('user', 'operator', 'auditor')),
  platform text not null check (platform ~ '^[a-z][a-z0-9-]{0,39}$'),
  reason text check (length(reason) between 1 and 500),
  created_at timestamptz not null default now(),
  primary key (platform, role)
);
comment on table public.role_platform_restrictions is 'Platforms that a role has nothing to do with; empty means that every role works with every platform.';
comment on column public.role_platform_restrictions.role is 'operator and auditor see no row of the platform; user keeps what is there and may begin nothing new.';
comment on column public.role_platform_restrictions.platform is 'The platform; it need not be switched on.';
comment on column public.role_platform_restrictions.reason is 'Why, in the words of whoever decided it; null where none was given.';
comment on column public.role_platform_restrictions.created_at is 'Since when.';

grant select, insert, delete on public.role_platform_restrictions to tributary_service;
-- Row filters read it; no role of GraphQL has a permission on it.
grant select on public.role_platform_restrictions to tributary_hasura;
