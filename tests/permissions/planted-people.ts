import type pg from 'pg'

export const A = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
export const B = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb'
/** In every text of B's, and digits of every number: wherever it turns up, something of B's has. */
export const CANARY_TEXT = 'canary-of-b'
export const CANARY_NUMBER = 765_432

interface Planted {
  readonly userId: string
  readonly text: string
  readonly number: number
  /** First letter of every id of the person's rows. */
  readonly letter: 'a' | 'b'
}

const PEOPLE: Readonly<Record<string, Planted>> = {
  [A]: { userId: A, text: 'of-a', number: 11, letter: 'a' },
  [B]: { userId: B, text: CANARY_TEXT, number: CANARY_NUMBER, letter: 'b' },
}

/** Rows of one person in every table that has a person's rows. The same call plants the same values, times included. */
export async function plant(pool: pg.Pool, userId: string): Promise<void> {
  const person = PEOPLE[userId]
  if (person === undefined) throw new Error('only A and B are planted')
  const values = [person.userId, person.text, person.number, `${person.letter.repeat(8)}-0000-4000-8000-00000000000`]
  for (const statement of STATEMENTS)
    await pool.query(`with p as (select $1::uuid u, $2::text t, $3::integer n, $4::text i) ${statement}`, values)
}

/** And platforms that the other roles have nothing to do with, each another one. */
export async function plantBoth(pool: pg.Pool): Promise<void> {
  await pool.query(
    "insert into role_platform_restrictions (role, platform) values ('auditor', 'garmin'), ('operator', 'strava')",
  )
  await plant(pool, A)
  await plant(pool, B)
}

/** Their rows go with them. */
export async function removeBoth(pool: pg.Pool): Promise<void> {
  await pool.query(
    "delete from role_platform_restrictions where (role, platform) in (('auditor', 'garmin'), ('operator', 'strava'))",
  )
  await pool.query('delete from app_users where user_id in ($1, $2)', [A, B])
}

