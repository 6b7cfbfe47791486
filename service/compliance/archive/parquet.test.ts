import { describe, expect, test } from 'vitest'
import { COLUMNS, type TextRow } from './columns.ts'
import { createParquetFile, readParquet } from './parquet.ts'

const SAMPLE: TextRow = {
  user_id: '11111111-1111-4111-8111-111111111111',
  kind: 'heart_rate_bpm',
  started_at: '1735689600000001', // 2025-01-01T00:00:00.000001Z: a JavaScript date would lose the last digit
  ended_at: '1735689600000001',
  platform: 'garmin',
  source: '',
  variant: 'Läufer 🏃',
  value: '61',
  local_day: '20089',
  start_offset_seconds: '-3600',
  manual: 'false',
  source_id: null,
  raw_id: '22222222-2222-4222-8222-222222222222',
  raw_created_at: '1735689700123456',
  observed_at: '-1', // before 1970
}

async function roundTrip(groups: readonly (readonly TextRow[])[]): Promise<TextRow[]> {
  const file = createParquetFile(COLUMNS.samples)
  for (const rows of groups) file.add(rows)
  const back: TextRow[] = []
  for await (const rows of readParquet(COLUMNS.samples, file.finish())) back.push(...rows)
  return back
}

describe('a Parquet file', () => {
  test('gives every row back as it was, digit by digit, group by group', async () => {
    const values = ['61', '61.50', '0.1000000000000000055', '123456789012345678901234567890', '-0.001', '0']
    const rows = values.map((value) => ({ ...SAMPLE, value }))
    expect(await roundTrip([rows.slice(0, 2), rows.slice(2)])).toEqual(rows)
  })

  test('tells nothing from empty and null from false', async () => {
    const row = { ...SAMPLE, source_id: '', start_offset_seconds: null, manual: 'true' }
    expect(await roundTrip([[row, SAMPLE]])).toEqual([row, SAMPLE])
  })

  test('is small: a month of quarters of an hour takes less than ten bytes a row', async () => {
    const rows = Array.from({ length: 2_880 }, (_, n) => ({
      ...SAMPLE,
      value: String((n * 37) % 200),
      started_at: String(1_735_689_600_000_000 + n * 900_000_000),
      ended_at: String(1_735_690_500_000_000 + n * 900_000_000),
    }))
    const file = createParquetFile(COLUMNS.samples)
    file.add(rows)
    expect(file.finish().length / rows.length).toBeLessThan(10)
  })
})
