import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Person } from '../support/graphql-client.ts'
import type { RunningProduct } from '../support/running.ts'
import { FIRST_SCREEN } from './people.ts'

export interface Peak {
  readonly people: number
  readonly screensPerSecond: number
  readonly syncsPerSecond: number
  readonly seconds: number
  /** From the moment at which each was due, so that waiting for a slow one before it counts. */
  readonly screenMs: readonly number[]
}

/** So many people with ninety days each, so that tables and indexes have the size that they would have. */
export async function addPeople(adminUrl: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query('set session_replication_role = replica')
    await client.query(
      `with people as (
         insert into public.app_users (user_id) select md5('load ' || n)::uuid from generate_series(1, $1::integer) n returning user_id)
       insert into public.daily_summaries (user_id, local_day, steps, day_distance_m, activity_count, distance_m, sleep_asleep_s, resting_heart_rate_bpm, sources)
       select user_id, current_date - day, 5000 + day * 7, 4000 + day, 1, 5000, 27000, 55, '{"garmin": {"steps": 5000}}'
       from people cross join generate_series(0, 89) as day`,
      [count],
    )
    await client.query('vacuum analyze public.daily_summaries')
  } finally {
    await client.end()
  }
}

/** Screens and syncs come when they come (Poisson), however long the ones before take. */
export async function measurePeak(
  { simulatorUrl }: RunningProduct,
  people: readonly Person[],
  { screensPerSecond, syncsPerSecond, seconds }: Omit<Peak, 'screenMs' | 'people'>,
): Promise<readonly number[]> {
  const screenMs: number[] = []
  const screens = arrivals(screensPerSecond, seconds, async (number, due) => {
    const answer = await people[number % people.length]?.ask(FIRST_SCREEN)
    if (answer?.errors !== undefined) throw new Error(answer.errors[0]?.message ?? 'an error')
    screenMs.push(performance.now() - due)
  })
  const syncs = arrivals(syncsPerSecond, seconds, async (number) => {
    // The simulator numbers its people in the order in which they consent; the first two were there before.
    const person = 3 + (number % people.length)
    const response = await fetch(`${simulatorUrl}/garmin/simulate/people/${person}/sync`, { method: 'POST' })
    if (!response.ok) throw new Error(`the simulator answers ${response.status}`)
  })
  await Promise.all([screens, syncs])
  return screenMs
}

async function arrivals(
  perSecond: number,
  seconds: number,
  act: (number: number, due: number) => Promise<void>,
): Promise<void> {
  const started = performance.now()
  const running: Promise<void>[] = []
  let due = started
  for (let number = 0; ; number += 1) {
    due += (-Math.log(1 - Math.random()) / perSecond) * 1000
    if (due > started + seconds * 1000) break
    await sleep(Math.max(0, due - performance.now()))
    running.push(act(number, due))
  }
  await Promise.all(running)
}
