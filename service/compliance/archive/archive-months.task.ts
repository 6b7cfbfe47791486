import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import { defineTask, PRIORITY } from '../../runtime/jobs.ts'
import { archivePerson } from './archive-person.ts'
import type { ArchivedTable } from './columns.ts'
import { deleteParts } from './delete-archives.ts'
import {
  type ClosedMonth,
  dropArchived,
  findClosedMonths,
  findKeptPlatforms,
  findParts,
  findPeople,
} from './queries.ts'
import type { ArchiveServices } from './services.ts'
import type { ArchiveDays } from './settings.ts'

export interface ArchiveTaskServices extends ArchiveServices {
  readonly archiveDays: ArchiveDays
}

/** People in one run: then the worker can be stopped, and whoever waits has a turn. */
const PEOPLE_AT_ONCE = 200

/** Months that are old enough leave the database for sealed Parquet files, person by person, and are dropped when every row is in one. */
export const archiveMonths = defineTask<ArchiveTaskServices>()({
  identifier: 'archive_months',
  payload: z.unknown(),
  jobKey: () => 'archive_months',
  priority: PRIORITY.enrichment,
  async run(_payload, services) {
    return (await archiveSome(services)) === 'more' ? { runAgainAt: new Date() } : undefined
  },
})

/** `more`: of what is due, something is left. */
export async function archiveSome(services: ArchiveTaskServices): Promise<'more' | 'done'> {
  const keptPlatforms = await findKeptPlatforms(services.db)
  for (const [table, days] of Object.entries(services.archiveDays) as [ArchivedTable, number][])
    for (const month of await findClosedMonths(services.db, table, days))
      if ((await archiveMonth(services, month, keptPlatforms)) === 'more') return 'more'
  return 'done'
}

async function archiveMonth(
  services: ArchiveTaskServices,
  month: ClosedMonth,
  keptPlatforms: readonly string[],
): Promise<'more' | 'done'> {
  const { db } = services
  const people = await findPeople(db, month, { keptPlatforms, limit: PEOPLE_AT_ONCE })
  for (const userId of people) await archivePerson(services, { ...month, userId, keptPlatforms }).catch(ignoreErased)
  if (people.length === PEOPLE_AT_ONCE) return 'more'
  return dropMonth(services, month, keptPlatforms)
}

/** Whoever is being erased has rows for moments only. */
function ignoreErased(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== 'erasure/person_erased') throw error
}

async function dropMonth(
  services: ArchiveTaskServices,
  month: ClosedMonth,
  keptPlatforms: readonly string[],
): Promise<'more' | 'done'> {
  const { db, audit } = services
  const waiting = await findParts(db, { table: month.table, month: month.month, undropped: true })
  if (waiting.length === 0) return 'done' // only what stays is left, or somebody else was first
  const dropped = await db.transaction(async (tx) => {
    const result = await dropArchived(tx, month, keptPlatforms)
    if (result.outcome === 'changed') return result
    const details = { table: month.table, month: month.month, rows: Number(result.archived), outcome: result.outcome }
    const actor = { kind: 'system', id: null } as const
    await audit(tx, { action: 'archive.month_archived', actor, subjectUserId: null, outcome: 'success', details })
    return result
  })
  if (dropped.outcome !== 'changed') return 'done'
  // Written meanwhile, deleted, or put under a hold: what was archived of them is no longer so.
  const changed = new Set(dropped.changed)
  await deleteParts(
    services,
    waiting.filter(({ userId }) => changed.has(userId)),
  )
  return 'more'
}
