import type { ActivityRecord, RejectedRecord } from '../records.ts'
import { readNumber } from './health-record.ts'
import { convert, type Dimension } from './units.ts'

/** A workout, and what of it could not be read: never with a value. */
export interface ReadWorkout {
  readonly activity: ActivityRecord
  readonly leftOut: readonly string[]
}

/** The optional numbers of one workout: what is there and cannot be read is left out and noted, what is not there is neither. */
export interface WorkoutNumbers {
  number(name: string, value: unknown): number | undefined
  amount(
    name: string,
    quantity: { readonly value: unknown; readonly unit: unknown; readonly dimension: Dimension },
  ): number | undefined
  leaveOut(name: string, problem: string): undefined
  /** Each once. */
  leftOut(): readonly string[]
}

export function openWorkoutNumbers(): WorkoutNumbers {
  const problems = new Set<string>()
  const leaveOut = (name: string, problem: string): undefined => void problems.add(`${name}: ${problem}`)
  const number: WorkoutNumbers['number'] = (name, value) =>
    value == null ? undefined : (readNumber(value) ?? leaveOut(name, 'not a number'))
  return {
    number,
    amount(name, { value, unit, dimension }) {
      const read = number(name, value)
      if (read === undefined) return undefined
      const converted = typeof unit === 'string' ? convert(read, unit, { dimension, base: 1 }) : undefined
      return converted ?? leaveOut(name, `unit not one of ${dimension}`)
    },
    leaveOut,
    leftOut: () => [...problems],
  }
}

/** The workout is kept, so that no record of the payload is lost. */
export function noteLeftOut(position: number, leftOut: readonly string[], name = 'workout'): readonly RejectedRecord[] {
  return leftOut.length === 0 ? [] : [{ position, reason: `${name}: ${leftOut.join('; ')}`, items: 0 }]
}
