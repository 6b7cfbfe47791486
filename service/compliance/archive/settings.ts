import { z } from 'zod'
import type { Retention } from '../retention/settings.ts'
import { type ArchivedTable, COLUMNS } from './columns.ts'

export type ArchiveDays = Readonly<Partial<Record<ArchivedTable, number>>>

const NAMES = Object.keys(COLUMNS)
const ENTRY = /^([a-z_]+)=([1-9]\d{0,4})$/

export const ARCHIVE_ENVIRONMENT = {
  /** `name=days`, comma-separated: whole months older than that leave the database for sealed Parquet files in BACKUP_STORE. */
  ARCHIVE_DAYS: z
    .string()
    .transform((list) => list.split(',').map((entry) => ENTRY.exec(entry.trim())))
    .refine(
      (entries) => entries.every((entry) => entry !== null && NAMES.includes(entry[1] ?? '')),
      `must be name=days, comma-separated, of ${NAMES.join(', ')}`,
    )
    .transform((entries) => Object.fromEntries(entries.map((entry) => [entry?.[1], Number(entry?.[2])])) as ArchiveDays)
    .default({}),
}

interface Asked {
  readonly ARCHIVE_DAYS: ArchiveDays
  readonly RETENTION_DAYS: Retention
  readonly BACKUP_STORE?: unknown
  readonly BACKUP_KEY?: unknown
}

export function archiveProblems({ ARCHIVE_DAYS, RETENTION_DAYS, BACKUP_STORE, BACKUP_KEY }: Asked): string[] {
  const asked = Object.entries(ARCHIVE_DAYS) as [ArchivedTable, number][]
  if (asked.length > 0 && (BACKUP_STORE === undefined || BACKUP_KEY === undefined))
    return ['ARCHIVE_DAYS: needs BACKUP_STORE and BACKUP_KEY, where archives go and what seals them']
  return asked
    .filter(([table, days]) => (RETENTION_DAYS[table] ?? Number.POSITIVE_INFINITY) <= days)
    .map(([table]) => `ARCHIVE_DAYS: RETENTION_DAYS deletes ${table} before it would be archived`)
}
