import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { Records } from '../../service/platforms/records.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { DERIVED, type Derived, derived, replay, withoutTimes } from '../support/replay-scene.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

interface Fixture {
  readonly dataType: string
  readonly metadata: object
  readonly payload: unknown
}

/** What the platform's folder has of each kind, and of an export all that belongs together. */
async function keepFixtures({ admin }: TestDatabase, platform: string): Promise<void> {
  await admin.query("insert into app_users (user_id, time_zone) values ($1, 'America/New_York')", [ADA])
  const folder = join(import.meta.dirname, '../../service/platforms', platform, 'fixtures')
  for (const name of globSync('*.json', { cwd: folder }).toSorted()) {
    if (/\.expected\.json$|^deleted-/.test(name)) continue
    const { dataType, metadata, payload } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Fixture
    await admin.query(
      'insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata) values ($1, $2, $3, $4, $5)',
      [ADA, platform, dataType, JSON.stringify(payload), JSON.stringify(metadata)],
    )
  }
}

/** The platform with a normalizer that reads one thing otherwise. */
function fixedPlatform({ normalization }: TestService, id: string, { dataType, fix }: Fix) {
  const platform = normalization.platforms.get(id)!
  const wrong = platform.normalize[dataType]!
  return {
    ...platform,
    normalize: { ...platform.normalize, [dataType]: (...given: Parameters<typeof wrong>) => fix(wrong(...given)) },
  }
}

/** By table: rows that one has and the other has not. */
function missingIn(one: Derived, other: Derived): Record<string, readonly string[]> {
  const rows = DERIVED.map((table) => [table, one[table]!.filter((row) => !other[table]!.includes(row))] as const)
  return Object.fromEntries(rows.filter(([, missing]) => missing.length > 0))
}

interface Fix {
  readonly dataType: string
  readonly fix: (records: Records) => Records
  /** The one day that it is about, and how many rows of each table differ then. */
  readonly day: string
  readonly changed: Readonly<Record<string, number>>
}

type Lists = 'samples' | 'activities' | 'sleepSessions' | 'dailyMetrics'

/** Another value for the one record that has this one. */
function change<List extends Lists>(
  list: List,
  field: keyof NonNullable<Records[List]>[number],
  [from, to]: readonly [number, number],
): Fix['fix'] {
  return (records) => ({
    ...records,
    [list]: (records[list] as readonly object[]).map((one) =>
      one[field as keyof typeof one] === from ? { ...one, [field]: to } : one,
    ),
  })
}

const BY_DAY = { merged_metrics: 1, daily_summaries: 1 }
const FIXES: Readonly<Record<string, readonly Fix[]>> = {
  'apple-health': [
    // Of that day the rings tell the energy, so a sample of it counts for nothing else.
    {
      dataType: 'export_records',
      fix: change('samples', 'value', [12.5, 20]),
      day: '2024-03-10',
      changed: { samples: 1 },
    },
    {
      dataType: 'export_workout',
      fix: change('activities', 'distanceM', [2000, 2100]),
      day: '2024-03-11',
      changed: { activities: 1, daily_metrics: 1, ...BY_DAY },
    },
    {
      dataType: 'export_sleep',
      fix: change('sleepSessions', 'asleepS', [12_600, 12_660]),
      day: '2024-03-31',
      changed: { sleep_sessions: 1, ...BY_DAY },
    },
    {
      dataType: 'react_native_health',
      fix: (records) => ({ ...records, samples: records.samples!.filter(({ kind }) => kind !== 'body_weight_kg') }),
      day: '2016-06-29',
      changed: { samples: 1, ...BY_DAY },
    },
  ],
  oura: [
    {
      dataType: 'daily_activity',
      fix: change('dailyMetrics', 'value', [8500, 8600]),
      day: '2026-01-15',
      changed: { daily_metrics: 1, ...BY_DAY },
    },
    {
      dataType: 'workout',
      fix: change('activities', 'distanceM', [8123.4, 8000]),
      day: '2026-06-01',
      changed: { activities: 1, daily_metrics: 1, ...BY_DAY },
    },
    // Summaries of days have no mean of all heart rates.
    {
      dataType: 'heartrate',
      fix: change('samples', 'value', [78, 80]),
      day: '2026-01-12',
      changed: { samples: 1, merged_metrics: 1 },
    },
    {
      dataType: 'sleep',
      fix: change('sleepSessions', 'asleepS', [7200, 7260]),
      day: '2026-03-29',
      changed: { sleep_sessions: 1, ...BY_DAY },
    },
  ],
}

describe('replaying after a fix of a normalizer', () => {
  test.for(Object.keys(FIXES))(
    'of %s changes the rows of that record and of its day, and no other, and back again',
    async (id, { db, service }) => {
      await keepFixtures(db, id)
      await replay(service)
      for (const fix of FIXES[id]!) {
        const before = await derived(db)
        await replay(service, fixedPlatform(service, id, fix))
        const after = await derived(db)
        const gone = missingIn(before, after)
        const counts = Object.fromEntries(Object.entries(gone).map(([table, rows]) => [table, rows.length]))
        expect([fix.dataType, counts]).toEqual([fix.dataType, fix.changed])
        const differing = [gone, missingIn(after, before)].flatMap((tables) => Object.values(tables).flat())
        expect(differing.filter((row) => !row.includes(fix.day))).toEqual([])
        await replay(service)
        const restored = await derived(db)
        for (const table of DERIVED)
          expect(restored[table]!.map(withoutTimes).toSorted()).toEqual(before[table]!.map(withoutTimes).toSorted())
      }
    },
  )
})
