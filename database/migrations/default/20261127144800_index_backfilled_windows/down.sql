drop index if exists ops.requested_windows_asked_by_run;
