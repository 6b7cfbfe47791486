import { cpus, loadavg } from 'node:os'
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

async function main(): Promise<number> {
  const isQuick = process.argv.includes('--quick')
  const machine = describeMachine()
  const outcomes = await runAll(isQuick ? QUICK : FULL)
  process.stdout.write(`${machine}\n`)
  printTable(outcomes.flatMap(({ rows }) => rows))
  const alarms = outcomes.flatMap((outcome) => outcome.alarms)
  for (const alarm of alarms) process.stdout.write(`ALARM ${alarm}\n`)
  return isQuick && alarms.length > 0 ? 1 : 0
}

async function runAll({
  appleImport,
  garminDelivery,
  copy,
  boxes,
  rotation,
  visibility,
  intake,
  jobs,
  steadyLoad,
  size,
  graphql,
  subscriptions,
  upkeep,
}: typeof FULL): Promise<Outcome[]> {
  const outcomes = [
    await benchAppleImport(appleImport),
    await benchGarminDelivery(garminDelivery),
    await benchExport(copy),
    benchBoxes(boxes),
    await benchRotation(rotation),
    await benchVisibility(visibility),
    await benchIntake(intake),
    await benchJobs(jobs),
    // Minutes of load, for a machine of one's own.
    ...(process.argv.includes('--steady') ? [await benchSteadyLoad(steadyLoad)] : []),
  ]
  const database = await openSummariesDatabase(size)
  try {
    outcomes.push(await benchGraphql(database, graphql))
    outcomes.push(await benchSubscriptions(database, subscriptions))
    outcomes.push(await benchUpkeep(database, upkeep))
  } finally {
    await database.close()
  }
  return outcomes
}

/** Asked before the start, the load is what others do here: numbers from a busy machine are not worth comparing. */
function describeMachine(): string {
  const load = loadavg()[0]?.toFixed(1)
  return `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load before ${load}`
}

// Gigabytes are removed on the way out, also when somebody does not want to wait for the end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exitCode = await main()
