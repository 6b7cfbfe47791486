drop schema if exists audit;
drop schema if exists vault;
revoke usage on schema ops from tributary_service;
revoke usage on schema public from tributary_service, tributary_hasura;
drop extension if exists pgcrypto;
