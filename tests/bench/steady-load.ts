import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectStrava, historyImported } from '../support/connect-strava.ts'
import { type Person, signIn } from '../support/graphql-client.ts'
import { ActivityCount } from '../support/operations.ts'
import { memoryOf } from '../support/process-memory.ts'
import { makeDataDirectory, type RunningProduct, startProduct } from '../support/running.ts'
import { alarmAbove, type Outcome, percentile, printProgress } from './figures.ts'

const PER_SECOND = 50
const PEOPLE = 20
/** Asked all the time; the others only train. */
const WATCHED = 2
const P50_MS = { promised: 500, alarm: 5_000 }
const P99_MS = { promised: 2_000, alarm: 20_000 }

/** Everything that `npm start` runs under fifty webhooks a second: how soon each is in somebody's summary, and whether memory grows. */
export async function benchSteadyLoad({ seconds }: { readonly seconds: number }): Promise<Outcome> {
  printProgress(`${PER_SECOND} webhooks a second for ${seconds} s`)
  const dataDirectory = makeDataDirectory()
  const activities = join(dataDirectory, 'activities.json')
  writeFileSync(activities, '[]')
  const product = await startProduct({ dataDirectory, env: { STRAVA_SIMULATOR_ACTIVITIES: activities } })
  try {
    const people = await connectPeople(product)
    await load(product, people, 5) // warm
    const memory = watchMemory({
      service: product.pidOf('service/main.ts'),
      worker: product.pidOf('service/worker.ts'),
    })
    const durationsMs = await load(product, people, seconds)
    const slopes = memory.stop()
    return describe({ seconds, durationsMs, slopes })
  } finally {
    await product.stop()
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

interface Measured {
  readonly seconds: number
  readonly durationsMs: readonly number[]
  readonly slopes: ReturnType<ReturnType<typeof watchMemory>['stop']>
}

function describe({ seconds, durationsMs, slopes }: Measured): Outcome {
  return {
    rows: [
      {
        what: `webhook → daily_summaries through GraphQL at ${PER_SECOND}/s`,
        durationsMs,
        note: `p50 < ${P50_MS.promised} ms, p99 < ${P99_MS.promised} ms`,
      },
      ...Object.entries(slopes).map(([name, { mbPerMinute, nowMb }]) => ({
        what: `memory of the ${name} meanwhile`,
        note: `${nowMb.toFixed(0)} MB, ${mbPerMinute >= 0 ? '+' : ''}${mbPerMinute.toFixed(1)} MB a minute over ${seconds} s`,
      })),
    ],
    targets: [
      {
        what: `Webhook → visible at ${PER_SECOND}/s, p50`,
        unit: 'ms',
        better: 'lower',
        bar: P50_MS.promised,
        values: [percentile(durationsMs, 0.5)],
      },
      {
        what: `Webhook → visible at ${PER_SECOND}/s, p99`,
        unit: 'ms',
        better: 'lower',
        bar: P99_MS.promised,
        values: [percentile(durationsMs, 0.99)],
      },
    ],
    alarms: [
      ...alarmAbove('webhook → daily_summaries under load, p50 in ms', percentile(durationsMs, 0.5), P50_MS.alarm),
      ...alarmAbove('webhook → daily_summaries under load, p99 in ms', percentile(durationsMs, 0.99), P99_MS.alarm),
    ],
  }
}

async function connectPeople(product: RunningProduct): Promise<readonly Person[]> {
  const people: Person[] = []
  for (let index = 0; index < PEOPLE; index += 1) {
    const person = await signIn(product, `88888888-8888-4888-8888-${String(index + 1).padStart(12, '0')}`)
    await connectStrava(person)
    await historyImported(person)
    people.push(person)
  }
  return people
}

/** Each person's activities become visible in the order in which they were made, so that their number tells which are. */
async function load(product: RunningProduct, people: readonly Person[], seconds: number): Promise<number[]> {
  const watched = await Promise.all(
    people
      .slice(0, WATCHED)
      .map(async (person) => ({ person, before: await countActivities(person), made: [] as number[] })),
  )
  const durationsMs: number[] = []
  let sending = true
  const looking = watched.map(async ({ person, before, made }) => {
    let seen = 0
    const deadline = performance.now() + (seconds + 60) * 1000
    while (sending || seen < made.length) {
      if (performance.now() > deadline) throw new Error(`${made.length - seen} activities did not become visible`)
      const visible = (await countActivities(person)) - before
      const now = performance.now()
      for (; seen < visible; seen += 1) durationsMs.push(now - (made[seen] ?? now))
      await sleep(20)
    }
  })
  const begun = performance.now()
  const requests: Promise<void>[] = []
  for (let event = 0; event < seconds * PER_SECOND; event += 1) {
    const early = begun + (event / PER_SECOND) * 1000 - performance.now()
    if (early > 1) await sleep(early)
    const athlete = event % PEOPLE
    watched[athlete]?.made.push(performance.now())
    requests.push(createActivity(product, athlete + 1))
  }
  await Promise.all(requests)
  sending = false
  await Promise.all(looking)
  return durationsMs
}

async function createActivity({ simulatorUrl }: RunningProduct, athleteId: number): Promise<void> {
  const response = await fetch(`${simulatorUrl}/strava/simulate/activity`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ athlete_id: athleteId }),
  })
  if (response.status !== 201) throw new Error(`the simulator answered ${response.status}`)
  await response.body?.cancel()
}

async function countActivities(person: Person): Promise<number> {
  const { daily_summaries_aggregate: days } = await person.get(ActivityCount)
  return days.aggregate?.sum?.activity_count ?? 0
}

interface Slope {
  readonly mbPerMinute: number
  readonly nowMb: number
}

/** Resident memory once a second; the slope is that of the straight line through all of it (least squares). */
function watchMemory(pids: Readonly<Record<string, number>>): { stop(): Readonly<Record<string, Slope>> } {
  const samples = new Map(Object.keys(pids).map((name) => [name, [] as { minute: number; mb: number }[]]))
  const begun = performance.now()
  const look = () => {
    for (const [name, pid] of Object.entries(pids))
      samples.get(name)?.push({ minute: (performance.now() - begun) / 60_000, mb: residentMb(pid) })
  }
  look()
  const timer = setInterval(look, 1_000)
  return {
    stop() {
      clearInterval(timer)
      look()
      return Object.fromEntries(
        [...samples].map(([name, points]) => [
          name,
          { mbPerMinute: slopeOf(points), nowMb: points.at(-1)?.mb ?? Number.NaN },
        ]),
      )
    },
  }
}

function slopeOf(points: readonly { minute: number; mb: number }[]): number {
  const mean = (of: (point: { minute: number; mb: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [minute, mb] = [mean((point) => point.minute), mean((point) => point.mb)]
  const spread = points.reduce((sum, point) => sum + (point.minute - minute) ** 2, 0)
  return points.reduce((sum, point) => sum + (point.minute - minute) * (point.mb - mb), 0) / spread
}

/** NaN where the system does not tell. */
const residentMb = (pid: number) => (memoryOf(pid)?.nowBytes ?? Number.NaN) / 2 ** 20
