import type pg from 'pg'
import { withClient } from '../../database/connect.ts'
import { SERVICE_ROLE } from '../../database/roles.ts'
import { loadConfig } from '../../service/config.ts'
import { registerPlatforms } from '../../service/ingestion/register-platforms.ts'
import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import { RawKey } from '../../service/normalization/raw-key.ts'
import { runDueJobs } from '../../service/runtime/jobs.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import { type Wiring, wire } from '../../service/wiring.ts'
import { leastSettings } from '../support/settings.ts'
import { alarmAbove, median, type Outcome, printProgress } from './figures.ts'
import { BENCH_PASSWORD, LAST_DAY, openSummariesDatabase, type SummariesDatabase } from './summaries-database.ts'

/** Ten thousand rows: what upkeep costs where there is next to nothing. */
const SMALL = { people: 10, days: 1_000 }
const MOST_OF_SMALL = 1.2
/** A busy machine must not fail it; a cost that grows with the table does. */
const ALARM = 3
const PEOPLE = 10

export interface UpkeepOptions {
  readonly rounds: number
}

/** One new payload, from its row to the summaries of its day: what that costs must not depend on how many rows there are. */
export async function benchUpkeep(large: SummariesDatabase, { rounds }: UpkeepOptions): Promise<Outcome> {
  const small = await openSummariesDatabase(SMALL)
  try {
    const services = [await openService(small), await openService(large)] as const
    const durations = [[], []] as [number[], number[]]
    printProgress('upkeep of summaries')
    // In turns, so that what else goes on here slows both; the first rounds warm the caches.
    for (let round = -PEOPLE; round < rounds; round += 1)
      for (const [index, { wiring, userIds }] of services.entries()) {
        const userId = userIds[(round + PEOPLE) % PEOPLE] ?? ''
        const durationMs = await measure(wiring, { userId, round })
        if (round >= 0) durations[index]?.push(durationMs)
      }
    for (const { wiring } of services) await wiring.db.close()
    return describe({ small, large, durations })
  } finally {
    await small.close()
  }
}

async function openService({ adminUrl }: SummariesDatabase): Promise<{ wiring: Wiring; userIds: readonly string[] }> {
  const userIds = await withClient(adminUrl, fillPlatformSummary)
  const url = Object.assign(new URL(adminUrl), { username: SERVICE_ROLE, password: BENCH_PASSWORD }).href
  const config = await loadConfig(leastSettings(url))
  const wiring = wire(config, 'worker')
  await registerPlatforms(wiring.db, config.platforms)
  return { wiring, userIds }
}

/** As many rows as there are days of people; answers people of whom something new comes. */
async function fillPlatformSummary(client: pg.Client): Promise<readonly string[]> {
  await client.query('set session_replication_role = replica')
  await client.query(`
    insert into public.user_fitness_summary (user_id, date, platform, data_points, data_types)
    select user_id, local_day, 'garmin', 1, '["dailies"]' from public.daily_summaries on conflict do nothing`)
  await client.query('vacuum analyze public.user_fitness_summary')
  const { rows } = await client.query<{ id: string }>(
    'insert into public.app_users (user_id) select gen_random_uuid() from generate_series(1, $1::integer) returning user_id as id',
    [PEOPLE],
  )
  return rows.map(({ id }) => id)
}

async function measure(wiring: Wiring, { userId, round }: { userId: string; round: number }): Promise<number> {
  const payload = {
    userId: 'bench',
    summaryId: `d${round}`,
    calendarDate: LAST_DAY,
    startTimeInSeconds: Date.parse(`${LAST_DAY}T00:00:00Z`) / 1000,
    startTimeOffsetInSeconds: 0,
    durationInSeconds: 86_400,
    steps: 10_000 + round,
  }
  const started = performance.now()
  const { rows } = await wiring.db.pool.query(
    `insert into public.raw_fitness_data (user_id, platform, data_type, raw_data, metadata) values ($1, 'garmin', 'dailies', $2, '{}')
     returning user_id as "userId", created_at::text as "createdAt", id as "rawId"`,
    [userId, JSON.stringify(payload)],
  )
  await normalizeRaw(wiring.normalization, RawKey.parse(rows[0]))
  await runDueJobs({ db: wiring.db, tasks: bindTasks(wiring) })
  return performance.now() - started
}

/** Runs of their own, one after the other: how much they differ is the noise. */
function inFifths(durations: readonly number[]): readonly (readonly number[])[] {
  const length = Math.ceil(durations.length / 5)
  return Array.from({ length: 5 }, (_, part) => durations.slice(part * length, (part + 1) * length))
}

interface Measured {
  readonly small: SummariesDatabase
  readonly large: SummariesDatabase
  readonly durations: readonly [number[], number[]]
}

function describe({ small, large, durations: [ofSmall, ofLarge] }: Measured): Outcome {
  const share = median(ofLarge) / median(ofSmall)
  const note = `${share.toFixed(2)} times that of ${small.rowCount} rows (bar: ${MOST_OF_SMALL})`
  return {
    rows: [
      { what: `a payload's summaries, ${small.rowCount} rows`, durationsMs: ofSmall },
      { what: `a payload's summaries, ${large.rowCount} rows`, durationsMs: ofLarge, note },
    ],
    targets: [
      {
        what: `Upkeep of summaries at ${large.rowCount.toLocaleString('en')} rows`,
        baseline: `the same at ${small.rowCount.toLocaleString('en')} rows`,
        unit: '×',
        better: 'lower',
        bar: MOST_OF_SMALL,
        values: inFifths(ofLarge).map((part, index) => median(part) / median(inFifths(ofSmall)[index] ?? [])),
      },
    ],
    alarms: alarmAbove('upkeep of summaries against a small table', share, ALARM),
  }
}
