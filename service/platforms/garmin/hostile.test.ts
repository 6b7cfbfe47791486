import { describe, expect, test } from 'vitest'
import { AppError } from '../../runtime/errors.ts'
import { parseJson } from '../../runtime/json.ts'
import platform from './platform.ts'
import { readGarminItem } from './read-item.ts'

const normalizers: Readonly<Record<string, (payload: unknown, metadata: Record<string, unknown>) => object>> =
  platform.normalize
const kinds = Object.keys(normalizers)
const NUMBERS = [
  'startTimeInSeconds',
  'startTimeOffsetInSeconds',
  'durationInSeconds',
  'steps',
  'weightInGrams',
  'systolic',
]
const OTHERS = [
  'measurementTimeInSeconds',
  'summaryId',
  'activityId',
  'activityType',
  'calendarDate',
  'samples',
  'laps',
]
const MAPS = [
  'sleepLevelsMap',
  'naps',
  'summaries',
  'hrvValues',
  'timeOffsetStressLevelValues',
  'overallSleepScore',
  'summary',
]

/** Every field that is read, with the same value. */
const filled = (json: string) =>
  parseJson(`{${[...NUMBERS, ...OTHERS, ...MAPS].map((name) => `"${name}":${json}`).join(',')},"contentBase64":"AA=="}`)

describe.each(kinds)('hostile payloads of %s', (kind) => {
  test.for([
    ['1e400', '1e400'],
    ['2^63', '9223372036854775808'],
    ['a negative number', '-1'],
    ['the largest number', '1.7976931348623157e308'],
    ['a text', '"NaN"'],
    ['a lone surrogate', '"\\ud800"'],
    ['a NUL', '"a\\u0000b"'],
    ['a list', '[[],{},null,1]'],
    ['an object', '{"a":{"b":[]},"0":null,"1":"x","__proto__":{"x":1}}'],
    ['null', 'null'],
    ['true', 'true'],
  ] as const)('never crash: %s everywhere', ([, json]) => {
    for (const payload of [filled(json), [filled(json)], parseJson(json), [parseJson(json)]]) {
      const outcome = attempt(kind, payload)
      // What is answered can be stored: no half of a surrogate pair, no NUL, no number that is none.
      const text = JSON.stringify(outcome)
      expect(text).not.toMatch(/\\ud[89ab]|\\u0000/i)
    }
  })

  test('a text of 50 MB is refused, and its reason is short', () => {
    const outcome = attempt(kind, {
      ...(filled('1') as object),
      activityName: 'x'.repeat(5e7),
      calendarDate: 'x'.repeat(5e7),
    })
    expect(JSON.stringify(outcome).length).toBeLessThan(20_000)
  })
})

function attempt(kind: string, payload: unknown): unknown {
  try {
    return normalizers[kind]!(payload, {})
  } catch (error) {
    if (error instanceof AppError) return { refused: error.code, ...error.facts }
    throw error
  }
}

describe('an item of a delivery', () => {
  test.for([
    ['a text', 'dailies', 'x', 'not_an_object'],
    ['a list', 'dailies', [], 'not_an_object'],
    ['nobody', 'dailies', { steps: 1 }, 'no_user_id'],
    ['a number for a user', 'dailies', { userId: 7 }, 'no_user_id'],
    ['an unknown list', 'moods', { userId: 'u' }, 'unknown_list'],
    ['a file without an address', 'activityFiles', { userId: 'u' }, 'no_callback'],
    ['an address that is none', 'dailies', { userId: 'u', callbackURL: 5 }, 'no_callback'],
  ] as const)('is passed over: %s', ([, list, item, reason]) => {
    expect(readGarminItem(list, item)).toEqual({ kind: 'none', reason })
  })

  test('is data where its address is null', () => {
    expect(readGarminItem('dailies', { userId: 'u', callbackURL: null, steps: 1 })).toEqual({
      kind: 'data',
      platformUserId: 'u',
      dataType: 'dailies',
    })
  })

  test('keeps what a ping says of a file, and its large id exact', () => {
    const item = {
      userId: 'u',
      callbackURL: 'https://apis.garmin.com/x',
      activityId: 2n ** 60n,
      fileType: 'FIT',
      userAccessToken: 't',
    }
    expect(readGarminItem('file', item)).toEqual({
      kind: 'callback',
      platformUserId: 'u',
      dataType: 'activityFiles',
      url: 'https://apis.garmin.com/x',
      file: { activityId: '1152921504606846976', fileType: 'FIT' },
    })
  })
})
