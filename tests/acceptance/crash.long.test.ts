import { rmSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { connectStrava, historyImported } from '../support/connect-strava.ts'
import { signIn, until } from '../support/graphql-client.ts'
import { Activities, Runs, Summaries } from '../support/operations.ts'
import { makeDataDirectory, type RunningProduct, startProduct } from '../support/running.ts'
import { localDayOf, type ServedActivity, sumBy } from '../support/strava-totals.ts'

const ADA = '11111111-1111-4111-8111-111111111111'
const dataDirectory = makeDataDirectory()
const running: RunningProduct[] = []
afterAll(async () => {
  await Promise.all(running.map((product) => product.stop()))
  rmSync(dataDirectory, { recursive: true, force: true })
})

async function start(): Promise<RunningProduct> {
  const product = await startProduct({ dataDirectory })
  running.push(product)
  return product
}

describe('service and worker killed in the middle of an import', () => {
  test('go on where they were after the next start, and nothing is lost or there twice', async () => {
    const first = await start()
    await slowDown(first, 250)
    const ada = await signIn(first, ADA)
    await connectStrava(ada)
    const { sync_runs: midway } = await until('some pages', () => ada.get(Runs, { kind: 'history' }), {
      good: ({ sync_runs: [run] }) => (run?.pages_fetched ?? 0) >= 4,
      everyMs: 20,
    })
    await first.killServiceAndWorker()
    expect(midway[0]).toMatchObject({ status: 'running' })

    const second = await start()
    const again = await signIn(second, ADA)
    expect(await historyImported(again, 90_000)).toMatchObject({
      id: midway[0]!.id,
      status: 'complete',
      error_code: null,
    })
    const served = await fetch(`${second.simulatorUrl}/strava/simulate/athletes/1/activities`)
    const activities = (await served.json()) as readonly ServedActivity[]
    const expected = sumBy(activities, localDayOf)
    const actual = await until('summaries', () => summaries(again), {
      good: (days) => Object.values(days).reduce((sum, day) => sum + day.count, 0) === activities.length,
    })
    expect(actual).toEqual(expected)
    const { activities: stored } = await again.get(Activities)
    expect(new Set(stored.map((activity) => activity.source_id)).size).toBe(stored.length)
  }, 180_000)
})

async function summaries(person: Awaited<ReturnType<typeof signIn>>): Promise<ReturnType<typeof sumBy>> {
  const { daily_summaries: days } = await person.get(Summaries)
  return Object.fromEntries(
    days.map(({ local_day: day, activity_count: count, distance_m: distance, moving_time_s: time }) => [
      day,
      { count, distance_m: distance ?? 0, moving_time_s: time ?? 0 },
    ]),
  )
}

/** Slow enough that the import is still going on when it is killed. */
async function slowDown(product: RunningProduct, latencyMs: number): Promise<void> {
  await fetch(`${product.simulatorUrl}/strava/simulate/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ next: [{ match: '/athlete/activities', latency_ms: latencyMs, count: 100 }] }),
  })
}
