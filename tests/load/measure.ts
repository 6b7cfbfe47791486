import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { readAdminUrl } from '../support/admin-url.ts'
import type { Person } from '../support/graphql-client.ts'
import { until } from '../support/graphql-client.ts'
import { makeDataDirectory, type RunningProduct, startProduct } from '../support/running.ts'
import { type DatabaseSize, measureDatabase } from './database-size.ts'
import { findProcesses } from './find-processes.ts'
import { HABITS, perSecondAtPeak } from './habits.ts'
import { addPeople, measurePeak, type Peak } from './peak.ts'
import { connectPeople, daysArrived, FIRST_SCREEN } from './people.ts'
import { measureProcesses } from './processes.ts'
import { measureSamples, type SampleBytes } from './storage.ts'

export const BACKFILL_DAYS = 30
const IDLE_MS = 20_000
const READERS = 8
/** Whose peak is played, for so long. */
const PEAK_PEOPLE = 10_000
const PEAK_SECONDS = 60

export interface LoadOptions {
  readonly people: number
  /** Syncs of each person's watch. */
  readonly syncs: number
  readonly screens: number
  readonly progress: (text: string) => void
}

/** CPU seconds by process; what an idle product uses in the same time is taken away. */
export type Cpu = Readonly<Record<string, number>>

export interface Measured {
  readonly options: Omit<LoadOptions, 'progress'>
  /** Share of one core that each process takes when nothing happens. */
  readonly idleCores: Cpu
  /** Of one day of one person, all of its data at once. */
  readonly cpuSecondsPerDay: Cpu
  /** Of one watch that syncs: three deliveries, most of which repeat what is known. */
  readonly cpuSecondsPerSync: Cpu
  /** Of an app's first screen: three root fields. */
  readonly cpuSecondsPerScreen: Cpu
  /** First screens while apps open and watches sync as often as those of many people do at their busiest hour. */
  readonly peak: Peak
  readonly sampleBytes: SampleBytes
  readonly rowsPerDay: Readonly<Record<string, DatabaseSize>>
  readonly residentBytes: Readonly<Record<string, number>>
}

export async function measureLoad(options: LoadOptions): Promise<Measured> {
  const dataDirectory = makeDataDirectory()
  // All of them connect at once; a platform's limit would be what is measured.
  const env = { GARMIN_REQUESTS_PER_MINUTE: '100000', GARMIN_SIMULATOR_REQUESTS_PER_MINUTE: '100000' }
  const product = await startProduct({ dataDirectory, env })
  try {
    return await measureProduct(product, options)
  } finally {
    await product.stop()
  }
}

async function measureProduct(product: RunningProduct, options: LoadOptions): Promise<Measured> {
  const { people: count, syncs, screens, progress } = options
  const adminUrl = readAdminUrl(product.dataDirectory)
  const meter = createMeter(product)
  progress('two people first, so that everything is warm')
  await daysArrived(await connectPeople(product, 2, () => {}), BACKFILL_DAYS)
  await queueEmpty(adminUrl)
  await sleep(IDLE_MS / 2)
  const idle = await meter.during(() => sleep(IDLE_MS))
  const idleCores = mapValues(idle.cpu, (seconds) => (seconds * 1000) / IDLE_MS)
  const before = await measureDatabase(adminUrl)
  progress(`${count} people connect, ${BACKFILL_DAYS} days each`)
  let people: Person[] = []
  const import_ = await meter.during(async () => {
    people = await connectPeople(product, count, (done) => progress(`${done} of ${count} connected`))
    await daysArrived(people, BACKFILL_DAYS)
    await queueEmpty(adminUrl)
  })
  const after = await measureDatabase(adminUrl)
  progress('watches sync')
  const sync = await meter.during(async () => {
    for (let round = 0; round < syncs; round += 1) await syncAll(product, count)
    await queueEmpty(adminUrl)
  })
  progress('apps open')
  const read = await meter.during(() => openScreens(people, screens))
  const residentBytes = mapValues(meter.now(), (use) => use.residentBytes)
  progress(`the peak of ${PEAK_PEOPLE} people, for ${PEAK_SECONDS} s`)
  const peak = await playPeak(product, { people, adminUrl })
  progress('bytes of a sample')
  const sampleBytes = await measureSamples(product.dataDirectory, adminUrl)
  const net = ({ cpu, seconds }: Span, units: number) =>
    mapEntries(cpu, ([name, used]) => Math.max(0, used - (idleCores[name] ?? 0) * seconds) / units)
  return {
    options: { people: count, syncs, screens },
    idleCores,
    cpuSecondsPerDay: net(import_, count * BACKFILL_DAYS),
    cpuSecondsPerSync: net(sync, count * syncs),
    cpuSecondsPerScreen: net(read, screens),
    peak,
    sampleBytes,
    rowsPerDay: growth(before, after, count * BACKFILL_DAYS),
    residentBytes,
  }
}

