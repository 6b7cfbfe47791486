import { describe, expect } from 'vitest'
import { type TestDatabase, test } from '../support/database.ts'

async function deadlines(
  { service }: TestDatabase,
  awareAt: string,
  timeZone: string,
): Promise<Record<string, string>> {
  const { rows } = await service.query<{ id: string; due: Date }>(
    'select id, ops.breach_deadline(counts, amount, $1::timestamptz, $2) as due from breach_rules',
    [awareAt, timeZone],
  )
  return Object.fromEntries(rows.map(({ id, due }) => [id, due.toISOString()]))
}

describe('72 and 24 hours', () => {
  test.for([
    ['over a weekend', '2026-03-06T16:30:00Z', 'Europe/Berlin', '2026-03-09T16:30:00.000Z', '2026-03-07T16:30:00.000Z'],
    [
      'over the hour that is left out in spring',
      '2026-03-28T12:00:00+01:00',
      'Europe/Berlin',
      '2026-03-31T11:00:00.000Z',
      '2026-03-29T11:00:00.000Z',
    ],
    [
      'over the hour that comes twice in autumn',
      '2026-10-24T12:00:00+02:00',
      'Europe/Berlin',
      '2026-10-27T10:00:00.000Z',
      '2026-10-25T10:00:00.000Z',
    ],
    ['over a leap day', '2028-02-27T23:59:59Z', 'UTC', '2028-03-01T23:59:59.000Z', '2028-02-28T23:59:59.000Z'],
    [
      'over the same days of another year',
      '2027-02-27T23:59:59Z',
      'UTC',
      '2027-03-02T23:59:59.000Z',
      '2027-02-28T23:59:59.000Z',
    ],
    [
      'over the turn of a year',
      '2026-12-31T22:00:00Z',
      'Pacific/Auckland',
      '2027-01-03T22:00:00.000Z',
      '2027-01-01T22:00:00.000Z',
    ],
  ] as const)('pass %s', async ([, awareAt, timeZone, authority, platform], { db }) => {
    const due = await deadlines(db, awareAt, timeZone)
    expect([due['gdpr_authority'], due['gdpr_people'], due['strava_contract']]).toEqual([
      authority,
      authority,
      platform,
    ])
  })
})

describe('60 days', () => {
  test.for([
    // 30 days to 31 January, 28 of February, 2 of March: to the end of 2 March. With 29 February, to the end of 1 March.
    ['in a common year', '2027-01-01T12:00:00Z', 'UTC', '2027-03-03T00:00:00.000Z'],
    ['in a leap year', '2028-01-01T12:00:00Z', 'UTC', '2028-03-02T00:00:00.000Z'],
    ['from the last second of a day', '2027-01-01T23:59:59Z', 'UTC', '2027-03-03T00:00:00.000Z'],
    ['from the first of the next', '2027-01-02T00:00:00Z', 'UTC', '2027-03-04T00:00:00.000Z'],
    [
      'from a day that is another one where the operator is',
      '2027-01-02T03:00:00Z',
      'America/New_York',
      '2027-03-03T05:00:00.000Z',
    ],
    ['into summer time', '2026-02-10T12:00:00Z', 'America/New_York', '2026-04-12T04:00:00.000Z'],
    ['to a Sunday, which is not moved', '2026-02-11T12:00:00Z', 'UTC', '2026-04-13T00:00:00.000Z'],
    ['over the turn of a year', '2026-12-15T12:00:00Z', 'UTC', '2027-02-14T00:00:00.000Z'],
  ] as const)('%s', async ([, awareAt, timeZone, expected], { db }) => {
    const due = await deadlines(db, awareAt, timeZone)
    for (const rule of ['hipaa_people', 'hipaa_media', 'hipaa_hhs', 'ftc_people', 'ftc_ftc', 'ftc_media'])
      expect([rule, due[rule]]).toEqual([rule, expected])
  })
})

describe('60 days after the end of the year', () => {
  test.for([
    ['the next year is common', '2026-05-05T12:00:00Z', 'UTC', '2027-03-02T00:00:00.000Z'],
    ['the next year is a leap year', '2027-05-05T12:00:00Z', 'UTC', '2028-03-01T00:00:00.000Z'],
    ['it is the last second of the year', '2026-12-31T23:59:59Z', 'UTC', '2027-03-02T00:00:00.000Z'],
    ['it is the first of the next', '2027-01-01T00:00:00Z', 'UTC', '2028-03-01T00:00:00.000Z'],
    ['the year has begun in UTC but not there', '2027-01-01T03:00:00Z', 'America/New_York', '2027-03-02T05:00:00.000Z'],
  ] as const)('where %s', async ([, awareAt, timeZone, expected], { db }) => {
    const due = await deadlines(db, awareAt, timeZone)
    expect([due['hipaa_hhs_yearly'], due['ftc_ftc_yearly']]).toEqual([expected, expected])
  })
})

test('no rule goes untested', async ({ db }) => {
  const { rows } = await db.service.query<{ id: string }>('select id from breach_rules order by id')
  expect(rows.map(({ id }) => id)).toEqual([
    'ftc_ftc',
    'ftc_ftc_yearly',
    'ftc_media',
    'ftc_people',
    'gdpr_authority',
    'gdpr_people',
    'hipaa_hhs',
    'hipaa_hhs_yearly',
    'hipaa_media',
    'hipaa_people',
    'strava_contract',
  ])
})
