export interface Turns {
  /** Runs one piece of work after another, and answers 'busy' at once when as many wait already. */
  take<Result>(work: () => Promise<Result>): Promise<Result | 'busy'>
  /** The same however many wait: for what is in memory already, and cannot be had again. */
  wait<Result>(work: () => Promise<Result>): Promise<Result>
}

/**
 * What is large is done one at a time in a process, so that its memory is that of one. Nobody waits in a long line: a job that waited
 * would keep its place among the jobs from those that are small. `mostWaiting`: beside the one that runs.
 */
export function createTurns({ mostWaiting }: { mostWaiting: number }): Turns {
  let last: Promise<unknown> = Promise.resolve()
  let present = 0
  const wait = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    present += 1
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    try {
      return await mine
    } finally {
      present -= 1
    }
  }
  return { take: async (work) => (present > mostWaiting ? 'busy' : wait(work)), wait }
}

const SOONEST_MS = 300
const LATEST_MS = 1_500

/** When a job that found no place comes again: not all at the same moment. */
export function comeAgainAt(): Date {
  return new Date(Date.now() + SOONEST_MS + Math.random() * (LATEST_MS - SOONEST_MS))
}
