import { startEngineProcess } from './engine-process.ts'
import { alarmAbove, median, type Outcome, percentile, printProgress } from './figures.ts'
import { type Ask, askThrough, openBare, pickQuestion, type Question } from './ninety-days.ts'
import type { SummariesDatabase } from './summaries-database.ts'

const PROMISED = { p50Ms: 10, p99Ms: 50 }
/** How much slower than promised is an alarm: machines that run tests are slow and shared. */
const ALARM_FACTOR = 10
const WARM_UP_ROUNDS = 100
const AT_ONCE = 8

/** All columns of somebody's ninety days through the stand-in, in a process of its own, beside the same SQL without it. */
export async function benchGraphql(database: SummariesDatabase, { rounds }: { rounds: number }): Promise<Outcome> {
  printProgress(`${rounds} queries for ninety days`)
  const bare = await openBare(database.hasuraUrl)
  const engine = await startEngineProcess(database.hasuraUrl)
  try {
    const through = askThrough(engine)
    await measureInTurns([bare.ask, through], database, WARM_UP_ROUNDS)
    const [bareMs = [], aloneMs = []] = await measureInTurns([bare.ask, through], database, rounds)
    const together = await measureTogether(through, database, rounds)
    return describe(database, { bareMs, aloneMs, together })
  } finally {
    await engine.stop()
    await bare.close()
  }
}

interface Measured {
  readonly bareMs: readonly number[]
  readonly aloneMs: readonly number[]
  readonly together: { readonly durationsMs: readonly number[]; readonly perSecond: number }
}

function describe(database: SummariesDatabase, { bareMs, aloneMs, together }: Measured): Outcome {
  const { p50Ms, p99Ms } = PROMISED
  const [p50, p99] = [median(aloneMs), percentile(aloneMs, 0.99)]
  const what = '90 days of daily_summaries'
  const ratio = (durationsMs: readonly number[]) => `${(median(durationsMs) / median(bareMs)).toFixed(1)} × bare`
  const promise = `p50 < ${p50Ms} and p99 < ${p99Ms} ms ${p50 < p50Ms && p99 < p99Ms ? 'kept' : 'MISSED'}`
  const filled = `${database.size} on disk, made in ${Math.round(database.filledInMs / 1000)} s`
  const load = `${ratio(together.durationsMs)}; ${Math.round(together.perSecond)} per second`
  return {
    rows: [
      { what: `${database.rowCount.toLocaleString('en')} rows in daily_summaries`, note: filled },
      { what: `${what}, the same SQL through bare pg`, durationsMs: bareMs },
      { what: `${what} through the stand-in`, durationsMs: aloneMs, note: `${ratio(aloneMs)}; ${promise}` },
      { what: `${what}, ${AT_ONCE} at once`, durationsMs: together.durationsMs, note: load },
    ],
    targets: [
      {
        what: `90 days of ${database.rowCount.toLocaleString('en')} through GraphQL, p50`,
        unit: 'ms',
        better: 'lower',
        bar: p50Ms,
        values: [p50],
      },
      {
        what: `90 days of ${database.rowCount.toLocaleString('en')} through GraphQL, p99`,
        unit: 'ms',
        better: 'lower',
        bar: p99Ms,
        values: [p99],
      },
    ],
    alarms: [
      ...alarmAbove(`${what}, p50 in ms`, p50, p50Ms * ALARM_FACTOR),
      ...alarmAbove(`${what}, p99 in ms`, p99, p99Ms * ALARM_FACTOR),
    ],
  }
}

/** In turns, so that whatever else the machine is doing meets all of them. */
async function measureInTurns(asks: readonly Ask[], database: SummariesDatabase, rounds: number): Promise<number[][]> {
  const durationsMs = asks.map((): number[] => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, ask] of asks.entries()) durationsMs[index]?.push(await time(ask, await pickQuestion(database)))
  return durationsMs
}

async function measureTogether(ask: Ask, database: SummariesDatabase, count: number) {
  const questions = await Promise.all(Array.from({ length: count }, () => pickQuestion(database)))
  const durationsMs: number[] = []
  const started = performance.now()
  const askOneByOne = async () => {
    for (let question = questions.pop(); question !== undefined; question = questions.pop())
      durationsMs.push(await time(ask, question))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, askOneByOne))
  return { durationsMs, perSecond: (count / (performance.now() - started)) * 1000 }
}

async function time(ask: Ask, question: Question): Promise<number> {
  const send = ask(question)
  const started = performance.now()
  const text = await send()
  const durationMs = performance.now() - started
  const { data } = JSON.parse(text) as { data?: { daily_summaries: readonly unknown[] } }
  if (data?.daily_summaries.length !== 90) throw new Error(`not the ninety days: ${text.slice(0, 500)}`)
  return durationMs
}
