import { isDeepStrictEqual } from 'node:util'
import { withClient } from '../../database/connect.ts'
import { signIn } from '../support/graphql-client.ts'
import type { Athlete, Platform } from './athletes.ts'
import type { Account } from './ledger.ts'
import type { Product } from './product.ts'

/** What a run came to. Valid if and only if `lost`, `duplicates` and `unexpected` are empty. */
export interface Verdict {
  readonly lost: readonly string[]
  readonly duplicates: readonly string[]
  readonly unexpected: readonly string[]
}

/** Nothing waits longer for its turn than a dead letter's first minute, a missed tick and a lost event together. */
const MAY_STAND_STILL_MS = 200_000
const STATES = `select state, count(*)::integer as deliveries from ops.webhook_deliveries group by state order by state`
const UNFINISHED = `select
  (select count(*) from ops.webhook_deliveries where state not in ('processed', 'dropped'))::integer as deliveries,
  (select count(*) from public.raw_fitness_data where processed_at is null)::integer as payloads,
  (select count(*) from graphile_worker.jobs where attempts < max_attempts and task_identifier in
     ('queue_deliveries', 'process_delivery', 'normalize_raw_data', 'rebuild_summaries'))::integer as jobs`
const DOUBLE = `select metadata->>'delivery_id' as delivery, count(*)::integer as payloads
  from public.raw_fitness_data where metadata->>'from' = 'webhook' group by 1 having count(*) > 1`

type Waiting = Readonly<Record<'deliveries' | 'payloads' | 'jobs', number>>

/** Waits until the product has nothing left to do, however slow the machine is; answers what is left once nothing moves any more. */
export async function settled({ adminUrl }: Product): Promise<Waiting> {
  return withClient(adminUrl, async (client) => {
    let [moved, before] = [performance.now(), '']
    for (;;) {
      const { rows } = await client.query<Waiting>(UNFINISHED)
      const [left = { deliveries: 0, payloads: 0, jobs: 0 }] = rows
      if (JSON.stringify(left) !== before) [moved, before] = [performance.now(), JSON.stringify(left)]
      if (Object.values(left).every((count) => count === 0) || performance.now() - moved > MAY_STAND_STILL_MS)
        return left
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  })
}

/** Compares the driver's ledger and the platform with what the product has. */
export async function judge(
  product: Product,
  {
    account,
    athletes,
    platform,
    left,
  }: { account: Account; athletes: readonly Athlete[]; platform: Platform; left: Waiting },
): Promise<Verdict> {
  const { states, double } = await withClient(product.adminUrl, async (client) => ({
    states: (await client.query<{ state: string; deliveries: number }>(STATES)).rows,
    double: (await client.query<{ delivery: string; payloads: number }>(DOUBLE)).rows,
  }))
  const stored = states.reduce((sum, { deliveries }) => sum + deliveries, 0)
  const processed = states.find(({ state }) => state === 'processed')?.deliveries ?? 0
  const waiting = Object.entries(left).flatMap(([what, count]) => (count > 0 ? [`${count} ${what} left undone`] : []))
  const counted = {
    lost:
      processed < account.acknowledged.size
        ? [`${account.acknowledged.size} acknowledged, ${processed} processed`]
        : [],
    unexpected: stored > account.attempted.size ? [`${account.attempted.size} sent, ${stored} stored`] : [],
  }
  const seen = await Promise.all(athletes.map((athlete) => compare(product, platform, athlete)))
  return {
    lost: [...waiting, ...counted.lost, ...seen.flatMap(({ lost }) => lost)],
    duplicates: [
      ...double.map(({ delivery, payloads }) => `delivery ${delivery} was stored ${payloads} times`),
      ...seen.flatMap(({ duplicates }) => duplicates),
    ],
    unexpected: [...counted.unexpected, ...seen.flatMap(({ unexpected }) => unexpected)],
  }
}

const SHOWN = `{
  activities { source_id name }
  daily_summaries { local_day activity_count distance_m }
}`

interface Shown {
  readonly activities: readonly { readonly source_id: string; readonly name: string }[]
  readonly daily_summaries: readonly Day[]
}

interface Day {
  readonly local_day: string
  readonly activity_count: number
  readonly distance_m: number | null
}

/** What the person sees through GraphQL, beside what the platform has. */
async function compare(product: Product, platform: Platform, athlete: Athlete): Promise<Verdict> {
  const person = await signIn(product, athlete.userId)
  const { data } = await person.ask(SHOWN)
  const { activities, daily_summaries: days } = data as Shown
  const truth = await platform.activities(athlete)
  const names = new Map(activities.map(({ source_id: id, name }) => [id, name]))
  const known = new Set(truth.map(({ id }) => String(id)))
  const wrong = truth.filter(({ id, name }) => names.get(String(id)) !== name)
  const expected = daysOf(truth)
  const actual = new Map(days.filter((day) => day.activity_count > 0).map((day) => [day.local_day, day.activity_count]))
  return {
    lost: [
      ...wrong.map(({ id, name }) => `activity ${id} should be "${name}" and is "${names.get(String(id))}"`),
      ...(isDeepStrictEqual(actual, expected)
        ? []
        : [`days of ${athlete.userId}: ${JSON.stringify([...actual])} instead of ${JSON.stringify([...expected])}`]),
    ],
    duplicates: activities.length > names.size ? [`${activities.length - names.size} activities are there twice`] : [],
    unexpected: activities
      .filter(({ source_id: id }) => !known.has(id))
      .map(({ source_id: id }) => `activity ${id} is not the platform's`),
  }
}

function daysOf(activities: readonly { readonly start_date_local: string }[]): Map<string, number> {
  const days = new Map<string, number>()
  for (const { start_date_local: start } of activities) {
    const day = start.slice(0, 10)
    days.set(day, (days.get(day) ?? 0) + 1)
  }
  return days
}
