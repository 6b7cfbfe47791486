-- drops: drop function if exists ops.breach_deadline(text, integer, timestamptz, text);
create or replace function ops.breach_deadline(p_counts text, p_amount integer, p_aware_at timestamptz, p_time_zone text) returns timestamptz
language sql stable
begin atomic
  select case p_counts
    when 'hours' then p_aware_at + make_interval(hours => p_amount)
    -- The day of discovery does not count, and the last one counts to its end.
    when 'days' then ((p_aware_at at time zone p_time_zone)::date + p_amount + 1)::timestamp at time zone p_time_zone
    when 'days_after_year' then
      (make_date(extract(year from p_aware_at at time zone p_time_zone)::integer, 12, 31) + p_amount + 1)::timestamp at time zone p_time_zone
  end;
end;
comment on function ops.breach_deadline(text, integer, timestamptz, text) is
  'The instant by which a rule has to be met. Hours pass on weekends and when clocks change; days are those of the operator''s time zone.';
revoke all on function ops.breach_deadline(text, integer, timestamptz, text) from public;
grant execute on function ops.breach_deadline(text, integer, timestamptz, text) to tributary_service;
