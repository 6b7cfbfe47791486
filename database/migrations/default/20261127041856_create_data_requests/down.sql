drop table public.data_requests;
