import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDataDirectory, type RunningProduct, startProduct } from '../support/running.ts'
import type { Row } from './figures.ts'
import type { Slope } from './memory-watch.ts'
import { readBacklog, type SeriesBacklog } from './series-backlog.ts'
import { connectTrainees, type Trainee } from './training-people.ts'

/** Everything that `npm start` runs, with people who have trained nothing yet; it is gone afterwards. */
export async function withTrainees<Result>(
  count: number,
  work: (product: RunningProduct, trainees: readonly Trainee[]) => Promise<Result>,
): Promise<Result> {
  const dataDirectory = makeDataDirectory()
  const activities = join(dataDirectory, 'activities.json')
  writeFileSync(activities, '[]')
  const product = await startProduct({ dataDirectory, env: { STRAVA_SIMULATOR_ACTIVITIES: activities } })
  try {
    return await work(product, await connectTrainees(product, count))
  } finally {
    await product.stop()
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

export function describeSlopes(slopes: Readonly<Record<string, Slope>>, when: string): Row[] {
  return Object.entries(slopes).map(([name, { mbPerMinute, toMb }]) => ({
    what: `memory of the ${name}`,
    note: `${toMb.toFixed(0)} MB, ${mbPerMinute >= 0 ? '+' : ''}${mbPerMinute.toFixed(1)} MB a minute ${when}`,
  }))
}

export const backlogOf = ({ dataDirectory }: RunningProduct) => readBacklog(dataDirectory)

/** What was put off for what is more urgent; everything that was made has series. */
export function describeBacklog(backlog: SeriesBacklog, trainees: readonly Trainee[]): Row {
  const made = trainees.reduce((sum, { trained }) => sum + trained, 0)
  const { stored, fetched } = backlog
  const waiting = made - stored - fetched
  return {
    what: 'series of these activities',
    note: `${stored} of ${made} stored, ${fetched} fetched and not yet stored, ${waiting} not yet fetched`,
  }
}
