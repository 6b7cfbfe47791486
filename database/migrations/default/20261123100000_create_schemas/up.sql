-- Schemas are audiences: public is tracked by Hasura; ops, vault and audit never are.
set local lock_timeout = '5s';

create extension if not exists pgcrypto with schema public;

create schema if not exists ops;
create schema vault;
create schema audit;

grant usage on schema public to tributary_service, tributary_hasura;
grant usage on schema ops, vault, audit to tributary_service;

comment on schema ops is 'Deliveries, budgets and bookkeeping of the service; never tracked.';
comment on schema vault is 'Keys and sealed tokens; never tracked, readable by the service alone.';
comment on schema audit is 'The append-only trail; never tracked.';
