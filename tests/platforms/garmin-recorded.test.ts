import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { normalizeFile } from '../../service/cli/normalize-file.ts'
import platform from '../../service/platforms/garmin/platform.ts'
import { readGarminItem } from '../../service/platforms/garmin/read-item.ts'

/** Recorded or written down by others; not part of this repository. */
const FOLDER = join(process.env['TRIBUTARY_SHARED_DATA'] ?? join(import.meta.dirname, '../../../shared/data'), 'garmin')
const isThere = existsSync(FOLDER)
if (!isThere) process.stderr.write(`garmin-recorded: skipped, there is no ${FOLDER}; set TRIBUTARY_SHARED_DATA\n`)

type Line = { readonly record: string } & Readonly<Record<string, unknown>>

async function read(dataType: string, file: string): Promise<readonly Line[]> {
  const text = await normalizeFile({ platform: 'garmin', dataType, file: join(FOLDER, file), metadata: '{}' })
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]))
}

const of = (lines: readonly Line[], record: string) => lines.filter((line) => line.record === record)

describe.skipIf(!isThere)('recorded payloads of Garmin', () => {
  // timestamp,heart_rate,cadence,speed,distance,position_lat,position_long,altitude,temperature
  test.each(['garmin-fenix-5-run', 'garmin-edge-820-bike'])(
    'the series of %s are those of another reader',
    async (name) => {
      const lines = await read('activityFiles', `fit/${name}.fit`)
      const rows = readFileSync(join(FOLDER, `fit/${name}-records.csv`), 'utf8')
        .trim()
        .split('\n')
        .slice(1)
      const cells = rows.map((row) => row.split(','))
      const times = cells.map(([time = '']) => Date.parse(time.replace(/ PDT (\d{4})$/, ' $1 GMT-0700')) / 1000)
      const expected = {
        heart_rate_bpm: 1,
        cadence_rpm: 2,
        speed_m_per_s: 3,
        distance_m: 4,
        altitude_m: 7,
        temperature_c: 8,
      }
      const streams = of(lines, 'activity_stream')
      expect(streams.map(({ kind }) => kind)).toEqual(expect.arrayContaining(Object.keys(expected)))
      for (const [kind, column] of Object.entries(expected)) {
        const { values, offsetsS } = streams.find((stream) => stream['kind'] === kind) as unknown as {
          values: number[]
          offsetsS: number[]
        }
        expect(offsetsS).toEqual(times.map((time) => time - times[0]!))
        const numbers = cells.map((row) => Number(row[column]))
        for (const [index, value] of values.entries()) expect(value).toBeCloseTo(numbers[index]!, 6)
      }
    },
  )

  test('a multisport event counts its legs and not its whole', async () => {
    const activities = of(await read('webhook', 'connectstats/sample-backfill-activities-multi.json'), 'activity')
    const counted = activities.filter((activity) => activity['counted'] === true)
    expect(activities).toHaveLength(4)
    expect(counted.map(({ sourceId }) => sourceId)).toEqual(['4018666913', '4018666914', '4018666915'])
    expect(counted.map(({ parentSourceId }) => parentSourceId)).toEqual(Array(3).fill('4018666911'))
    // 613 + 11 + 3011, and the whole says 3636
    expect(counted.reduce((sum, { elapsedTimeS }) => sum + Number(elapsedTimeS), 0)).toBe(3635)
    expect(counted.reduce((sum, { energyKcal }) => sum + Number(energyKcal), 0)).toBe(511)
  })

  test('a ping for a file is an address to fetch, which is not shown', async () => {
    expect(await read('webhook', 'connectstats/sample-file.json')).toEqual([
      { record: 'callback', position: 0, dataType: 'activityFiles' },
    ])
  })

  test.each([
    ['MonitoringFile.fit', { rejected: ['file: of type monitoringB, which holds no activity'] }],
    [
      'activity-unexpected-eof.fit',
      { activities: 1, rejected: ['file: damaged or cut short; what could be read was kept'] },
    ],
    ['activity-small-fenix2-run.fit', { activities: 1, rejected: [] }],
    ['developer-types-sample.fit', { activities: 1, rejected: [] }],
  ])('%s is read, or refused with a reason', async (file, expected) => {
    const lines = await read('activityFiles', `fit/${file}`)
    expect(of(lines, 'activity')).toHaveLength('activities' in expected ? (expected.activities ?? 0) : 0)
    expect(of(lines, 'rejected').map(({ reason }) => reason)).toEqual(expected.rejected)
  })

  test('items and deliveries that others wrote down lose nothing that is read', () => {
    const items = JSON.parse(
      readFileSync(join(FOLDER, 'open-wearables/test_garmin_247.literals.json'), 'utf8'),
    ) as unknown[]
    const kinds = [
      'sleeps',
      'dailies',
      'epochs',
      'bodyComps',
      'bloodPressures',
      'hrv',
      'hrv',
      'epochs',
      'epochs',
    ] as const
    const records = items.map((item, index) => platform.normalize[kinds[index]!](item, {}))
    expect(records.flatMap(({ rejected }) => rejected)).toEqual([])
    const found = records.map(({ samples = [], dailyMetrics = [], sleepSessions = [] }) => [
      samples.length,
      dailyMetrics.length,
      sleepSessions.length,
    ])
    // Read off the file: fields that have a kind here, one for each value of a series.
    expect(found).toEqual([
      [0, 0, 1],
      [3, 7, 0],
      [5, 0, 0],
      [4, 0, 0],
      [3, 0, 0],
      [3, 2, 0],
      [0, 1, 0],
      [2, 0, 0],
      [2, 0, 0],
    ])
    expect(records[0]!.sleepSessions![0]!.endedAt).toEqual(new Date((1705273200 + 28800 + 1800) * 1000))
  })

  test('deliveries that others wrote down are told apart item by item', () => {
    const file = join(FOLDER, 'open-wearables/test_garmin_webhook_task.literals.json')
    const bodies = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>[]
    const deliveries = bodies.filter((body) => Object.values(body).every((value) => Array.isArray(value)))
    const kinds = deliveries.flatMap((body) =>
      Object.entries(body).flatMap(([list, items]) =>
        (items as unknown[]).map((item) => readGarminItem(list, item).kind),
      ),
    )
    const count = (kind: string) => kinds.filter((other) => other === kind).length
    expect(deliveries).toHaveLength(17)
    expect([count('data'), count('permissions'), count('deauthorized'), count('none')]).toEqual([10, 4, 2, 4])
  })

  test('every other file here is read by one of these tests', () => {
    const files = globSync('**/*.{fit,json}', { cwd: FOLDER }).map((file) => basename(file))
    expect(files.toSorted()).toEqual([
      'MonitoringFile.fit',
      'activity-small-fenix2-run.fit',
      'activity-unexpected-eof.fit',
      'developer-types-sample.fit',
      'garmin-edge-820-bike.fit',
      'garmin-fenix-5-run.fit',
      'sample-backfill-activities-multi.json',
      'sample-file.json',
      'test_garmin_247.literals.json',
      'test_garmin_webhook_task.literals.json',
    ])
  })
})