interface Span {
  readonly cpu: Cpu
  readonly seconds: number
}

function createMeter({ dataDirectory }: RunningProduct) {
  const processes = findProcesses(dataDirectory)
  const now = () => measureProcesses(processes)
  return {
    now,
    async during(work: () => Promise<unknown>): Promise<Span> {
      const [before, started] = [now(), performance.now()]
      await work()
      const [after, seconds] = [now(), (performance.now() - started) / 1000]
      return { cpu: mapEntries(after, ([name, use]) => use.cpuSeconds - (before[name]?.cpuSeconds ?? 0)), seconds }
    },
  }
}

async function syncAll({ simulatorUrl }: RunningProduct, count: number): Promise<void> {
  // The simulator numbers its people in the order in which they consent; the first two were there before.
  for (let person = 3; person < count + 3; person += 1) {
    const response = await fetch(`${simulatorUrl}/garmin/simulate/people/${person}/sync`, { method: 'POST' })
    if (!response.ok) throw new Error(`the simulator answers ${response.status}`)
  }
  await fetch(`${simulatorUrl}/garmin/simulate/settle`, { method: 'POST' })
}

async function playPeak(
  product: RunningProduct,
  { people, adminUrl }: { people: readonly Person[]; adminUrl: string },
): Promise<Peak> {
  await addPeople(adminUrl, PEAK_PEOPLE)
  const load = {
    screensPerSecond: perSecondAtPeak(PEAK_PEOPLE, HABITS.screensPerDay),
    syncsPerSecond: perSecondAtPeak(PEAK_PEOPLE, HABITS.syncsPerDay),
    seconds: PEAK_SECONDS,
  }
  return { people: PEAK_PEOPLE, ...load, screenMs: await measurePeak(product, people, load) }
}

async function openScreens(people: readonly Person[], screens: number): Promise<void> {
  let opened = 0
  const read = async () => {
    while (opened < screens) {
      const person = people[opened % people.length]
      opened += 1
      const answer = await person?.ask(FIRST_SCREEN)
      if (answer?.errors !== undefined) throw new Error(answer.errors[0]?.message ?? 'an error')
    }
  }
  await Promise.all(Array.from({ length: READERS }, read))
}

/** Jobs that are due now; those of the clock wait for their minute. */
async function queueEmpty(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  const due = async () => {
    const { rows } = await client.query<{ due: number }>(`
      select (select count(*) from graphile_worker.jobs where run_at <= now() and attempts < max_attempts)::int
           + (select count(*) from raw_fitness_data where processed_at is null)::int as due`)
    return rows[0]?.due ?? 0
  }
  await until('the end of the work', due, { good: (jobs) => jobs === 0, withinMs: 900_000, everyMs: 500 })
  await client.end()
}

function growth(
  before: Readonly<Record<string, DatabaseSize>>,
  after: Readonly<Record<string, DatabaseSize>>,
  days: number,
): Readonly<Record<string, DatabaseSize>> {
  return mapEntries(after, ([name, size]) => ({
    rows: (size.rows - (before[name]?.rows ?? 0)) / days,
    bytes: (size.bytes - (before[name]?.bytes ?? 0)) / days,
    indexBytes: (size.indexBytes - (before[name]?.indexBytes ?? 0)) / days,
  }))
}

function mapEntries<From, To>(
  record: Readonly<Record<string, From>>,
  change: (entry: [string, From]) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map((entry) => [entry[0], change(entry)]))
}
const mapValues = <From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To) =>
  mapEntries(record, ([, value]) => change(value))
