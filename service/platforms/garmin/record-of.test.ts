import { expect, test } from 'vitest'
import { garminRecordOf } from './record-of.ts'

const at = (seconds: number) => new Date(seconds * 1000)

test.for<[string, unknown, ReturnType<typeof garminRecordOf>]>([
  ['dailies', { summaryId: 'a', startTimeInSeconds: 1_700_000_000 }, { record: '1700000000', at: at(1_700_000_000) }],
  [
    'epochs',
    { startTimeInSeconds: 1_700_000_000, activityType: 'WALKING' },
    { record: '1700000000:WALKING', at: at(1_700_000_000) },
  ],
  ['activities', { activityId: 77, startTimeInSeconds: 1_700_000_000 }, { record: '77', at: at(1_700_000_000) }],
  [
    'activityDetails',
    { activityId: 12345678901234567890n, summary: { startTimeInSeconds: 1_700_000_000 } },
    { record: '12345678901234567890', at: at(1_700_000_000) },
  ],
  ['activityDetails', { activityId: '77', summary: {} }, { record: '77', at: undefined }],
  ['bloodPressures', { measurementTimeInSeconds: 5 }, { record: '5', at: at(5) }],
  ['userMetrics', { calendarDate: '2026-03-01' }, { record: '1772366400', at: new Date('2026-03-01T12:00:00Z') }],
  ['dailies', { startTimeInSeconds: '1700000000' }, undefined],
  ['dailies', { startTimeInSeconds: -4 }, undefined],
  ['dailies', { calendarDate: '2026-99-99' }, undefined],
  ['dailies', [], undefined],
  ['dailies', null, undefined],
])('an item of %s is one record (%#)', ([list, item, expected]) => {
  expect(garminRecordOf(list, item)).toEqual(expected)
})
