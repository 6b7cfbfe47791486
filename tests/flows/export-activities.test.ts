import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { writeCopy } from '../../service/compliance/export/write-copy.ts'
import { A, plantBoth } from '../permissions/planted-people.ts'
import { ADA } from '../support/people.ts'
import { connectWithRunOfToday } from '../support/run-of-today.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'
import { parseTcx, type TcxElement } from '../support/tcx.ts'
import { unzip } from '../support/zip.ts'

async function filesOf({ db, config }: TestService, userId: string): Promise<ReadonlyMap<string, string>> {
  const pieces: Buffer[] = []
  const options = {
    userId,
    controller: config.compliance.controller,
    archives: async () => [],
    onProgress: () => undefined,
  }
  await writeCopy(db, options, async (stream) => {
    for await (const piece of stream) pieces.push(piece)
  })
  const files = [...(await unzip(Buffer.concat(pieces)))].filter(([name]) => name.endsWith('.tcx'))
  return new Map(files.map(([name, bytes]) => [name, bytes.toString()]))
}

const activitiesOf = async (service: TestService, userId: string): Promise<ReadonlyMap<string, TcxElement>> =>
  new Map([...(await filesOf(service, userId))].map(([name, text]) => [name, parseTcx(text)]))

const all = (element: TcxElement, name: string): TcxElement[] => [
  ...(element.name === name ? [element] : []),
  ...element.children.flatMap((child) => all(child, name)),
]
const texts = (element: TcxElement, ...names: string[]) =>
  names.map((name) =>
    all(element, name).map(({ text, children }) => text || children.map((child) => child.text).join()),
  )

/** Files by hand, after TrainingCenterDatabasev2.xsd: a Trackpoint has a Time, and what else is known. */
const INDOORS = {
  '2026-03-04-indoor_ride-aaaaaaaa-0000-4000-8000-000000000003.tcx': 'indoor-ride.tcx',
  '2026-03-05-run-aaaaaaaa-0000-4000-8000-000000000004.tcx': 'treadmill-run.tcx',
  '2026-03-06-swim-aaaaaaaa-0000-4000-8000-000000000005.tcx': 'swim-without-moments.tcx',
}
const withoutIndentation = (xml: string) => xml.replace(/>\s+</g, '><').trim()

