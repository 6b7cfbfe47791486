import { bulkhead } from 'cockatiel'

export interface Held<Answer, Result> {
  readonly fetch: () => Promise<Answer>
  /** What the answer takes in memory from now on. */
  readonly bytesOf: (answer: Answer) => number
  readonly use: (answer: Answer) => Promise<Result>
}

/** Fetches an answer and holds it until it was used; 'busy', and nothing was fetched, while those that are held leave no room. */
export type HoldAnswer = <Answer, Result>(held: Held<Answer, Result>) => Promise<Result | 'busy'>

/**
 * Bounds what answers take in memory whose size nobody knows before they are here: `unknownBytes` are set aside for one that is under way. So
 * many are under way at once that these fill `mostBytes`, and the next wait their turn, which is short; behind those that were large and are
 * not used yet nobody waits here, where a job keeps its place from others.
 */
export function createRoom({ mostBytes, unknownBytes }: { mostBytes: number; unknownBytes: number }): HoldAnswer {
  const underWay = bulkhead(Math.floor(mostBytes / unknownBytes), Number.MAX_SAFE_INTEGER)
  let taken = 0
  return async ({ fetch, bytesOf, use }) => {
    let mine = 0
    const take = (bytes: number) => {
      taken += bytes - mine
      mine = bytes
    }
    try {
      const fetched = await underWay.execute(async () => {
        if (taken >= mostBytes) return undefined
        take(unknownBytes)
        const answer = await fetch()
        take(bytesOf(answer))
        return { answer }
      })
      return fetched === undefined ? 'busy' : await use(fetched.answer)
    } finally {
      take(0)
    }
  }
}
