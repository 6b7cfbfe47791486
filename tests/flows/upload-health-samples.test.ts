import { describe, expect } from 'vitest'
import { AppError } from '../../service/runtime/errors.ts'
import { bindActions } from '../../service/wire-actions.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

async function normalizeAll(db: TestDatabase, service: TestService): Promise<void> {
  await db.admin.query(`select graphile_worker.add_job('normalize_raw_data', job_key => 'normalize_raw_data:' || id,
    payload => json_build_object('userId', user_id, 'createdAt', created_at::text, 'rawId', id)) from raw_fitness_data`)
  await service.work()
}

const UUID = '0a0a0a0a-0000-4000-8000-000000000001'
const SAMPLE = {
  uuid: UUID,
  type: 'HKQuantityTypeIdentifierBodyMass',
  value: 70,
  unit: 'kg',
  startDate: '2024-03-10T01:59:59-05:00',
  sourceName: 'Scale',
}

describe('uploadHealthSamples', () => {
  const call = (service: TestService, input: object) =>
    bindActions(service)
      .find(({ name }) => name === 'uploadHealthSamples')!
      .call(input, { userId: ADA, role: 'user' })
  const samples = async (db: TestDatabase) =>
    (
      await db.admin.query(
        'select kind, value::float8, source_id, started_at, start_offset_seconds, local_day::text from samples',
      )
    ).rows

  test.for([
    ['nothing', { samples: [] }],
    ['more than a thousand', { samples: Array.from({ length: 1_001 }, () => SAMPLE) }],
    ['no list', { samples: SAMPLE }],
  ] as const)('refuses %s', async ([, input], { service }) => {
    await expect(call(service, input)).rejects.toThrow('request/malformed')
  })

  test('asks whether the caller may work with Apple Health, which it does not name', async ({ db, service }) => {
    const asked: string[] = []
    const checkPlatform = async (platform: string) => {
      asked.push(platform)
      throw new AppError('access/platform_not_allowed')
    }
    const action = bindActions(service).find(({ name }) => name === 'uploadHealthSamples')!
    const called = action.call({ samples: [SAMPLE] }, { userId: ADA, role: 'user', checkPlatform })
    await expect(called).rejects.toThrow('access/platform_not_allowed')
    expect(asked).toEqual(['apple-health'])
    expect((await db.admin.query('select from raw_fitness_data')).rowCount).toBe(0)
  })

  test('takes what is right and says of the others why not', async ({ db, service }) => {
    const wrong = [
      { ...SAMPLE, uuid: 'seven' },
      { ...SAMPLE, unit: 'stone' },
      { ...SAMPLE, value: null },
      { ...SAMPLE, startDate: '2024-02-30T10:00:00Z' },
      { ...SAMPLE, startDate: '2024-02-03T10:00:00' },
      { ...SAMPLE, type: 'HKQuantityTypeIdentifierKarma' },
    ]
    expect(await call(service, { samples: [...wrong, SAMPLE] })).toEqual({
      accepted: 1,
      rejected: [
        { index: 1, reason: 'unit: not one of body_weight_kg' },
        { index: 2, reason: 'value: not a number (body_weight_kg)' },
        { index: 3, reason: 'startDate: not a time' },
        { index: 4, reason: 'startDate: has no offset from UTC' },
        { index: 5, reason: 'HKQuantityTypeIdentifierKarma: no kind for it here' },
        { index: 0, reason: 'uuid: missing or not readable' },
      ],
    })
    await normalizeAll(db, service)
    expect(await samples(db)).toEqual([
      {
        kind: 'body_weight_kg',
        value: 70,
        source_id: UUID,
        started_at: new Date('2024-03-10T06:59:59Z'),
        start_offset_seconds: -18_000,
        local_day: '2024-03-10',
      },
    ])
  })

  test('counts every sample that it did not take, and names the place of each', async ({ service }) => {
    const other = { ...SAMPLE, uuid: '0a0a0a0a-0000-4000-8000-000000000002' }
    const samples = [
      ...[1, 2, 3].map(() => ({ ...SAMPLE, unit: 'stone' })),
      { ...SAMPLE, wasUserEntered: 'yes' },
      { ...other, startDate: '2199-03-10T01:59:59-05:00' },
    ]
    expect(await call(service, { samples })).toEqual({
      accepted: 1,
      rejected: [
        { index: 0, reason: 'unit: not one of body_weight_kg (3 records)' },
        { index: 3, reason: 'wasUserEntered: missing or not readable' },
        { index: 4, reason: 'body_weight_kg: starts before 1970 or in the future' },
      ],
    })
  })

  test('again changes nothing, corrected replaces, deleted is gone and stays so', async ({ db, service }) => {
    const upload = async (input: object) => {
      await call(service, input)
      await normalizeAll(db, service)
    }
    await upload({ samples: [SAMPLE] })
    const before = await samples(db)
    await upload({ samples: [SAMPLE] })
    expect(await samples(db)).toEqual(before)
    await upload({ samples: [{ ...SAMPLE, value: 71, startDate: '2024-03-11T08:00:00-04:00' }] })
    expect(await samples(db)).toMatchObject([{ value: 71, local_day: '2024-03-11', source_id: UUID }])
    await upload({ samples: [], deleted: [UUID.toUpperCase()] })
    expect(await samples(db)).toEqual([])
    await normalizeAll(db, service)
    expect(await samples(db)).toEqual([])
  })
})
