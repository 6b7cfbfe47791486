import { createClient } from 'graphql-ws'
import { authorize, type EngineProcess } from './engine-process.ts'
import { dayBefore } from './ninety-days.ts'
import { LAST_DAY } from './summaries-database.ts'

const NINETY_DAYS = `subscription NinetyDays($from: date!) {
  daily_summaries(where: { local_day: { _gte: $from } }, order_by: { local_day: asc }) {
    local_day activity_count distance_m moving_time_s elapsed_time_s elevation_gain_m energy_kcal
    heart_rate_mean_bpm heart_rate_max_bpm sports sources updated_at
  }
}`
const PATIENCE_MS = 60_000

interface Ninety {
  readonly daily_summaries: readonly { readonly local_day: string; readonly activity_count: number }[]
}

/** One person's app with one live query, on a connection of its own. */
export interface Subscriber {
  readonly userId: string
  /** When the last day is said to have so many activities; rejects when the subscription fails or a minute has passed. */
  told(activityCount: number): Promise<void>
  close(): Promise<void>
}

/** Resolves with the first answer. */
export async function subscribe({ websocketUrl }: EngineProcess, userId: string): Promise<Subscriber> {
  const authorization = await authorize(userId)
  const client = createClient({
    url: websocketUrl,
    connectionParams: { headers: { authorization } },
    retryAttempts: 0,
  })
  let latest: number | undefined
  let look = () => {}
  let fail = (_cause: unknown) => {}
  const until = (isThere: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const patience = setTimeout(() => fail('no answer in time'), PATIENCE_MS)
      look = () => {
        if (!isThere()) return
        clearTimeout(patience)
        resolve()
      }
      fail = (cause) => {
        clearTimeout(patience)
        reject(new Error(`the live query of ${userId} failed`, { cause }))
      }
      look()
    })
  client.subscribe<Ninety>(
    { query: NINETY_DAYS, variables: { from: dayBefore(89) } },
    {
      next({ data, errors }) {
        const last = data?.daily_summaries[89]
        if (last?.local_day !== LAST_DAY) return fail(errors ?? 'not the ninety days')
        latest = last.activity_count
        look()
      },
      error: (cause) => fail(cause),
      complete: () => fail('it ended'),
    },
  )
  await until(() => latest !== undefined)
  return {
    userId,
    told: (activityCount) => until(() => latest === activityCount),
    close: async () => client.dispose(),
  }
}
