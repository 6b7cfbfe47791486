import { median, type Outcome, percentile, printProgress } from './figures.ts'
import { closedLoop, openLoop } from './http-load.ts'
import { openIntakeScene } from './intake-scene.ts'

const CONNECTIONS = 64
const PER_SECOND = 1_000
/** What we promise, and what only something broken misses. */
const RATIO = { promised: 1.2, alarm: 0.4 }
const P99_MS = { promised: 25, alarm: 500 }

export interface IntakeSize {
  readonly runs: number
  readonly seconds: number
}

/**
 * The service's own process behind its real door (deduplicated, sealed, stored and queued before the 200) and bare Fastify with one durable
 * INSERT, in turns on one Postgres, so that whatever else the machine does meets both.
 */
export async function benchIntake({ runs, seconds }: IntakeSize): Promise<Outcome> {
  printProgress(`webhook intake, ${runs} runs of ${seconds} s`)
  const scene = await openIntakeScene()
  try {
    const rates: { product: number; bare: number }[] = []
    await closedLoop(scene.product, { connections: CONNECTIONS, seconds: 1 }) // warm
    await closedLoop(scene.bare, { connections: CONNECTIONS, seconds: 1 })
    for (let run = 0; run < runs; run += 1) {
      const bare = await closedLoop(scene.bare, { connections: CONNECTIONS, seconds })
      const product = await closedLoop(scene.product, { connections: CONNECTIONS, seconds })
      rates.push({ product, bare })
    }
    const tails: number[] = []
    for (let run = 0; run < runs; run += 1)
      tails.push(percentile(await openLoop(scene.product, { perSecond: PER_SECOND, seconds }), 0.99))
    await scene.nothingLost()
    return report(rates, tails)
  } finally {
    await scene.close()
  }
}

function report(rates: readonly { product: number; bare: number }[], tails: readonly number[]): Outcome {
  const ratio = median(rates.map(({ product, bare }) => product / bare))
  const perSecond = (name: 'product' | 'bare') => Math.round(median(rates.map((rate) => rate[name])))
  const p99 = median(tails)
  return {
    rows: [
      {
        what: `webhook intake, ${CONNECTIONS} connections`,
        note: `${perSecond('product')}/s; bare INSERT ${perSecond('bare')}/s; ratio ${ratio.toFixed(2)} (promised ${RATIO.promised})`,
      },
      {
        what: `webhook intake at ${PER_SECOND}/s, p99 of each run`,
        durationsMs: tails,
        note: `median < ${P99_MS.promised} ms`,
      },
    ],
    targets: [
      {
        what: 'Webhook intake: sealed, stored, queued',
        baseline: 'bare Fastify and one INSERT',
        unit: '×',
        better: 'higher',
        bar: RATIO.promised,
        values: rates.map(({ product, bare }) => product / bare),
      },
      {
        what: `Webhook intake at ${PER_SECOND}/s, p99`,
        unit: 'ms',
        better: 'lower',
        bar: P99_MS.promised,
        values: tails,
      },
    ],
    alarms: [
      ...(ratio >= RATIO.alarm
        ? []
        : [`webhook intake against bare INSERT: ${ratio.toFixed(2)} is below ${RATIO.alarm}`]),
      ...(p99 <= P99_MS.alarm ? [] : [`webhook intake, p99 in ms: ${p99.toFixed(1)} is beyond ${P99_MS.alarm}`]),
    ],
  }
}
