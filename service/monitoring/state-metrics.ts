import { Counter, Gauge, type Registry } from 'prom-client'
import type { Db } from '../runtime/db.ts'
import { within } from '../runtime/within.ts'
import { type Reading, readMetric, STATE_METRICS, type StateMetric } from './state-queries.ts'

// Several scrapers, or one that is impatient, cost one reading.
const KEEP_MS = 5_000
/** Below Prometheus' own limit of ten seconds: what cannot be read must not cost everything else. */
export const READ_WITHIN_MS = 2_000

/**
 * Gauges of what is in the database, read when somebody scrapes: one after another, so that a scrape holds one connection. One that cannot
 * be read is absent and counted; a database that does not answer is asked once.
 */
export function registerState(registry: Registry, db: Db): void {
  const failures = new Counter({
    name: 'state_read_failures_total',
    help: 'Readings of the system state that failed',
    labelNames: ['metric'],
    registers: [registry],
  })
  const read = remember(() => readAll(db, (metric) => failures.inc({ metric })))
  registry.registerMetric(
    new Gauge({
      name: 'database_up',
      help: '1 while the database answers',
      registers: [],
      async collect() {
        this.set((await read()).up ? 1 : 0)
      },
    }),
  )
  for (const metric of STATE_METRICS) registry.registerMetric(stateGauge(metric, read))
}

/** Whether something else answers, asked when somebody scrapes. */
export function registerProbe(
  registry: Registry,
  { name, help, probe }: { name: string; help: string; probe: () => Promise<boolean> },
): void {
  const ask = remember(() => within(probe, READ_WITHIN_MS).catch(() => false))
  registry.registerMetric(
    new Gauge({
      name,
      help,
      registers: [],
      async collect() {
        this.set((await ask()) ? 1 : 0)
      },
    }),
  )
}

interface State {
  readonly up: boolean
  readonly readings: ReadonlyMap<string, readonly Reading[]>
}

function stateGauge({ name, help, labels }: StateMetric, read: () => Promise<State>): Gauge {
  return new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [],
    async collect() {
      const { readings } = await read()
      this.reset()
      // A gauge without labels is 0 after a reset; unknown is not zero.
      const found = readings.get(name)
      if (found === undefined && labels.length === 0) this.set(Number.NaN)
      for (const { labels: values, value } of found ?? [])
        this.set(Object.fromEntries(labels.map((label) => [label, values[label] ?? ''])), value)
    },
  })
}

async function readAll(db: Db, onFailure: (metric: string) => void): Promise<State> {
  const readings = new Map<string, readonly Reading[]>()
  for (const metric of STATE_METRICS) {
    try {
      readings.set(metric.name, await within(() => readMetric(db, metric), READ_WITHIN_MS))
    } catch {
      onFailure(metric.name)
      // The first one does not answer: neither would the others, and each would take its two seconds.
      if (readings.size === 0) return { up: false, readings }
    }
  }
  return { up: true, readings }
}

function remember<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let last: { readonly at: number; readonly result: Promise<Result> } | undefined
  return () => {
    if (last === undefined || performance.now() - last.at > KEEP_MS) last = { at: performance.now(), result: work() }
    return last.result
  }
}
