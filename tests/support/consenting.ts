/**
 * In a clone, everybody has agreed to everything from the start: most tests are about what comes after. Whoever is written into
 * `app_users` agrees to the texts of all platforms; a platform that is written gets a text. A test about consent runs
 * `ASKING` first, and then it is as in production. The two people of the permission tests are left alone.
 */
export const CONSENTING = `
create schema test_support;
create function test_support.agree(p_user_id uuid, p_platform text) returns void language sql security definer
set search_path = public, pg_temp as $$
  insert into consents (user_id, platform, purpose, decision, text_version, text_locale, text_sha256, channel)
  select u.user_id, t.platform, t.purpose, 'given', t.version, t.locale, t.sha256, 'app'
  from consent_texts t, app_users u
  where u.user_id = coalesce(p_user_id, u.user_id) and t.platform = coalesce(p_platform, t.platform)
    and u.user_id::text !~ '^(a{8}|b{8})-'
    and not exists (select from consents c where c.user_id = u.user_id and c.platform = t.platform and c.purpose = t.purpose)
$$;
create function test_support.person_came() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  perform test_support.agree(new.user_id, null);
  return null;
end $$;
create function test_support.platform_came() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  insert into consent_texts (platform, purpose, version, locale, body, sha256, published_at)
  select new.id, 'collection', 1, 'en', body, encode(sha256(body::bytea), 'hex'), '2026-01-01Z'
  from (values ('I agree. What I agree to is said here.')) as text (body) on conflict do nothing;
  perform test_support.agree(null, new.id);
  return null;
end $$;
create trigger test_person_came after insert on public.app_users for each row execute function test_support.person_came();
create trigger test_platform_came after insert on public.platforms for each row execute function test_support.platform_came();
`

/** From here on nobody who comes has agreed to anything, and platforms have no text until one is published. */
export const ASKING = `
drop trigger test_person_came on public.app_users;
drop trigger test_platform_came on public.platforms;
`