const AT = "timestamptz '2026-03-01 06:00Z'"
// Two rows at least wherever a role may read: with one, a limit that is gone shows in no answer.
const STATEMENTS = [
  `insert into platforms (id, display_name, updated_at)
   select id, initcap(id), ${AT} from p, unnest(array['garmin', 'strava']) as id on conflict do nothing`,
  `insert into consent_texts (platform, purpose, version, locale, body, sha256, published_at)
   select id, 'collection', 1, 'en', body, encode(sha256(body::bytea), 'hex'), ${AT}
   from p, unnest(array['garmin', 'strava']) as id cross join (values ('I agree. What I agree to is said here.')) as text (body)
   on conflict do nothing`,
  // A zone as POSIX writes one: Postgres takes it, and whose it is can be seen.
  `insert into app_users (user_id, time_zone, created_at) select u, '<' || t || '>0', ${AT} from p`,
  `insert into connections (user_id, platform, id, status, status_reason, granted_scopes, platform_user_id, connected_at, updated_at)
   select u, id, (i || k)::uuid, 'active', t, array[t], t, ${AT}, ${AT}
   from p, unnest(array['strava', 'garmin']) with ordinality as platform (id, k)`,
  `insert into api_keys (user_id, id, name, key_prefix, scopes, created_by, created_at, expires_at)
   select u, (i || k)::uuid, t, 'trib_' || rpad(left(i, 8) || k, 16, left(i, 1)), array[t], u, ${AT}, ${AT} + interval '90 days'
   from p, generate_series(7, 8) as k`,
  `insert into sync_runs (user_id, id, platform, kind, since, until, reached, records_fetched, error_code, started_at, updated_at)
   select u, (i || k)::uuid, id, 'history', ${AT}, ${AT}, ${AT}, n, t, ${AT}, ${AT}
   from p, unnest(array['strava', 'garmin']) with ordinality as platform (id, k)`,
  `insert into connection_strategy_changes (user_id, id, platform, changed_at, strategy, polling, reason, quiet_s, expected_within_s)
   select u, (i || k)::uuid, id, ${AT}, 'hybrid', true, t, n, n from p, unnest(array['strava', 'garmin']) with ordinality as platform (id, k)`,
  `insert into reconciliation_reports (user_id, id, platform, status, reason, since, until, listed, causes, not_compared, started_at, finished_at)
   select u, (i || k)::uuid, id, 'complete', t, ${AT}, ${AT}, n, jsonb_build_object(t, n), array[t], ${AT}, ${AT}
   from p, unnest(array['strava', 'garmin']) with ordinality as platform (id, k)`,
  `insert into consent_purposes (id, description) select 'planted', 'planted' from p on conflict do nothing`,
  `insert into ops.failed_notices (user_id, platform, source_id, cause)
   select u, id, t, t from p, unnest(array['strava', 'garmin']) as platform (id)`,
  `insert into reconciliation_findings (user_id, report_id, platform, kind, data_type, source_id, cause, state, happened_at, found_at)
   select u, (i || k)::uuid, id, 'missing', 'sleep', t, t, 'repaired', ${AT}, ${AT}
   from p, unnest(array['strava', 'garmin']) with ordinality as platform (id, k)`,
  `insert into activities (user_id, id, platform, source_id, sport, source_sport, name, local_day, started_at, distance_m, moving_time_s,
     raw_id, raw_created_at, observed_at, created_at, updated_at)
   select u, (i || k)::uuid, 'strava', t || k, 'run', t, t || k, date '2026-03-01' + k, ${AT} + k * interval '1 day', n + k, n + k,
     (i || 9)::uuid, ${AT}, ${AT}, ${AT}, ${AT} from p, generate_series(3, 6) as k`,
  `insert into activity_laps (user_id, activity_id, lap_number, started_at, distance_m, raw_id, raw_created_at, observed_at)
   select u, (i || 3)::uuid, k, ${AT}, n + k, (i || 9)::uuid, ${AT}, ${AT} from p, generate_series(3, 5) as k`,
  `insert into activity_zones (user_id, activity_id, kind, zone_number, unit, lower_bound, time_s, raw_id, raw_created_at, observed_at)
   select u, (i || 3)::uuid, 'heart_rate_bpm', k, t, n + k, n + k, (i || 9)::uuid, ${AT}, ${AT} from p, generate_series(3, 5) as k`,
  `select ops.create_sample_partitions(array[date '2026-03-01']) from p`,
  `insert into samples (user_id, kind, started_at, ended_at, platform, source, variant, value, local_day, source_id, raw_id, raw_created_at, observed_at)
   select u, 'body_weight_kg', ${AT} + k * interval '1 day', ${AT} + k * interval '1 day', 'strava', t, t, n + k, date '2026-03-01' + k, t || k,
     (i || 9)::uuid, ${AT}, ${AT} from p, generate_series(3, 5) as k`,
  `insert into sleep_sessions (user_id, id, platform, source_id, source, local_day, started_at, ended_at, time_zone, asleep_s, score,
     raw_id, raw_created_at, observed_at, created_at, updated_at)
   select u, (i || k)::uuid, 'strava', t || k, t, date '2026-03-01' + k, ${AT} + k * interval '1 day', ${AT} + k * interval '1 day', t, n + k, n + k,
     (i || 9)::uuid, ${AT}, ${AT}, ${AT}, ${AT} from p, generate_series(3, 5) as k`,
  `insert into sleep_stages (user_id, sleep_session_id, started_at, ended_at, stage)
   select u, (i || k)::uuid, ${AT} + k * interval '1 day', ${AT} + k * interval '1 day', stage
   from p, generate_series(3, 5) as k, unnest(array['light', 'deep']) as stage`,
  `insert into raw_fitness_data (user_id, id, platform, data_type, raw_data, metadata, received_at, created_at)
   select u, (i || 9)::uuid, 'strava', t, jsonb_build_object(t, n), jsonb_build_object(t, n), ${AT}, date_trunc('month', now()) from p`,
  `insert into activity_streams (user_id, activity_id, kind, unit, offsets_s, "values", raw_id, raw_created_at, observed_at)
   select u, (i || k)::uuid, t, t, array[1, 2], array[n, n], (i || 9)::uuid, ${AT}, ${AT} from p, generate_series(3, 4) as k`,
  `insert into daily_metrics (user_id, local_day, platform, kind, value, updated_at)
   select u, date '2026-03-01' + k, 'strava', 'activity_distance_m', n + k, ${AT} from p, generate_series(3, 5) as k`,
  `insert into daily_summaries (user_id, local_day, activity_count, distance_m, sports, sources, updated_at)
   select u, date '2026-03-01' + k, 1, n + k, array[t], jsonb_build_object(t, n), ${AT} from p, generate_series(3, 5) as k`,
  `insert into activity_duplicates (user_id, activity_id, shown_id, matched_by, created_at)
   select u, (i || k)::uuid, (i || 3)::uuid, 'time', ${AT} from p, unnest(array[4, 6]) as k`,
  `insert into merged_metrics (user_id, local_day, kind, value, method, sources, updated_at)
   select u, date '2026-03-01' + k, 'activity_distance_m', n + k, 'activities', jsonb_build_array(t), ${AT} from p, generate_series(3, 5) as k`,
  `insert into source_priorities (user_id, id, kind, platform, source, rank, updated_at)
   select u, (i || k)::uuid, 'steps', 'strava', t || k, k, ${AT} from p, generate_series(6, 7) as k`,
  `insert into policy_effects (user_id, platform, effect, record_type, records, updated_at)
   select u, id, 'expired', t, n, ${AT} from p, unnest(array['strava', 'garmin']) as id`,
  `insert into user_fitness_summary (user_id, date, platform, data_points, data_types)
   select u, date '2026-03-01', t, n, jsonb_build_array(t) from p`,
  `insert into audit.events (id, occurred_at, action, actor_kind, outcome, platform, request_id)
   select (i || k)::uuid, ${AT} + k * interval '1 day', 'token.opened', 'user', 'success', platform, t
   from p, unnest(array[t, 'garmin', null]) with ordinality as about (platform, k)`,
  `insert into audit.personal_values (event_id, subject_user_id, actor_id, reason, source_address)
   select (i || k)::uuid, u, u::text, t, t from p, generate_series(1, 3) as k`,
  `insert into emergency_accesses (user_id, id, reason, minutes, requested_by, requested_at, approved_by, approved_at, expires_at)
   select u, (i || k)::uuid, t || ' needs help', 1 + n % 60, (i || 8)::uuid, ${AT}, (i || 9)::uuid, ${AT}, ${AT}
   from p, generate_series(6, 7) as k`,
  `insert into dead_letters (user_id, id, platform, task, cause, payload, attempts, queued_at, died_at)
   select u, (i || k)::uuid, id, 'task_' || replace(t, '-', '_'), 'internal/unexpected', jsonb_build_object(t, n), n, ${AT}, ${AT}
   from p, unnest(array['strava', 'garmin']) with ordinality as platform (id, k)`,
  `insert into data_requests (user_id, id, kind, status, channel, received_at, received_day, due_day, due_at, answered_at, refusal_reason, updated_at)
   select u, (i || k)::uuid, 'export', 'refused', 'app', ${AT}, date '2026-03-01', date '2026-04-01', ${AT} + interval '1 month', ${AT},
     t || ' asked too often', ${AT} from p, generate_series(6, 7) as k`,
  // What remains of a deletion outlives the person, so these two are found again.
  `insert into erasures (id, user_id, subject_digest, status, channel, requested_at, erases_at, finished_at, updated_at)
   select (i || k)::uuid, u, ops.person_digest(u), 'cancelled', 'app', ${AT}, ${AT}, ${AT}, ${AT} from p, generate_series(6, 7) as k
   on conflict (id) do update set user_id = excluded.user_id`,
  `insert into legal_holds (user_id, id, reason, placed_by, placed_at, released_at, release_reason)
   select u, (i || k)::uuid, t || ' is held', (i || 8)::uuid, ${AT}, ${AT}, t || ' is free' from p, generate_series(6, 7) as k`,
  `insert into consents (user_id, id, platform, purpose, decision, text_version, text_locale, text_sha256, channel, evidence, decided_at, recorded_at)
   select u, (i || k)::uuid, platform, purpose, 'given', version, locale, sha256, 'letter', t || ' signed it', ${AT}, ${AT}
   from p, consent_texts cross join generate_series(6, 7) as k where platform = case k when 6 then 'strava' else 'garmin' end`,
  `insert into data_exports (user_id, id, request_id, status, rows_written, error_code, requested_at, updated_at)
   select u, (i || k)::uuid, (i || k)::uuid, 'failed', n, t, ${AT}, ${AT} from p, generate_series(6, 7) as k`,
  `insert into processing_activities (user_id, day, activity, platform, purpose, times, first_at, last_at)
   select u, date '2026-03-01', 'receive', id, t, n, ${AT}, ${AT} from p, unnest(array['strava', 'garmin']) as id`,
  // What the planting itself has noted: other times whenever it is done.
  'delete from processing_activities using p where user_id = u and purpose <> t',
  // Nobody's: the same two, whoever is planted.
  `insert into breaches (id, description, aware_at, risk, unreadable, keys_exposed, scope, people, reported_at, updated_at)
   select ('cccccccc-0000-4000-8000-00000000000' || k)::uuid, 'a copy was taken', ${AT}, 'high', false, false, '{}', 2, ${AT}, ${AT}
   from generate_series(3, 4) as k on conflict do nothing`,
  `insert into breach_clocks (breach_id, rule_id, applies, due_at)
   select ('cccccccc-0000-4000-8000-00000000000' || k)::uuid, 'gdpr_authority', true, ${AT} from generate_series(3, 4) as k on conflict do nothing`,
  `insert into breach_notifications (user_id, breach_id, id, status, channel, sent_at, receipt, updated_at)
   select u, ('cccccccc-0000-4000-8000-00000000000' || k)::uuid, (i || k)::uuid, 'sent', 'webhook', ${AT}, t, ${AT} from p, generate_series(3, 4) as k`,
  `insert into key_rotations (id, kind, status, keys_before, total_keys, started_at, updated_at, finished_at)
   select ('cccccccc-0000-4000-8000-00000000000' || k)::uuid, 'all', 'complete', ${AT}, 1, ${AT}, ${AT}, ${AT}
   from generate_series(1, 2) as k on conflict do nothing`,
]
