import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectStrava, historyImported } from '../support/connect-strava.ts'
import { type Person, signIn, until } from '../support/graphql-client.ts'
import { Activities, Summaries } from '../support/operations.ts'
import { type RunningProduct, startProduct } from '../support/running.ts'
import { localDayOf, type ServedActivity, sportOf, sumBy, type Totals } from '../support/strava-totals.ts'

const ADA = '11111111-1111-4111-8111-111111111111'
const BELA = '22222222-2222-4222-8222-222222222222'

let product: RunningProduct
let ada: Person
let bela: Person

beforeAll(async () => {
  product = await startProduct()
  ada = await signIn(product, ADA)
  bela = await signIn(product, BELA)
})
afterAll(() => product.stop())

async function served(athlete: number): Promise<readonly ServedActivity[]> {
  const response = await fetch(`${product.simulatorUrl}/strava/simulate/athletes/${athlete}/activities`)
  return (await response.json()) as readonly ServedActivity[]
}

async function summaries(person: Person): Promise<Record<string, Totals>> {
  const { daily_summaries: days } = await person.get(Summaries)
  return Object.fromEntries(
    days.map((day) => [
      day.local_day,
      { count: day.activity_count, distance_m: day.distance_m ?? 0, moving_time_s: day.moving_time_s ?? 0 },
    ]),
  )
}

describe('a person who connects Strava', () => {
  test('sees ten years of training, exact to the day, within some fifteen requests for lists', async () => {
    const { status } = await connectStrava(ada)
    expect(status).toBe('active')
    const run = await historyImported(ada)
    expect(run).toMatchObject({ status: 'complete', error_code: null })
    const expected = sumBy(await served(1), localDayOf)
    expect(Object.keys(expected).length).toBeGreaterThan(1500)
    const actual = await until('summaries', () => summaries(ada), {
      good: (days) => Object.keys(days).length === Object.keys(expected).length,
      withinMs: 30_000,
    })
    expect(actual).toEqual(expected)
    const { length } = await served(1)
    expect(run.records_fetched).toBe(length)
    expect(run.pages_fetched).toBeLessThanOrEqual(Math.ceil(length / 199) + 2)
  })

  test('gets the same totals by sport', async () => {
    const { activities } = await ada.get(Activities)
    const asServed = activities.map(({ source_sport, distance_m, moving_time_s }) => ({
      id: 0,
      sport_type: source_sport,
      start_date_local: '',
      distance: distance_m ?? 0,
      moving_time: moving_time_s ?? 0,
      total_elevation_gain: 0,
    }))
    expect(sumBy(asServed, sportOf)).toEqual(sumBy(await served(1), sportOf))
  })

  test('is seen by nobody else', async () => {
    const everything = `{
      activities { id } daily_summaries { local_day } daily_metrics { kind } connections { platform } sync_runs { id }
      user_fitness_summary { date } activity_streams { kind } app_users { user_id }
      activities_aggregate { aggregate { count } }
      theirs: activities(where: { user_id: { _eq: "${ADA}" } }) { id }
    }`
    expect((await bela.ask(everything)).data).toEqual({
      activities: [],
      daily_summaries: [],
      daily_metrics: [],
      connections: [],
      sync_runs: [],
      user_fitness_summary: [],
      activity_streams: [],
      app_users: [],
      activities_aggregate: { aggregate: { count: 0 } },
      theirs: [],
    })
  })

  test('sees a new activity arrive by itself, and what changes or goes at the platform', async () => {
    const before = await summaries(ada)
    const created = await simulate('POST', '/activity', { athlete_id: 1, distance: 5000.5, moving_time: 1800 })
    const day = localDayOf(created)
    const base = before[day] ?? { count: 0, distance_m: 0, moving_time_s: 0 }
    const dayBecomes = (what: string, expected: Totals | undefined) =>
      until(what, async () => (await summaries(ada))[day], {
        good: (now) => JSON.stringify(now) === JSON.stringify(expected),
        withinMs: 20_000,
      })
    const plus = (distance: number): Totals => ({
      count: base.count + 1,
      distance_m: (Math.round(base.distance_m * 10_000) + Math.round(distance * 10_000)) / 10_000,
      moving_time_s: base.moving_time_s + 1800,
    })
    expect(await dayBecomes('a new activity', plus(5000.5))).toEqual(plus(5000.5))
    await simulate('PATCH', `/activity/${created.id}`, { distance: 7000.25 })
    expect(await dayBecomes('a changed activity', plus(7000.25))).toEqual(plus(7000.25))
    await simulate('DELETE', `/activity/${created.id}`)
    expect(await dayBecomes('a deleted activity', before[day])).toEqual(before[day])
  })
})

async function simulate(method: string, path: string, body?: object): Promise<ServedActivity> {
  const response = await fetch(`${product.simulatorUrl}/strava/simulate${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  expect(response.status).toBeLessThan(300)
  return response.status === 204 ? ({} as ServedActivity) : ((await response.json()) as ServedActivity)
}

describe('afterwards', () => {
  test.skipIf(process.env['SERVICE_URL'] !== undefined)('no secret is in a log', () => {
    const settings = readFileSync(join(product.dataDirectory, 'development.env'), 'utf8')
    const secrets = [...settings.matchAll(/^\w*(?:SECRET|PASSWORD|KEY|TOKEN)\w*=['"]?([^'"\n]{12,})/gm)].map(
      ([, value]) => value!,
    )
    const issued =
      readFileSync(join(product.dataDirectory, 'strava-simulator.json'), 'utf8').match(/"[0-9a-f]{32,}"/g) ?? []
    expect(secrets.length).toBeGreaterThan(5)
    expect(issued.length).toBeGreaterThan(1)
    const logs = readdirSync(join(product.dataDirectory, 'logs')).map((file) =>
      readFileSync(join(product.dataDirectory, 'logs', file), 'utf8'),
    )
    expect(logs.join('').length).toBeGreaterThan(10_000)
    const leaked = [...secrets, ...issued.map((token) => token.slice(1, -1))].filter((value) =>
      logs.some((log) => log.includes(value)),
    )
    expect(leaked).toEqual([])
  })
})
