import type { Db } from '../runtime/db.ts'
import {
  findActivityDifferences,
  findDayDifferences,
  findDeletedSleep,
  findSleepDifferences,
  findUnlistedActivities,
  findUnlistedSleep,
} from './compare-queries.ts'
import type { ListedPage } from './list-records.ts'
import type { Difference } from './reconciliation-queries.ts'
import type { ConnectionKey } from './services.ts'

export interface Comparing {
  readonly listed: ListedPage
  readonly dataType: string
  /** What is older was not asked for, though a page may reach further back. */
  readonly since: Date
  /** Between which times the page has everything; null: nobody can say what is not on it. */
  readonly span: { readonly from: Date; readonly to: Date } | null
}

type Found = readonly Omit<Difference, 'dataType'>[]

/** What of a page is not here as it is there, and what of its time is here alone. */
export async function comparePage(db: Db, key: ConnectionKey, page: Comparing): Promise<readonly Difference[]> {
  const found = [
    ...(await compareActivities(db, key, page)),
    ...(await compareSleep(db, key, page)),
    ...(await compareDays(db, key, page)),
  ]
  return found.map((difference) => ({ ...difference, dataType: page.dataType }))
}

async function compareActivities(
  db: Db,
  key: ConnectionKey,
  { listed: { activities }, since, span }: Comparing,
): Promise<Found> {
  if (activities === undefined) return []
  const within = activities.filter(({ started_at: at }) => at === null || new Date(at) >= since)
  const listedIds = activities.map(({ source_id: id }) => id)
  const unlisted = span === null ? [] : await findUnlistedActivities(db, key, { ...span, listedIds })
  return [...(await findActivityDifferences(db, key, within)), ...unlisted]
}

async function compareSleep(db: Db, key: ConnectionKey, { listed: { sleep }, since, span }: Comparing): Promise<Found> {
  if (sleep === undefined) return []
  const { sessions, deletedIds } = sleep
  const within = sessions.filter(({ started_at: at }) => new Date(at) >= since)
  const listedIds = [...sessions.map(({ source_id: id }) => id), ...deletedIds]
  const unlisted = span === null ? [] : await findUnlistedSleep(db, key, { ...span, listedIds })
  return [
    ...(await findSleepDifferences(db, key, within)),
    ...(await findDeletedSleep(db, key, deletedIds)),
    ...unlisted,
  ]
}

/** A day that the list does not have says nothing: numbers of a day are never deleted at a platform. */
async function compareDays(
  db: Db,
  key: ConnectionKey,
  { listed: { days }, dataType, since }: Comparing,
): Promise<Found> {
  if (days === undefined) return []
  const within = days.filter(({ day }) => new Date(day) >= since)
  return findDayDifferences(db, key, { listed: within, dataType })
}
