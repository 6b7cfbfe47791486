import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { benchAppleImport } from './apple-import.ts'
import { benchExport } from './export.ts'
import { type Outcome, printTable } from './figures.ts'
import { benchGarminDelivery } from './garmin-delivery.ts'
import { benchGraphql } from './graphql-at-scale.ts'
import { benchJobs } from './job-throughput.ts'
import { benchRotation } from './key-rotation.ts'
import { benchSubscriptions } from './live-subscriptions.ts'
import { benchSteadyLoad } from './steady-load.ts'
import { openSummariesDatabase } from './summaries-database.ts'
import { benchUpkeep } from './summary-upkeep.ts'
import { benchBoxes } from './vault-boxes.ts'
import { benchVisibility } from './visibility.ts'
import { benchIntake } from './webhook-intake.ts'

const FULL = {
  appleImport: { days: 3_650, heartRatesPerDay: 330 },
  garminDelivery: { megabytes: 100, longestHours: 24 },
  copy: { days: 3_650, samplesPerDay: 1_440 },
  boxes: { rounds: 200, perRound: 2_000 },
  rotation: { people: 10_000 },
  visibility: { rounds: 100 },
  intake: { runs: 5, seconds: 3 },
  jobs: { runs: 5, jobs: 5_000 },
  steadyLoad: { seconds: 120 },
  size: { people: 2_740, days: 3_650 },
  graphql: { rounds: 3_000 },
  subscriptions: { count: 500 },
  upkeep: { rounds: 100 },
}
/** Under a minute and a half, and enough to notice what has become much worse. */
const QUICK = {
  appleImport: { days: 300, heartRatesPerDay: 100 },
  garminDelivery: { megabytes: 10, longestHours: 1 },
  copy: { days: 365, samplesPerDay: 200 },
  boxes: { rounds: 20, perRound: 1_000 },
  rotation: { people: 300 },
  visibility: { rounds: 10 },
  intake: { runs: 1, seconds: 2 },
  jobs: { runs: 1, jobs: 2_000 },
  steadyLoad: { seconds: 5 },
  size: { people: 100, days: 1_000 },
  graphql: { rounds: 500 },
  subscriptions: { count: 50 },
  upkeep: { rounds: 10 },
}

/** `-- --quick`: smaller; `-- --steady`: with minutes of load; `-- --only export`: one of the cases alone. */
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, steady: { type: 'boolean' }, only: { type: 'string' } },
})

async function main(): Promise<number> {
  const isQuick = options.quick === true
  const machine = describeMachine()
  const outcomes = await runAll(isQuick ? QUICK : FULL)
  process.stdout.write(`${machine}\n`)
  printTable(outcomes.flatMap(({ rows }) => rows))
  const alarms = outcomes.flatMap((outcome) => outcome.alarms)
  for (const alarm of alarms) process.stdout.write(`ALARM ${alarm}\n`)
  return isQuick && alarms.length > 0 ? 1 : 0
}

async function runAll(sizes: typeof FULL): Promise<Outcome[]> {
  const cases: Readonly<Record<string, () => Promise<readonly Outcome[]>>> = {
    import: async () => [await benchAppleImport(sizes.appleImport)],
    delivery: async () => [await benchGarminDelivery(sizes.garminDelivery)],
    export: async () => [await benchExport(sizes.copy)],
    boxes: async () => [benchBoxes(sizes.boxes)],
    rotation: async () => [await benchRotation(sizes.rotation)],
    visibility: async () => [await benchVisibility(sizes.visibility)],
    intake: async () => [await benchIntake(sizes.intake)],
    jobs: async () => [await benchJobs(sizes.jobs)],
    // Minutes of load, for a machine of one's own.
    ...(options.steady === true ? { steady: async () => [await benchSteadyLoad(sizes.steadyLoad)] } : {}),
    summaries: () => withSummaries(sizes),
  }
  const chosen = options.only === undefined ? Object.keys(cases) : [options.only]
  const outcomes: Outcome[] = []
  for (const name of chosen) {
    const run = cases[name]
    if (run === undefined) throw new Error(`--only is one of ${Object.keys(cases).join(', ')}`)
    outcomes.push(...(await run()))
  }
  return outcomes
}

async function withSummaries({ size, graphql, subscriptions, upkeep }: typeof FULL): Promise<readonly Outcome[]> {
  const database = await openSummariesDatabase(size)
  try {
    return [
      await benchGraphql(database, graphql),
      await benchSubscriptions(database, subscriptions),
      await benchUpkeep(database, upkeep),
    ]
  } finally {
    await database.close()
  }
}

/** Asked before the start, the load is what others do here: numbers from a busy machine are not worth comparing. */
function describeMachine(): string {
  const load = loadavg()[0]?.toFixed(1)
  return `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load before ${load}`
}

// Gigabytes are removed on the way out, also when somebody does not want to wait for the end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exitCode = await main()
