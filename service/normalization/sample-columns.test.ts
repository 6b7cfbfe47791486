import { expect, test } from 'vitest'
import type { SampleRecord } from '../platforms/records.ts'
import { SampleColumns } from './sample-columns.ts'

const sample = (more: Partial<SampleRecord>): SampleRecord => ({
  kind: 'steps',
  startedAt: new Date('2024-01-31T23:00:00Z'),
  endedAt: new Date('2024-01-31T23:10:00Z'),
  offsetSeconds: null,
  value: 1,
  source: 'watch',
  variant: '',
  sourceId: null,
  manual: false,
  ...more,
})

test('of two payloads that tell one record the one with the greater id counts, whichever comes first', () => {
  for (const [first, second] of [
    ['b', 'a'],
    ['a', 'b'],
  ] as const) {
    const columns = new SampleColumns()
    columns.addPayload(first, [sample({ value: first === 'b' ? 20 : 10 })])
    columns.addPayload(second, [sample({ value: second === 'b' ? 20 : 10 }), sample({ value: 30, variant: '2' })])
    expect(columns.value).toEqual([20, 30])
    expect(columns.raw).toEqual([first === 'b' ? 1 : 2, 2])
  }
})

test('records that differ in kind, end, source or variant are others, however many start together', () => {
  const columns = new SampleColumns()
  columns.addPayload('a', [
    sample({ value: 1 }),
    sample({ value: 2, kind: 'distance_m' }),
    sample({ value: 3, endedAt: new Date('2024-01-31T23:20:00Z') }),
    sample({ value: 4, source: 'phone' }),
    sample({ value: 5, variant: '2' }),
    sample({ value: 6 }),
  ])
  expect(columns.value).toEqual([6, 2, 3, 4, 5])
})

test('the months are those that records start in', () => {
  const columns = new SampleColumns()
  const at = (time: string) => sample({ startedAt: new Date(time), endedAt: new Date(time) })
  columns.addPayload(
    'a',
    ['2024-01-31T23:59:59Z', '2024-02-01T00:00:00Z', '1969-12-31T00:00:00Z', '2024-01-01T00:00:00Z'].map(at),
  )
  expect([...columns.months].toSorted()).toEqual(['1969-12-01', '2024-01-01', '2024-02-01'])
})
