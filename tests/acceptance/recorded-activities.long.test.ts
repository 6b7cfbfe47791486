import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { connectStrava, historyImported } from '../support/connect-strava.ts'
import type { ActivitiesQuery } from '../support/generated/graphql.ts'
import { signIn, until } from '../support/graphql-client.ts'
import { Activities, Summaries } from '../support/operations.ts'
import { startProduct } from '../support/running.ts'
import { localDayOf, type ServedActivity, sportOf, sumBy, type Totals } from '../support/strava-totals.ts'

const ADA = '11111111-1111-4111-8111-111111111111'
const ODD = join(import.meta.dirname, '../fixtures/strava-odd-activities.json')
const SHARED_DATA = process.env['TRIBUTARY_SHARED_DATA'] ?? join(import.meta.dirname, '../../../shared/data')
const RECORDED = join(SHARED_DATA, 'strava/strava-ruby-client/decoded/athlete_activities.json')

interface Imported {
  readonly activities: ActivitiesQuery['activities']
  readonly days: Record<string, Totals>
}

/** The path that simulated and real data take, with a file's activities in place of the simulator's own. */
async function importFile(file: string, expectedCount: number): Promise<Imported> {
  const product = await startProduct({ env: { STRAVA_SIMULATOR_ACTIVITIES: file } })
  try {
    const person = await signIn(product, ADA)
    await connectStrava(person)
    expect(await historyImported(person)).toMatchObject({ status: 'complete' })
    const { daily_summaries: days } = await until('summaries', () => person.get(Summaries), {
      good: (now) => now.daily_summaries.reduce((sum, day) => sum + day.activity_count, 0) >= expectedCount,
    })
    const { activities } = await person.get(Activities)
    return {
      activities,
      days: Object.fromEntries(
        days.map((day) => [
          day.local_day,
          { count: day.activity_count, distance_m: day.distance_m ?? 0, moving_time_s: day.moving_time_s ?? 0 },
        ]),
      ),
    }
  } finally {
    await product.stop()
  }
}

const bySport = (activities: Imported['activities']): Record<string, Totals> =>
  sumBy(
    activities.map(({ source_sport, distance_m, moving_time_s }) => ({
      id: 0,
      sport_type: source_sport,
      start_date_local: '',
      distance: distance_m ?? 0,
      moving_time: moving_time_s ?? 0,
      total_elevation_gain: 0,
    })),
    sportOf,
  )

describe('a file of recorded activities', () => {
  test('goes the same way as simulated ones, odd cases included', async () => {
    const served = JSON.parse(readFileSync(ODD, 'utf8')) as readonly ServedActivity[]
    const { activities, days } = await importFile(ODD, 6)
    expect(days).toEqual(sumBy(served, localDayOf))
    expect(bySport(activities)).toEqual(sumBy(served, sportOf))
    const find = (sourceId: string) => activities.find((activity) => activity.source_id === sourceId)
    expect(find('9007199254740993'), 'an id beyond 2^53').toMatchObject({ started_at: '2024-03-31T05:30:00+00:00' })
    expect(find('2'), 'a false Z on the local time').toMatchObject({
      local_day: '2024-07-01',
      started_at: '2024-07-02T02:10:00+00:00',
      start_offset_seconds: -14400,
    })
    expect(find('3'), 'a hidden start time').toMatchObject({
      local_day: '2024-07-03',
      started_at: null,
      start_time_hidden: true,
    })
    expect(find('4'), 'a manual entry without GPS').toMatchObject({ manual: true, has_route: false, sport: 'swim' })
    expect(find('5'), 'a float offset with minutes').toMatchObject({
      local_day: '2024-07-04',
      start_offset_seconds: 20_700,
    })
    expect(find('6'), 'a new sport').toMatchObject({ sport: 'other', source_sport: 'Quidditch' })
  }, 120_000)

  const reason = existsSync(RECORDED) ? '' : ` (skipped: no recorded activities at ${SHARED_DATA})`
  test.skipIf(reason !== '')(
    `of a real athlete adds up to the file's own sums${reason}`,
    async ({ onTestFinished }) => {
      const cassette = JSON.parse(readFileSync(RECORDED, 'utf8')) as readonly {
        response: { body: readonly ServedActivity[] }
      }[]
      const served = cassette.flatMap(({ response }) => response.body)
      expect(served).toHaveLength(30)
      const directory = mkdtempSync(join(tmpdir(), 'tributary-recorded-'))
      onTestFinished(() => rmSync(directory, { recursive: true }))
      const file = join(directory, 'activities.json')
      writeFileSync(file, JSON.stringify(served))
      const { activities, days } = await importFile(file, served.length)
      expect(days).toEqual(sumBy(served, localDayOf))
      expect(bySport(activities)).toEqual(sumBy(served, sportOf))
    },
    120_000,
  )
})