describe('the activities of a copy', () => {
  test('are files that the schema of TCX allows, with laps and every recorded moment', async ({ db, service }) => {
    await connectWithRunOfToday(service, db)
    const files = await activitiesOf(service, ADA)
    const { rows } = await db.admin.query<{ id: string; laps: number; points: number }>(`
      select a.id, (select count(*)::int from activity_laps l where l.activity_id = a.id) as laps,
        (select count(distinct o)::int from activity_streams s, unnest(s.offsets_s) as o where s.activity_id = a.id) as points
      from activities a where a.started_at is not null`)
    expect(rows.length).toBeGreaterThan(3)
    expect(rows.filter(({ laps, points }) => laps > 1 && points > 100)).not.toEqual([])
    expect(files.size).toBe(rows.length)
    for (const { id, laps, points } of rows) {
      const [, file] = [...files].find(([name]) => name.includes(id))!
      expect([id, all(file, 'Lap').length]).toEqual([id, Math.max(laps, 1)])
      expect([id, all(file, 'Trackpoint').length]).toEqual([id, points])
    }
  })

  test('have each moment in its lap, and nothing that a device cannot have measured', async ({ db, service }) => {
    await plantBoth(db.admin)
    // Planted: a run at 06:00 on 4 March. A lap a minute later and one after two; beats of a sensor that lost contact.
    await db.admin.query('delete from activity_laps; delete from activity_streams')
    const of = `select user_id, id, raw_id, raw_created_at, observed_at from activities where user_id = '${A}' and id::text like '%3'`
    await db.admin.query(`
      insert into activity_laps (user_id, activity_id, lap_number, started_at, elapsed_time_s, distance_m, heart_rate_mean_bpm, raw_id, raw_created_at, observed_at)
      select a.user_id, a.id, lap, timestamptz '2026-03-04 06:00Z' + lap * interval '1 minute', 60, 200.5, 140.4, a.raw_id, a.raw_created_at, a.observed_at
      from (${of}) a, generate_series(1, 2) as lap`)
    await db.admin.query(`
      insert into activity_streams (user_id, activity_id, kind, unit, offsets_s, "values", raw_id, raw_created_at, observed_at)
      select a.user_id, a.id, kind, 'u', offsets, series, a.raw_id, a.raw_created_at, a.observed_at from (${of}) a, (values
        ('heart_rate_bpm', array[0, 59, 60, 300], array[0, 300, 120.6, null]),
        ('power_w', array[59, 119], array[-3, 70000]), ('altitude_m', array[120], array[-0.5])) as s (kind, offsets, series)`)
    await db.admin.query(
      `update activities set device_name = 'a <watch> & "more"', energy_kcal = 70000 where user_id = $1`,
      [A],
    )
    const files = await activitiesOf(service, A)
    const run = files.get('activities/2026-03-04-run-aaaaaaaa-0000-4000-8000-000000000003.tcx')!
    const laps = all(run, 'Lap')
    expect(laps.map(({ attributes }) => attributes['StartTime'])).toEqual([
      '2026-03-04T06:00:00.000Z',
      '2026-03-04T06:01:00.000Z',
      '2026-03-04T06:02:00.000Z',
    ])
    expect(laps.map((lap) => texts(lap, 'TotalTimeSeconds', 'Calories', 'AverageHeartRateBpm').flat())).toEqual([
      ['60', '65535'],
      ['60', '0', '140'],
      ['60', '0', '140'],
    ])
    expect(laps.map((lap) => texts(lap, 'Time', 'HeartRateBpm', 'Watts', 'AltitudeMeters'))).toEqual([
      [['2026-03-04T06:00:00.000Z', '2026-03-04T06:00:59.000Z'], ['255'], ['0'], []],
      [['2026-03-04T06:01:00.000Z', '2026-03-04T06:01:59.000Z'], ['121'], ['65535'], []],
      [['2026-03-04T06:02:00.000Z'], [], [], ['-0.5']],
    ])
    expect(texts(run, 'Notes')).toEqual([['a <watch> & "more"']])
  })

  test('need no place: a ride on a trainer, a run on a treadmill, and a swim of which only the sum is known', async ({
    db,
    service,
  }) => {
    await plantBoth(db.admin)
    await db.admin.query('delete from activity_laps; delete from activity_streams')
    await db.admin.query(
      `update activities a set sport = b.sport, indoor = true, elapsed_time_s = b.elapsed, distance_m = b.distance,
         heart_rate_mean_bpm = b.mean, heart_rate_max_bpm = b.max, energy_kcal = b.energy, device_name = null
       from (values ('3', 'indoor_ride', 2, 16.5, 120, 131, 1), ('4', 'run', 2, 5, null, null, null), ('5', 'swim', 1800, 1500, null, null, 410))
         as b (k, sport, elapsed, distance, mean, max, energy)
       where a.user_id = $1 and right(a.id::text, 1) = b.k`,
      [A],
    )
    await db.admin.query(
      `insert into activity_streams (user_id, activity_id, kind, unit, offsets_s, "values", raw_id, raw_created_at, observed_at)
       select a.user_id, a.id, s.kind, 'u', s.offsets, s.series, a.raw_id, a.raw_created_at, a.observed_at
       from activities a join (values
         ('3', 'heart_rate_bpm', array[0, 1, 2], array[118, 121, 131]), ('3', 'cadence_rpm', array[0, 1, 2], array[88, 0, null]),
         ('3', 'distance_m', array[1, 2], array[8.25, 16.5]), ('3', 'power_w', array[1], array[212]), ('3', 'temperature_c', array[0], array[21]),
         ('4', 'heart_rate_bpm', array[0], array[140]), ('4', 'running_cadence_rpm', array[0, 1], array[83, 84.5]),
         ('4', 'speed_m_per_s', array[1], array[2.5])) as s (k, kind, offsets, series) on right(a.id::text, 1) = s.k
       where a.user_id = $1`,
      [A],
    )
    const files = await filesOf(service, A)
    for (const [name, byHand] of Object.entries(INDOORS)) {
      const file = files.get(`activities/${name}`)!
      expect(() => parseTcx(file)).not.toThrow()
      const expected = readFileSync(join(import.meta.dirname, '../fixtures/tcx', byHand), 'utf8')
      expect(withoutIndentation(file)).toBe(withoutIndentation(expected))
    }
  })
})
