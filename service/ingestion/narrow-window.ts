import type { Window } from './requested-windows.ts'

const DAY_MS = 86_400_000

/** How far back a platform gives its history, as its answers have told so far; milliseconds since 1970. */
export interface Reach {
  /** The latest start that was too far back. */
  readonly refused?: number
  readonly refusals?: number
  /** The earliest start behind it that was not. */
  readonly accepted?: number
}

/**
 * What to ask for of a window that may reach back too far: where that is known, a day less at first, then half of what is left, never
 * less than a day. Undefined: nothing of it is to be had. Pure.
 */
export function narrowWindow({ from, to }: Window, { refused, refusals = 0, accepted }: Reach): Window | undefined {
  if (refused === undefined || from.getTime() > refused) return { from, to }
  const leftMs = to.getTime() - refused
  if (leftMs <= DAY_MS) return undefined
  if (accepted !== undefined && accepted < to.getTime()) return { from: new Date(accepted), to }
  const lessMs = refusals === 1 && accepted === undefined ? DAY_MS : leftMs / 2
  return { from: new Date(Math.min(refused + lessMs, to.getTime() - DAY_MS)), to }
}

/** What an answer teaches. Pure. */
export function learnReach(reach: Reach, { from }: Window, isTooOld: boolean): Reach {
  const start = from.getTime()
  if (isTooOld)
    return { ...reach, refused: Math.max(start, reach.refused ?? start), refusals: (reach.refusals ?? 0) + 1 }
  if (reach.refused === undefined || start <= reach.refused) return reach
  return { ...reach, accepted: Math.min(start, reach.accepted ?? start) }
}
