import { describe, expect } from 'vitest'
import { writeCopy } from '../../service/compliance/export/write-copy.ts'
import { A, plantBoth } from '../permissions/planted-people.ts'
import { ADA } from '../support/people.ts'
import { connectWithRunOfToday } from '../support/run-of-today.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'
import { parseTcx, type TcxElement } from '../support/tcx.ts'
import { unzip } from '../support/zip.ts'

async function activitiesOf({ db, config }: TestService, userId: string): Promise<ReadonlyMap<string, TcxElement>> {
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
  return new Map(files.map(([name, bytes]) => [name, parseTcx(bytes.toString())]))
}

const all = (element: TcxElement, name: string): TcxElement[] => [
  ...(element.name === name ? [element] : []),
  ...element.children.flatMap((child) => all(child, name)),
]
const texts = (element: TcxElement, ...names: string[]) =>
  names.map((name) =>
    all(element, name).map(({ text, children }) => text || children.map((child) => child.text).join()),
  )

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
})
