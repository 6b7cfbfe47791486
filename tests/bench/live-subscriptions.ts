import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Memory, startEngineProcess } from './engine-process.ts'
import { alarmAbove, median, type Outcome, printProgress, type Row } from './figures.ts'
import { type Subscriber, subscribe } from './subscriber.ts'
import { LAST_DAY, type SummariesDatabase } from './summaries-database.ts'

/** What the whole process may take with 500 live queries, at its highest. */
const MEMORY_BOUND_MB = 512
/** An answer is at most one interval of a second old; the rest is for slow machines. */
const PUSHED_WITHIN_MS = 5_000
const SUBSCRIBING_AT_ONCE = 10
/** Slow enough that one change does not wait for another. */
const CHANGE_EVERY_MS = 50
const SETTLE_MS = 5_000

/** As many people, each with a connection and a live query of their own ninety days, on one process of the stand-in. */
export async function benchSubscriptions(database: SummariesDatabase, { count }: { count: number }): Promise<Outcome> {
  printProgress(`${count} live subscriptions`)
  const engine = await startEngineProcess(database.hasuraUrl)
  const subscribers: Subscriber[] = []
  try {
    const firstMs: number[] = []
    const join = async (userId: string) => {
      const started = performance.now()
      subscribers.push(await subscribe(engine, userId))
      firstMs.push(performance.now() - started)
    }
    const before = engine.memory()
    await eachAtOnce(database.userIds.slice(0, count), join)
    await sleep(SETTLE_MS)
    const pushedMs = await measurePushes(database, subscribers)
    const after = engine.memory()
    return describe({ count, firstMs, pushedMs, before, after })
  } finally {
    await Promise.all(subscribers.map((subscriber) => subscriber.close()))
    await engine.stop()
  }
}

interface Measured {
  readonly count: number
  readonly firstMs: readonly number[]
  readonly pushedMs: readonly number[]
  readonly before: Memory | undefined
  readonly after: Memory | undefined
}

function describe({ count, firstMs, pushedMs, before, after }: Measured): Outcome {
  const title = `${count} live subscriptions`
  return {
    rows: [
      { what: `${title}: from subscribing to the first answer`, durationsMs: firstMs },
      { what: `${title}: from a row's change to the push`, durationsMs: pushedMs, note: 'polled every 1000 ms' },
      ...(before === undefined || after === undefined ? [] : [describeMemory(title, count, { before, after })]),
    ],
    targets: [
      {
        what: `${title}: change to push, p50`,
        unit: 'ms',
        better: 'lower',
        bar: PUSHED_WITHIN_MS,
        values: [median(pushedMs)],
      },
    ],
    alarms: [
      ...alarmAbove(`${title}: change to push, p50 in ms`, median(pushedMs), PUSHED_WITHIN_MS),
      ...alarmAbove(`${title}: memory in MB`, after?.peakMb ?? 0, MEMORY_BOUND_MB),
    ],
  }
}

function describeMemory(title: string, count: number, { before, after }: { before: Memory; after: Memory }): Row {
  const each = ((after.peakMb - before.nowMb) / count) * 1024
  const figures = [before.nowMb, after.nowMb, after.peakMb].map((megabytes) => megabytes.toFixed(0))
  const kept = after.peakMb <= MEMORY_BOUND_MB ? 'kept' : 'MISSED'
  return {
    what: `${title}: resident memory of the process`,
    note: `${figures[0]} MB before, ${figures[1]} with them, ${figures[2]} at most: ≤ ${each.toFixed(0)} kB each; ≤ ${MEMORY_BOUND_MB} MB ${kept}`,
  }
}

async function eachAtOnce(userIds: readonly string[], work: (userId: string) => Promise<void>): Promise<void> {
  const waiting = [...userIds]
  const one = async () => {
    for (let userId = waiting.pop(); userId !== undefined; userId = waiting.pop()) await work(userId)
  }
  await Promise.all(Array.from({ length: SUBSCRIBING_AT_ONCE }, one))
}

/** Each person's last day changes once; the clock runs from sending the change until its person is told. */
async function measurePushes({ adminUrl }: SummariesDatabase, subscribers: readonly Subscriber[]): Promise<number[]> {
  const pool = new pg.Pool({ connectionString: adminUrl, max: 5 })
  const push = async (subscriber: Subscriber, activityCount: number) => {
    const started = performance.now()
    const change = pool.query(
      'update public.daily_summaries set activity_count = $3, updated_at = now() where user_id = $1 and local_day = $2',
      [subscriber.userId, LAST_DAY, activityCount],
    )
    await Promise.all([change, subscriber.told(activityCount)])
    return performance.now() - started
  }
  // No other day has so many activities.
  const pushes = subscribers.map((subscriber, index) =>
    sleep(index * CHANGE_EVERY_MS).then(() => push(subscriber, 1000 + index)),
  )
  const pushedMs = await Promise.all(pushes)
  await pool.end()
  return pushedMs
}
