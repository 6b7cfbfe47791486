alter table public.app_users drop column merging_rules;
