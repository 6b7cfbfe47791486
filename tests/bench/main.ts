import { cpus } from 'node:os'
import { connectStrava, historyImported } from '../support/connect-strava.ts'
import { type Person, signIn } from '../support/graphql-client.ts'
import { ActivityCount } from '../support/operations.ts'
import { type RunningProduct, startProduct } from '../support/running.ts'

const ADA = '11111111-1111-4111-8111-111111111111'
/** The product's promise; `--quick` fails when the median is beyond it. */
const VISIBLE_WITHIN_MS = 2_000

/**
 * From the moment an activity is created at the platform to the moment it is visible in `daily_summaries` through GraphQL: webhook, read
 * back, raw data, event trigger, normalization, summary. One at a time, on everything that `npm start` runs, beside ten years of history.
 */
async function measureVisibility(product: RunningProduct, person: Person, rounds: number): Promise<number[]> {
  const durations: number[] = []
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
    durations.push(performance.now() - started)
    process.stdout.write(`\r  ${round + 1}/${rounds}`)
  }
  process.stdout.write('\r')
  return durations
}

async function countActivities(person: Person): Promise<number> {
  const { daily_summaries_aggregate: days } = await person.get(ActivityCount)
  return days.aggregate?.sum?.activity_count ?? 0
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

function report(title: string, durations: readonly number[]): number {
  const sorted = durations.toSorted((a, b) => a - b)
  const figure = (share: number) => `${percentile(sorted, share).toFixed(0).padStart(6)} ms`
  const columns = [`p50 ${figure(0.5)}`, `p95 ${figure(0.95)}`, `p99 ${figure(0.99)}`, `n=${sorted.length}`]
  process.stdout.write(`${title.padEnd(52)} ${columns.join('   ')}\n`)
  return percentile(sorted, 0.5)
}

async function main(): Promise<number> {
  const quick = process.argv.includes('--quick')
  process.stdout.write(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}\n`)
  const product = await startProduct()
  try {
    const person = await signIn(product, ADA)
    const started = performance.now()
    await connectStrava(person)
    const { records_fetched: records } = await historyImported(person)
    report(`history of ${records} activities imported`, [performance.now() - started])
    await settle(person)
    const median = report(
      'new activity → daily_summaries through GraphQL',
      await measureVisibility(product, person, quick ? 10 : 100),
    )
    return quick && median > VISIBLE_WITHIN_MS ? 1 : 0
  } finally {
    await product.stop()
  }
}

/** Until the history is normalized and summed up: the number of activities has not changed for a second. */
async function settle(person: Person): Promise<void> {
  for (let last = -1, now = await countActivities(person); now !== last; ) {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    last = now
    now = await countActivities(person)
  }
}

process.exitCode = await main()
