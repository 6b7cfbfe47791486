import { describe, expect } from 'vitest'
import { connectBoth, normalizeAll, person, test } from '../support/garmin-scene.ts'

describe('two versions of one thing in one delivery', () => {
  const START = { startTimeInSeconds: 1_768_003_200, startTimeOffsetInSeconds: 0 }
  const epoch = { ...START, activityType: 'WALKING' }
  const night = { ...START, calendarDate: '2026-01-10' }
  const details = (heartRate: number) => ({
    activityId: 7,
    summary: { ...START, activityType: 'RUNNING', durationInSeconds: 60 },
    samples: [{ startTimeInSeconds: START.startTimeInSeconds, heartRate }],
    laps: [START],
  })

  test('are the one that stands, whichever comes first', async ({ db, service, door }) => {
    await connectBoth(service)
    const userId = person.ada
    await door.post({
      dailies: [
        { ...night, userId, durationInSeconds: 86_400, steps: 9000 },
        { ...night, userId, durationInSeconds: 900, steps: 100 },
      ],
      sleeps: [
        { ...night, userId, durationInSeconds: 28_000, validation: 'ENHANCED_FINAL' },
        { ...night, userId, durationInSeconds: 20_000, validation: 'AUTO_TENTATIVE' },
      ],
      epochs: [
        { ...epoch, userId, summaryId: 'a', durationInSeconds: 900, steps: 400 },
        { ...epoch, userId, summaryId: 'b', durationInSeconds: 300, steps: 100 },
      ],
      activityDetails: [
        { ...details(120), userId },
        { ...details(121), userId },
      ],
    })
    await service.work()
    await normalizeAll(service, db)
    const read = async (query: string) => (await db.admin.query<{ told: string }>(query)).rows.map(({ told }) => told)
    expect(await read("select value::text as told from daily_metrics where kind = 'steps'")).toEqual(['9000'])
    expect(await read('select asleep_s::text as told from sleep_sessions')).toEqual(['28000'])
    expect(await read("select value::text as told from samples where kind = 'steps'")).toEqual(['400'])
    expect(await read('select "values"::text as told from activity_streams')).toEqual(['{121}'])
    expect(await read('select lap_number::text as told from activity_laps')).toEqual(['1'])
  })
})
