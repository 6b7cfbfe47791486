import type { BookLine } from '../../service/platforms/garmin/simulator/lived-days.ts'
import type { TestDatabase } from './database.ts'

export type Book = Record<string, BookLine>

/** The days as the product shows them, in the simulator's words. */
export async function summariesAsBook({ admin }: TestDatabase): Promise<Book> {
  const { rows } = await admin.query<BookLine & { date: string }>(
    `select local_day::text as date, steps::float as steps, day_distance_m::float as "distanceM", sleep_asleep_s::float as "asleepS",
      (select sum(v.value)::float from samples v
        where v.user_id = s.user_id and v.local_day = s.local_day and v.kind = 'steps') as "epochSteps",
      (select m.value::float from merged_metrics m
        where m.user_id = s.user_id and m.local_day = s.local_day and m.kind = 'sleep_deep_s') as "deepS",
      activity_count as activities, distance_m::float as "activityDistanceM", moving_time_s::float as "movingTimeS"
    from daily_summaries s order by local_day`,
  )
  return Object.fromEntries(rows.map(({ date, ...line }) => [date, line]))
}

export function between(from: string, to: string): { from: number; to: number } {
  return { from: Date.parse(`${from}T00:00:00Z`) / 1000, to: Date.parse(`${to}T00:00:00Z`) / 1000 }
}
