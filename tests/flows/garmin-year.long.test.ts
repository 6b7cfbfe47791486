import { describe, expect } from 'vitest'
import {
  activities,
  daily,
  epochItems,
  livedDays,
  sleep,
  totals,
} from '../../service/platforms/garmin/simulator/days.ts'
import { connectBoth, normalizeAll, person, test } from '../support/garmin-scene.ts'

describe('a simulated year', () => {
  test('adds up to what the simulator says, over clock changes, the date line, re-sent and partial days', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    const days = livedDays(1, Date.UTC(2025, 0, 1) / 1000, Date.UTC(2026, 0, 1) / 1000)
    const userId = person.ada
    const owner = { person: 1, userId }
    const nights = (version: 'ENHANCED_TENTATIVE' | 'ENHANCED_FINAL') =>
      days.flatMap((each) => sleep(owner, each, version) ?? [])
    const line = days.filter(({ date }) => /^2025-(03-2[89]|03-30|07-(19|20|21)|10-2[567])$/.test(date))
    await door.post({ dailies: days.map((each) => daily(owner, each, 0.5)), sleeps: nights('ENHANCED_FINAL') })
    await door.post({
      dailies: days.map((each) => daily(owner, each)),
      activities: days.flatMap((each) => activities(owner, each)),
    })
    await door.post({ sleeps: nights('ENHANCED_TENTATIVE'), epochs: line.flatMap((each) => epochItems(userId, each)) })
    await door.post({ dailies: days.slice(100, 200).map((each) => daily(owner, each, 0.25)) })
    await service.work()
    await normalizeAll(service, db)
    const expected = totals(1, days)
    const { rows } = await db.admin.query(
      `select
        (select count(*)::int from daily_metrics where kind = 'steps') as days,
        (select sum(value)::int from daily_metrics where kind = 'steps') as steps,
        (select json_object_agg(local_day, value order by local_day) from daily_metrics where kind = 'steps') as "stepsByDate",
        (select count(*)::int from sleep_sessions) as nights,
        (select sum(asleep_s)::int from sleep_sessions) as "asleepS",
        (select sum(deep_s)::int from sleep_sessions) as "deepS",
        (select count(*)::int from activities where counted) as activities,
        (select sum(distance_m)::int from activities where counted) as "activityDistanceM"`,
    )
    expect(rows[0]).toEqual(expected)
    const samples = await db.admin.query<{ day: string; steps: number }>(
      "select local_day::text as day, sum(value)::int as steps from samples where kind = 'steps' group by 1",
    )
    const byDay = Object.fromEntries(samples.rows.map(({ day: date, steps }) => [date, steps]))
    expect(byDay).toEqual(Object.fromEntries(line.map(({ date }) => [date, expected.stepsByDate[date]])))
  })
})
