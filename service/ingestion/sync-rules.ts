import { PRIORITY } from '../runtime/jobs.ts'
import type { AskedBy } from './runs.ts'

const DAY_MS = 86_400_000
/** A ride uploaded late has an old start: each look goes back this far behind the last one. */
export const OVERLAP_MS = 14 * DAY_MS

/** Whoever waits comes first, then what is new, then the past. */
export function priorityOf({ kind, askedBy }: { readonly kind: string; readonly askedBy: AskedBy }): number {
  if (kind === 'history') return PRIORITY.history
  return askedBy === 'person' ? PRIORITY.interactive : PRIORITY.normal
}

/** Of whose share of the request limit it is made: what is new goes before the past. */
export function urgencyOf({
  kind,
  askedBy,
}: {
  readonly kind: string
  readonly askedBy: AskedBy
}): 'interactive' | 'polling' | 'history' {
  if (kind === 'history') return 'history'
  return askedBy === 'person' ? 'interactive' : 'polling'
}
