import { expect, test } from 'vitest'
import { coveringWindow, subtractWindows, type Window } from './requested-windows.ts'

const day = (number: number) => new Date(Date.UTC(2026, 0, number))
const window = (from: number, to: number): Window => ({ from: day(from), to: day(to) })

test.for<[string, Window[], Window[]]>([
  ['nothing', [], [window(10, 20)]],
  ['all of it', [window(9, 21)], []],
  ['exactly it', [window(10, 20)], []],
  ['its start', [window(1, 12)], [window(12, 20)]],
  ['its end', [window(18, 30)], [window(10, 18)]],
  ['its middle', [window(12, 14)], [window(10, 12), window(14, 20)]],
  ['what lies before', [window(1, 10)], [window(10, 20)]],
  ['what lies behind', [window(20, 30)], [window(10, 20)]],
  ['two parts that overlap', [window(9, 13), window(12, 15)], [window(15, 20)]],
  ['two parts with a gap', [window(10, 13), window(15, 20)], [window(13, 15)]],
])('from the 10th to the 20th, with %s asked for already, is left', ([, covered, expected]) => {
  expect(subtractWindows(window(10, 20), covered)).toEqual(expected)
})

test('a piece that is too short to ask for is let go', () => {
  expect(subtractWindows(window(10, 20), [window(10, 19)], 86_400_000)).toEqual([])
})

test.for<[number, Window[], Window | undefined]>([
  [5, [], undefined],
  [5, [window(1, 4)], undefined],
  [5, [window(5, 9)], undefined],
  [5, [window(1, 5)], window(1, 5)],
  [5, [window(3, 9), window(1, 3)], window(1, 9)],
  [5, [window(3, 9), window(1, 2)], window(3, 9)],
])('the %sth lies in what was read', ([at, covered, expected]) => {
  expect(coveringWindow(day(at), covered)).toEqual(expected)
})
