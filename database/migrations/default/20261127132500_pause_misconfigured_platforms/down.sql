alter table ops.request_pauses drop column reason;
comment on table ops.request_pauses is 'Until when a platform asked to be left alone (Retry-After); no process calls it before.';
