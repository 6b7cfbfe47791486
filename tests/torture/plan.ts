import { createRandom } from './random.ts'

/** One thing that an athlete does and that the platform tells us of. `activity` counts each athlete's from 0. */
export interface PlannedEvent {
  readonly event: number
  readonly athlete: number
  readonly activity: number
  readonly does: 'create' | 'rename' | 'delete'
  /** How much later than planned it is delivered: later ones may overtake it. */
  readonly delayMs: number
  /** How often it is delivered again after it was acknowledged. */
  readonly repetitions: number
}

/** The same events for the same seed. About a tenth are new activities, one in fifty is deleted, the rest are renamed. */
export function planEvents({
  seed,
  events,
  athletes,
}: {
  seed: number
  events: number
  athletes: number
}): PlannedEvent[] {
  const random = createRandom(seed)
  const living = Array.from({ length: athletes }, () => [] as number[])
  const made = Array.from({ length: athletes }, () => 0)
  return Array.from({ length: events }, (_, event) => {
    const athlete = random.between(0, athletes - 1)
    const mine = living[athlete] ?? []
    const chance = random.next()
    const does = mine.length === 0 || chance < 0.1 ? 'create' : chance < 0.12 && mine.length > 1 ? 'delete' : 'rename'
    const activity = does === 'create' ? (made[athlete] ?? 0) : random.pick(mine)
    if (does === 'create') {
      made[athlete] = activity + 1
      mine.push(activity)
    }
    if (does === 'delete') living[athlete] = mine.filter((one) => one !== activity)
    const again = random.next()
    const repetitions = again < 0.002 ? 100 : again < 0.05 ? random.between(1, 3) : 0
    return { event, athlete, activity, does, delayMs: random.next() < 0.2 ? random.between(0, 2_000) : 0, repetitions }
  })
}
