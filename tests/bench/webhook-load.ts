import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningProduct } from '../support/running.ts'
import { countVisible, type Trainee, train } from './training-people.ts'

const LOOK_EVERY_MS = 25
/** Who waits long is asked less often, so that a slow product is not slowed further: the error stays below this share. */
const ERROR_SHARE = 0.1
const GIVE_UP_AFTER_MS = 120_000

export interface Load {
  readonly perSecond: number
  readonly seconds: number
  /** Every so many events one is looked for until it is visible; the others only happen. */
  readonly watchEvery: number
}

/**
 * Webhooks at an even rate, whatever comes of them, from everybody in turn. Answers how long each of the watched ones took from the
 * moment its activity was made: chosen beforehand, so that slow moments count as much as quick ones.
 */
export async function sendWebhooks(
  product: RunningProduct,
  trainees: readonly Trainee[],
  { perSecond, seconds, watchEvery }: Load,
): Promise<readonly number[]> {
  const begun = performance.now()
  const sent: Promise<void>[] = []
  const watched: Promise<number>[] = []
  for (let event = 0; event < seconds * perSecond; event += 1) {
    const early = begun + (event / perSecond) * 1000 - performance.now()
    if (early > 1) await sleep(early)
    const trainee = trainees[event % trainees.length]
    if (trainee === undefined) break
    const made = performance.now()
    sent.push(train(product, trainee))
    if (event % watchEvery === 0) watched.push(untilVisible(trainee, made))
  }
  const [durationsMs] = await Promise.all([Promise.all(watched), Promise.all(sent)])
  return durationsMs
}

/** Somebody's activities become visible in the order in which they were made, so that their number tells which are. */
async function untilVisible(trainee: Trainee, made: number): Promise<number> {
  const wanted = trainee.trained
  for (;;) {
    const asked = performance.now()
    const visible = await countVisible(trainee)
    const waitedMs = performance.now() - made
    if (visible >= wanted) return waitedMs
    if (waitedMs > GIVE_UP_AFTER_MS)
      throw new Error(
        `athlete ${trainee.athleteId} sees ${visible} of ${wanted} activities after ${GIVE_UP_AFTER_MS} ms`,
      )
    await sleep(Math.max(1, LOOK_EVERY_MS - (performance.now() - asked), waitedMs * ERROR_SHARE))
  }
}
