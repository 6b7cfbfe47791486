drop table if exists ops.erasure_ledger;
