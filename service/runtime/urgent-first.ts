import { type BoundTask, PRIORITY } from './jobs.ts'

export interface UrgentFirstOptions {
  /** Of jobs that somebody waits for, this many leave room for others. Default 2. */
  readonly calmAt?: number
  /** So long the others wait at most: what never ends holds up nothing for good. Default 2 s. */
  readonly longestMs?: number
}

/**
 * Has a process begin what only fills spare time (`PRIORITY.enrichment`) while it does little that somebody waits for
 * (`PRIORITY.webhook` and above). Pools keep places free, but not processors: two recordings in the making would take as long to make way
 * as twenty webhooks take. Where a backlog of webhooks is worked off, the rest nearly stands still.
 */
export function urgentFirst(options: UrgentFirstOptions = {}): (task: BoundTask) => BoundTask {
  const { calmAt = 2, longestMs = 2_000 } = options
  const waiting = new Set<() => void>()
  let urgent = 0
  const urgently = async (work: () => Promise<void>) => {
    urgent += 1
    try {
      await work()
    } finally {
      urgent -= 1
      if (urgent <= calmAt) for (const goOn of waiting) goOn()
    }
  }
  const untilCalm = () =>
    new Promise<void>((resolve) => {
      if (urgent <= calmAt) return resolve()
      const goOn = () => {
        clearTimeout(timer)
        waiting.delete(goOn)
        resolve()
      }
      const timer = setTimeout(goOn, longestMs)
      waiting.add(goOn)
    })
  return (task) => {
    if (task.priority <= PRIORITY.webhook)
      return { ...task, perform: (payload, job) => urgently(() => task.perform(payload, job)) }
    if (task.priority < PRIORITY.enrichment) return task
    return { ...task, perform: (payload, job) => untilCalm().then(() => task.perform(payload, job)) }
  }
}
