import { expect } from 'vitest'
import { storeStreams } from '../../service/normalization/store-streams.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { test } from '../support/database.ts'
import { ADA, insertConnectedPerson } from '../support/people.ts'

const RAW = {
  userId: ADA,
  platform: 'strava',
  rawId: '00000000-0000-4000-8000-000000000001',
  createdAt: '2026-03-01T10:00:00Z',
  receivedAt: '2026-03-01T10:00:00Z',
  dataType: 'activity_streams',
  text: '',
  metadata: {},
}

test('series of two recordings in one payload have each its own times and values', async ({ db }) => {
  await insertConnectedPerson(db.admin, ADA)
  const activities = ['77', '78'].map((sourceId) => ({
    sourceId,
    sport: 'run',
    sourceSport: 'Run',
    localDay: '2026-03-01',
  }))
  await db.service.query("select ops.store_activities($1, 'strava', $2, now(), $3, $4)", [
    ADA,
    RAW.rawId,
    RAW.receivedAt,
    JSON.stringify(
      activities.map((activity) => ({
        ...activity,
        manual: false,
        private: false,
        startTimeHidden: false,
        indoor: false,
        hasRoute: false,
      })),
    ),
  ])
  const times = [0, 5]
  const streams = [
    { sourceId: '77', kind: 'heart_rate_bpm', unit: '/min', offsetsS: times, values: [120, null] },
    { sourceId: '78', kind: 'heart_rate_bpm', unit: '/min', offsetsS: [1], values: [99] },
    { sourceId: '77', kind: 'power_w', unit: 'W', offsetsS: times, values: [0.1, 1e-7] },
    { sourceId: '79', kind: 'power_w', unit: 'W', offsetsS: [2], values: [1] },
  ]
  const database = openDatabase({
    url: new Secret(db.serviceUrl),
    maxConnections: 1,
    applicationName: 'test',
    onIdleError: () => {},
  })
  const missing = await database.transaction((tx) => storeStreams(tx, RAW, streams))
  await database.close()
  expect(missing).toEqual(['79'])
  const { rows } = await db.admin.query(
    `select a.source_id, s.kind, s.unit, s.offsets_s, s."values"::text from activity_streams s join activities a on a.id = s.activity_id
    order by a.source_id, s.kind`,
  )
  expect(rows).toEqual([
    { source_id: '77', kind: 'heart_rate_bpm', unit: '/min', offsets_s: [0, 5], values: '{120,NULL}' },
    { source_id: '77', kind: 'power_w', unit: 'W', offsets_s: [0, 5], values: '{0.1,0.0000001}' },
    { source_id: '78', kind: 'heart_rate_bpm', unit: '/min', offsets_s: [1], values: '{99}' },
  ])
})
