import { describe, expect, test } from 'vitest'
import { parseJson } from '../../runtime/json.ts'
import { normalizeActivity, normalizeActivityDeletion, normalizeActivityList } from './normalize-activity.ts'
import { normalizeActivityStreams } from './normalize-activity-streams.ts'

describe('a payload that cannot be read at all', () => {
  test.each([null, {}, 'text', 7, { message: 'Internal Server Error' }])(
    'fails as a list of activities: %j',
    (payload) => {
      expect(() => normalizeActivityList(payload)).toThrow('platform/unexpected_payload')
    },
  )

  test.each([null, [], 'text'])('fails as streams: %j', (payload) => {
    expect(() => normalizeActivityStreams(payload, { source_id: '7' })).toThrow('platform/unexpected_payload')
  })

  test.each([{}, { source_id: 7 }])('fails as streams without the id of their activity: %j', (metadata) => {
    expect(() => normalizeActivityStreams({}, metadata)).toThrow('platform/unexpected_payload')
  })

  test.each([null, [], {}, { id: 'seven' }, { id: '' }])('is rejected as a deletion: %j', (payload) => {
    expect(normalizeActivityDeletion(payload)).toMatchObject({ deletedActivities: [], rejected: [{ position: 0 }] })
  })

  test('is rejected as an activity', () => {
    expect(normalizeActivity(null).rejected).toEqual([{ position: 0, reason: 'record: invalid_type' }])
  })
})

const activity = '"sport_type":"Run","start_date":"2026-02-01T10:00:00Z","start_date_local":"2026-02-01T10:00:00Z"'
const AMOUNTS =
  `distance moving_time elapsed_time total_elevation_gain average_speed max_speed average_heartrate max_heartrate
  average_cadence average_watts calories`.split(/\s+/)

describe('a number that cannot be', () => {
  test.each(
    AMOUNTS.flatMap((field) => ['-0.5', '1e999', '"9"', '99999999999999999999'].map((value) => [field, value])),
  )('is left out and named, and the activity is kept: %s %s', (field, value) => {
    const without = normalizeActivity(parseJson(`{"id":1,${activity}}`))
    const { activities, rejected } = normalizeActivity(parseJson(`{"id":1,${activity},"${field}":${value}}`))
    expect(activities).toEqual(without.activities)
    expect(rejected).toEqual([
      { position: 0, reason: expect.stringMatching(new RegExp(`^${field}: [a-z_]+$`)), items: 0 },
    ])
  })

  test.each(AMOUNTS)('is not what null is: %s', (field) => {
    expect(normalizeActivity(parseJson(`{"id":1,${activity},"${field}":null}`)).rejected).toEqual([])
  })
})

describe('who may see it', () => {
  test.each(['"private":"no"', '"visibility":7'])('is its owner alone where that cannot be read: %s', (field) => {
    expect(normalizeActivity(parseJson(`{"id":1,${activity},${field}}`)).activities).toMatchObject([{ private: true }])
  })
})

test('an empty page is an empty page', () => {
  expect(normalizeActivityList([])).toEqual({
    activities: [],
    deletedActivities: [],
    activityStreams: [],
    rejected: [],
  })
})
