import { expect, test } from 'vitest'
import { noteLeftOut, openWorkoutNumbers } from './workout-numbers.ts'

const length = { unit: 'km', dimension: 'length' } as const

test('what is not there is not left out', () => {
  const numbers = openWorkoutNumbers()
  expect([null, undefined].map((value) => numbers.amount('distance', { value, ...length }))).toEqual([
    undefined,
    undefined,
  ])
  expect(noteLeftOut(3, numbers.leftOut())).toEqual([])
})

test('what is left out a thousand times is noted once, without its value, and costs no record', () => {
  const numbers = openWorkoutNumbers()
  for (let lap = 0; lap < 1000; lap += 1) numbers.amount('lap', { value: `${lap} to go`, ...length })
  numbers.amount('distance', { value: 31_415, unit: 'steps', dimension: 'length' })
  expect(noteLeftOut(3, numbers.leftOut())).toEqual([
    { position: 3, reason: 'workout: lap: not a number; distance: unit not one of length', items: 0 },
  ])
})
