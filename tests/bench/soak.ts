import { type Outcome, printProgress, type Target } from './figures.ts'
import { type Slope, watchMemory } from './memory-watch.ts'
import { backlogOf, describeBacklog, describeSlopes, withTrainees } from './product-under-load.ts'
import { sendWebhooks } from './webhook-load.ts'

const PER_SECOND = 20
/** No divisor of the number of people, so that everybody has their turn. */
const WATCH_EVERY = 21

export interface Soak {
  readonly people: number
  readonly seconds: number
}

/** Everything that `npm start` runs at a rate that it bears for long: whether memory grows once it is warm, in the second half. */
export async function benchSoak({ people, seconds }: Soak): Promise<Outcome> {
  printProgress(`${PER_SECOND} webhooks a second of ${people} people for ${seconds} s`)
  return withTrainees(people, async (product, trainees) => {
    const half = { perSecond: PER_SECOND, seconds: seconds / 2, watchEvery: WATCH_EVERY }
    const earlier = await sendWebhooks(product, trainees, half)
    const memory = watchMemory(product)
    const later = await sendWebhooks(product, trainees, half)
    const slopes = memory.stop()
    const backlog = describeBacklog(await backlogOf(product), trainees)
    return {
      rows: [
        { what: `webhook → daily_summaries at ${PER_SECOND}/s, first half`, durationsMs: earlier },
        { what: `webhook → daily_summaries at ${PER_SECOND}/s, second half`, durationsMs: later },
        backlog,
        ...describeSlopes(slopes, `over the second half, ${half.seconds} s`),
      ],
      targets: Object.entries(slopes).map((slope) => targetOf(slope, seconds)),
      alarms: [],
    }
  })
}

/** Flat means that the straight line through the second half ends where it began, give or take what garbage collection leaves. */
function targetOf([name, { fromMb, toMb }]: [string, Slope], seconds: number): Target {
  return {
    what: `Memory of the ${name} at the end of ${seconds / 60} min at ${PER_SECOND}/s`,
    baseline: 'half-way',
    unit: '×',
    better: 'lower',
    bar: 1.1,
    values: [toMb / fromMb],
  }
}
