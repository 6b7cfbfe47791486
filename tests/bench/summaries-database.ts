import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { withClient } from '../../database/connect.ts'
import { startEmbeddedPostgres } from '../../database/embedded.ts'
import { migrate } from '../../database/migrate.ts'
import { HASURA_ROLE } from '../../database/roles.ts'
import { printProgress } from './figures.ts'

/** Every person has a summary for every day. */
export interface Size {
  readonly people: number
  readonly days: number
}

/** A migrated database on disk with nothing in it but people and their daily summaries. */
export interface SummariesDatabase {
  /** Superuser. */
  readonly adminUrl: string
  /** As the engine logs in. */
  readonly hasuraUrl: string
  readonly userIds: readonly string[]
  readonly days: number
  readonly rowCount: number
  /** Table and indexes, as Postgres prints it. */
  readonly size: string
  readonly filledInMs: number
  /** Stops the server and removes its data. */
  close(): Promise<void>
}

/** The newest of the days; the others go back from here without a gap. */
export const LAST_DAY = '2025-12-31'

// Nothing waits for the disk while rows are made. What a reader notices is left as Postgres has it, 128 MB of shared buffers included.
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '2GB',
}
/** Of the login roles. */
export const BENCH_PASSWORD = 'bench'
/** Measured: about 0.5 kB with index and write-ahead log. */
const ROOM_PER_ROW_BYTES = 1_000
const DAYS_PER_STATEMENT = 10

export async function openSummariesDatabase(wanted: Size): Promise<SummariesDatabase> {
  const directory = createDirectoryOnDisk(wanted.people * wanted.days * ROOM_PER_ROW_BYTES)
  // The server may still be writing when this process is told to end.
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', remove)
  const server = await startEmbeddedPostgres({ dataDirectory: join(directory, 'postgres'), settings: SETTINGS }).catch(
    (error: unknown) => {
      remove()
      throw error
    },
  )
  const close = () => server.stop().finally(remove)
  const { adminUrl } = server
  try {
    await migrate({ adminUrl, passwords: { service: BENCH_PASSWORD, hasura: BENCH_PASSWORD } })
    const started = performance.now()
    await withClient(adminUrl, (client) => fill(client, wanted))
    const filledInMs = performance.now() - started
    const facts = await withClient(adminUrl, readFacts)
    const hasuraUrl = Object.assign(new URL(adminUrl), { username: HASURA_ROLE, password: BENCH_PASSWORD }).href
    return { adminUrl, hasuraUrl, days: wanted.days, filledInMs, ...facts, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Never in memory, whatever there is of it: a database of this size lives on a disk. */
function createDirectoryOnDisk(neededBytes: number): string {
  const { bavail, bsize } = statfsSync(tmpdir())
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
  const room = `${gigabytes(bavail * bsize)} free in ${tmpdir()}, ${gigabytes(neededBytes)} needed at most`
  if (bavail * bsize < neededBytes) throw new Error(`not enough room: ${room} (TMPDIR names another place)`)
  printProgress(room)
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'))
  // The database may run as another user, who has to get through.
  chmodSync(directory, 0o711)
  return directory
}

async function fill(client: pg.Client, { people, days }: Size): Promise<void> {
  await client.query(
    "insert into public.app_users (user_id) select md5('person ' || n)::uuid from generate_series(1, $1::integer) n",
    [people],
  )
  // The people are there; asking ten million times whether they are would take minutes.
  await client.query('set session_replication_role = replica')
  for (let daysAgo = days; daysAgo > 0; daysAgo -= DAYS_PER_STATEMENT) {
    await client.query(INSERT_SUMMARIES, [LAST_DAY, daysAgo - 1, Math.max(daysAgo - DAYS_PER_STATEMENT, 0)])
    if (daysAgo % 500 === 0) printProgress(`${people} people, ${daysAgo} days to go`)
  }
  await client.query('vacuum analyze public.daily_summaries')
  await client.query('vacuum analyze public.app_users')
  await client.query('checkpoint')
}

// Day after day, as time brings them: one person's ninety days are spread over the table, not side by side. The same
// numbers in every run; without the offset each of them would hash again.
const INSERT_SUMMARIES = `
  insert into public.daily_summaries (user_id, local_day, activity_count, distance_m, moving_time_s, elapsed_time_s,
    elevation_gain_m, energy_kcal, heart_rate_mean_bpm, heart_rate_max_bpm, sports, sources)
  select u.user_id, $1::date - d.days_ago, 1 + (n.x * 3)::integer, round(n.x * 42195, 1), (n.x * 14400)::bigint,
    (n.x * 15000)::bigint, round(n.x * 1200, 1), round(n.x * 2500), round(100 + n.x * 60, 2), round(150 + n.x * 45),
    case when n.x < 0.5 then '{run}'::text[] else '{ride,run}'::text[] end,
    jsonb_build_object('strava', jsonb_build_object('activity_count', 1 + (n.x * 3)::integer, 'activity_distance_m',
      round(n.x * 42195, 1), 'activity_moving_time_s', (n.x * 14400)::bigint, 'activity_elapsed_time_s',
      (n.x * 15000)::bigint, 'activity_elevation_gain_m', round(n.x * 1200, 1)))
  from generate_series($3::integer, $2::integer) as d (days_ago)
  cross join public.app_users u
  cross join lateral (select (hashtextextended(u.user_id::text, d.days_ago) & 1023) / 1023.0 as x offset 0) n`

async function readFacts(client: pg.Client) {
  const { rows: people } = await client.query<{ user_id: string }>('select user_id from public.app_users')
  const { rows } = await client.query<{ count: number; size: string }>(`
    select count(*)::integer as count, pg_size_pretty(pg_total_relation_size('public.daily_summaries')) as size
    from public.daily_summaries`)
  return {
    userIds: people.map(({ user_id: userId }) => userId),
    rowCount: rows[0]?.count ?? 0,
    size: rows[0]?.size ?? '',
  }
}
