/** A kind of document as Oura's API v2 has it. */
export interface List {
  /** As webhooks name it, in lower case; our payloads' data type too. */
  readonly name: string
  /** Below `/v2/usercollection/`: one of them has a capital letter. */
  readonly path: string
  readonly scope: string
  /** Asked for by day or by moment. */
  readonly range: 'days' | 'moments'
  /** What is told by webhook; of what only has numbers of a day no deletion can be acted upon. */
  readonly events: readonly ('create' | 'update' | 'delete')[]
}

const CHANGES = ['create', 'update'] as const
const ALL = ['create', 'update', 'delete'] as const
const daily = { scope: 'daily', range: 'days', events: CHANGES } as const

/** In the order in which they are asked for: those that a worn ring always fills come first. */
export const LISTS: readonly List[] = [
  { name: 'sleep', path: 'sleep', scope: 'daily', range: 'days', events: ALL },
  { name: 'workout', path: 'workout', scope: 'workout', range: 'days', events: ALL },
  { name: 'daily_activity', path: 'daily_activity', ...daily },
  { name: 'session', path: 'session', scope: 'session', range: 'days', events: ALL },
  { name: 'daily_readiness', path: 'daily_readiness', ...daily },
  { name: 'daily_sleep', path: 'daily_sleep', ...daily },
  { name: 'daily_spo2', path: 'daily_spo2', ...daily, scope: 'spo2' },
  { name: 'daily_stress', path: 'daily_stress', ...daily, scope: 'stress' },
  { name: 'daily_resilience', path: 'daily_resilience', ...daily, scope: 'stress' },
  { name: 'daily_cardiovascular_age', path: 'daily_cardiovascular_age', ...daily, scope: 'heart_health' },
  { name: 'vo2_max', path: 'vO2_max', ...daily, scope: 'heart_health' },
  { name: 'heartrate', path: 'heartrate', scope: 'heartrate', range: 'moments', events: [] },
]

export function findList(name: string): List | undefined {
  return LISTS.find((list) => list.name === name.toLowerCase())
}
