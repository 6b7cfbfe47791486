import { describe, expect, test } from 'vitest'
import type { SampleRecord, SampleSpan } from '../platforms/records.ts'
import { lastOfEach, longestOfEach } from './last-of-each.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 10, 0, minute))
const sample = (variant: string, end: number, value: number): SampleRecord => ({
  kind: 'steps',
  startedAt: at(0),
  endedAt: at(end),
  offsetSeconds: 0,
  value,
  source: '',
  variant,
  sourceId: null,
  manual: false,
})
const span = (variant: string, end: number): SampleSpan => ({
  kinds: ['steps'],
  from: at(0),
  to: at(end),
  source: '',
  variant,
  keepLonger: true,
})

describe('what a payload holds twice', () => {
  test.for([
    ['the later of two as complete', [0, 0], 'b'],
    ['the more complete, which came first', [2, 1], 'a'],
    ['the more complete, which came last', [1, 2], 'b'],
  ] as const)('is %s', ([, [first, second], expected]) => {
    const items = [
      { id: 1, name: 'a', finality: first },
      { id: 1, name: 'b', finality: second },
    ]
    const kept = lastOfEach(
      items,
      ({ id }) => String(id),
      ({ finality }) => finality,
    )
    expect(kept.map(({ name }) => name)).toEqual([expected])
  })

  test('is the longest of an interval that grew, for each kind of movement', () => {
    const told = [sample('walking', 15, 400), sample('walking', 5, 100), sample('running', 5, 50)]
    const spans = [span('walking', 15), span('walking', 5), span('running', 5)]
    expect(longestOfEach(told, spans)).toEqual([told[0], told[2]])
  })

  test('stays both where nobody says that it grew', () => {
    const told = [sample('', 15, 400), sample('', 5, 100)]
    expect(longestOfEach(told, [])).toEqual(told)
    expect(longestOfEach(told, [{ ...span('', 15), keepLonger: false }])).toEqual(told)
  })
})
