set local lock_timeout = '5s';

drop table ops.upload_chunks;
drop table ops.uploads;
