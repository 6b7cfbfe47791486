drop index if exists public.app_users_by_merging_rules;
