drop table if exists public.emergency_accesses;
