set local lock_timeout = '5s';

comment on column public.raw_fitness_data.raw_data is 'The payload itself; where metadata says kept_as_text, a string that holds its JSON.';
