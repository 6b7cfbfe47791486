drop table if exists audit.tree_heads;
drop table if exists audit.chain;
drop table if exists audit.unsealed;
drop table if exists audit.personal_values;
drop table if exists audit.events;
drop function if exists audit.queue_for_sealing();
drop function if exists audit.refuse_change();
