import { benchAppleImport } from './apple-import.ts'
import { benchExport } from './export.ts'
import type { Outcome } from './figures.ts'
import { benchGarminDelivery } from './garmin-delivery.ts'
import { benchGarminPings } from './garmin-pings.ts'
import { benchGraphql } from './graphql-at-scale.ts'
import { benchJobs } from './job-throughput.ts'
import { benchRotation } from './key-rotation.ts'
import { benchSubscriptions } from './live-subscriptions.ts'
import { benchSoak } from './soak.ts'
import { benchSteadyLoad } from './steady-load.ts'
import type { SummariesDatabase } from './summaries-database.ts'
import { benchUpkeep } from './summary-upkeep.ts'
import { benchBoxes } from './vault-boxes.ts'
import { benchVisibility } from './visibility.ts'
import { benchIntake } from './webhook-intake.ts'

export const FULL = {
  appleImport: { days: 3_650, heartRatesPerDay: 330 },
  garminDelivery: { megabytes: 100, longestHours: 24 },
  garminPings: { pings: 8, megabytes: 20 },
  copy: { days: 3_650, samplesPerDay: 1_440 },
  boxes: { rounds: 200, perRound: 2_000 },
  rotation: { people: 10_000 },
  visibility: { rounds: 100 },
  intake: { runs: 5, seconds: 3 },
  jobs: { runs: 5, jobs: 5_000 },
  steadyLoad: { people: 200, seconds: 40 },
  soak: { people: 100, seconds: 300 },
  summaries: { people: 2_740, days: 3_650 },
  graphql: { rounds: 3_000 },
  subscriptions: { count: 500 },
  upkeep: { rounds: 100 },
}
export type Sizes = typeof FULL
/** Under a minute and a half, and enough to notice what has become much worse. */
export const QUICK: Sizes = {
  // Long enough that the second in which its process starts does not decide.
  appleImport: { days: 1_000, heartRatesPerDay: 100 },
  garminDelivery: { megabytes: 10, longestHours: 1 },
  garminPings: { pings: 8, megabytes: 2 },
  copy: { days: 365, samplesPerDay: 200 },
  boxes: { rounds: 20, perRound: 1_000 },
  rotation: { people: 300 },
  visibility: { rounds: 10 },
  intake: { runs: 1, seconds: 2 },
  jobs: { runs: 1, jobs: 2_000 },
  steadyLoad: { people: 20, seconds: 5 },
  soak: { people: 10, seconds: 20 },
  summaries: { people: 100, days: 1_000 },
  graphql: { rounds: 500 },
  subscriptions: { count: 50 },
  upkeep: { rounds: 10 },
}

/** `summaries`: opened by whoever needs it first, and shared. */
type Bench = (sizes: Sizes, summaries: () => Promise<SummariesDatabase>) => Promise<Outcome> | Outcome

/** In the order in which they run. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  'apple-import': ({ appleImport }) => benchAppleImport(appleImport),
  'garmin-delivery': ({ garminDelivery }) => benchGarminDelivery(garminDelivery),
  'garmin-pings': ({ garminPings }) => benchGarminPings(garminPings),
  export: ({ copy }) => benchExport(copy),
  boxes: ({ boxes }) => benchBoxes(boxes),
  rotation: ({ rotation }) => benchRotation(rotation),
  visibility: ({ visibility }) => benchVisibility(visibility),
  intake: ({ intake }) => benchIntake(intake),
  jobs: ({ jobs }) => benchJobs(jobs),
  steady: ({ steadyLoad }) => benchSteadyLoad(steadyLoad),
  soak: ({ soak }) => benchSoak(soak),
  graphql: async ({ graphql }, summaries) => benchGraphql(await summaries(), graphql),
  subscriptions: async ({ subscriptions }, summaries) => benchSubscriptions(await summaries(), subscriptions),
  upkeep: async ({ upkeep }, summaries) => benchUpkeep(await summaries(), upkeep),
}

/** Minutes of load, for a machine of one's own: only when it is asked for by `--only`. */
export const ON_DEMAND: readonly string[] = ['steady', 'soak']
