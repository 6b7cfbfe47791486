import { answerConsent } from '../support/connect-strava.ts'
import { type Person, signIn, until } from '../support/graphql-client.ts'
import { Complete } from '../support/operations.ts'
import type { RunningProduct } from '../support/running.ts'

const BATCH = 4

/** Simulated people with a Garmin watch each; connecting asks for their last thirty days. */
export async function connectPeople(
  product: RunningProduct,
  count: number,
  progress: (done: number) => void,
): Promise<Person[]> {
  const people: Person[] = []
  for (let from = 0; from < count; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => from + index)
    people.push(...(await Promise.all(numbers.map((number) => connect(product, number)))))
    progress(people.length)
  }
  return people
}

async function connect(product: RunningProduct, number: number): Promise<Person> {
  const person = await signIn(product, `88888888-8888-4888-8888-${String(number).padStart(12, '0')}`)
  const handle = (await answerConsent(person, 'approve', { platform: 'garmin' })).get('handle')
  await person.get(Complete, { handle })
  return person
}

const DAYS = `query { daily_summaries_aggregate { aggregate { count } } }`

/** Until every person has the days that were asked for. */
export async function daysArrived(people: readonly Person[], days: number): Promise<void> {
  for (const person of people) {
    const count = async () => {
      const { data } = await person.ask(DAYS)
      return (data as { daily_summaries_aggregate: { aggregate: { count: number } } }).daily_summaries_aggregate
        .aggregate.count
    }
    await until(`${days} days of a person`, count, { good: (found) => found >= days, withinMs: 900_000, everyMs: 1000 })
  }
}

/** What an app's first screen asks: thirty days, the last workouts, the state of the connections. */
export const FIRST_SCREEN = `query {
  daily_summaries(limit: 30, order_by: { local_day: desc }) {
    local_day steps distance_m activity_count sleep_asleep_s resting_heart_rate_bpm hrv_rmssd_ms
  }
  merged_activities(limit: 10, order_by: { started_at: desc }) { id started_at distance_m }
  connections { platform status last_synced_at }
}`
