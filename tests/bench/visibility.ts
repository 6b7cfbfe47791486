import { connectStrava, historyImported } from '../support/connect-strava.ts'
import { type Person, signIn } from '../support/graphql-client.ts'
import { ActivityCount } from '../support/operations.ts'
import { ADA } from '../support/people.ts'
import { type RunningProduct, startProduct } from '../support/running.ts'
import { alarmAbove, median, type Outcome, percentile, printProgress } from './figures.ts'

/** The product's promise for the median; `--quick` fails beyond it. */
const VISIBLE_WITHIN_MS = 2_000

/** Everything that `npm start` runs: a first import of ten years, then new activities beside them. */
export async function benchVisibility({ rounds }: { readonly rounds: number }): Promise<Outcome> {
  printProgress(`a history of ten years, then ${rounds} new activities`)
  const product = await startProduct()
  try {
    const person = await signIn(product, ADA)
    const started = performance.now()
    await connectStrava(person)
    const { records_fetched: records } = await historyImported(person)
    const importMs = performance.now() - started
    await settle(person)
    const durationsMs = await measureVisibility(product, person, rounds)
    return {
      rows: [
        { what: `history of ${records} activities imported`, durationsMs: [importMs] },
        { what: 'new activity → daily_summaries through GraphQL', durationsMs, note: `p50 < ${VISIBLE_WITHIN_MS} ms` },
      ],
      targets: [0.5, 0.95, 0.99].map((share) => ({
        what: `Webhook → visible in GraphQL, p${share * 100}`,
        unit: 'ms',
        better: 'lower',
        bar: VISIBLE_WITHIN_MS,
        values: [percentile(durationsMs, share)],
      })),
      alarms: alarmAbove('new activity → daily_summaries, p50 in ms', median(durationsMs), VISIBLE_WITHIN_MS),
    }
  } finally {
    await product.stop()
  }
}

/**
 * From the moment an activity is created at the platform to the moment it is visible in `daily_summaries` through GraphQL: webhook, read
 * back, raw data, event trigger, normalization, summary. One at a time, on everything that `npm start` runs, beside ten years of history.
 */
async function measureVisibility(product: RunningProduct, person: Person, rounds: number): Promise<number[]> {
  const durationsMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    const before = await countActivities(person)
    const started = performance.now()
    const response = await fetch(`${product.simulatorUrl}/strava/simulate/activity`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ athlete_id: 1 }),
    })
    if (response.status !== 201) throw new Error(`the simulator answered ${response.status}`)
    while ((await countActivities(person)) === before) await new Promise((resolve) => setTimeout(resolve, 10))
    durationsMs.push(performance.now() - started)
  }
  return durationsMs
}

async function countActivities(person: Person): Promise<number> {
  const { daily_summaries_aggregate: days } = await person.get(ActivityCount)
  return days.aggregate?.sum?.activity_count ?? 0
}

/** Until the history is normalized and summed up: the number of activities has not changed for a second. */
async function settle(person: Person): Promise<void> {
  for (let last = -1, now = await countActivities(person); now !== last; ) {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    last = now
    now = await countActivities(person)
  }
}
