import { alarmAbove, type Outcome, percentile, printProgress } from './figures.ts'
import { type Slope, watchMemory } from './memory-watch.ts'
import { backlogOf, describeBacklog, describeSlopes, withTrainees } from './product-under-load.ts'
import type { SeriesBacklog } from './series-backlog.ts'
import type { Trainee } from './training-people.ts'
import { sendWebhooks } from './webhook-load.ts'

const PER_SECOND = 50
/** No divisor of the number of people, so that everybody has their turn. */
const WATCH_EVERY = 19
const WARM_SECONDS = 5
const P50_MS = { promised: 500, alarm: 5_000 }
const P99_MS = { promised: 2_000, alarm: 20_000 }

export interface SteadyLoad {
  readonly people: number
  readonly seconds: number
}

interface Measured {
  readonly seconds: number
  readonly trainees: readonly Trainee[]
  readonly durationsMs: readonly number[]
  readonly slopes: Readonly<Record<string, Slope>>
  readonly backlog: SeriesBacklog
}

/** Everything that `npm start` runs under fifty webhooks a second: how soon each is in somebody's summary. */
export async function benchSteadyLoad({ people, seconds }: SteadyLoad): Promise<Outcome> {
  printProgress(`${PER_SECOND} webhooks a second of ${people} people for ${seconds} s`)
  return withTrainees(people, async (product, trainees) => {
    await sendWebhooks(product, trainees, { perSecond: PER_SECOND, seconds: WARM_SECONDS, watchEvery: WATCH_EVERY })
    const memory = watchMemory(product)
    const durationsMs = await sendWebhooks(product, trainees, {
      perSecond: PER_SECOND,
      seconds,
      watchEvery: WATCH_EVERY,
    })
    return describe({ seconds, trainees, durationsMs, slopes: memory.stop(), backlog: await backlogOf(product) })
  })
}

function describe({ seconds, trainees, durationsMs, slopes, backlog }: Measured): Outcome {
  const [p50, p99] = [percentile(durationsMs, 0.5), percentile(durationsMs, 0.99)]
  const target = (name: string, bar: number, value: number) =>
    ({
      what: `Webhook → visible at ${PER_SECOND}/s, ${name}`,
      unit: 'ms',
      better: 'lower',
      bar,
      values: [value],
    }) as const
  const what = 'webhook → daily_summaries under load'
  return {
    rows: [
      {
        what: `webhook → daily_summaries through GraphQL at ${PER_SECOND}/s`,
        durationsMs,
        note: `p50 < ${P50_MS.promised} ms, p99 < ${P99_MS.promised} ms`,
      },
      describeBacklog(backlog, trainees),
      ...describeSlopes(slopes, `over ${seconds} s, warm-up included`),
    ],
    targets: [target('p50', P50_MS.promised, p50), target('p99', P99_MS.promised, p99)],
    alarms: [
      ...alarmAbove(`${what}, p50 in ms`, p50, P50_MS.alarm),
      ...alarmAbove(`${what}, p99 in ms`, p99, P99_MS.alarm),
    ],
  }
}
