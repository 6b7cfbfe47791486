import type { Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import { DATA_MAP, FOUND_BY_SEARCH } from '../data-map.ts'
import { PURPOSES } from '../purposes.ts'
import type { Controller } from './controller.ts'
import type { ExportedTable, Snapshot } from './snapshot.ts'

export interface CountedTable {
  readonly table: ExportedTable
  readonly rows: number
}

export const FORMAT = 'tributary-export/1'

const RIGHTS = [
  'to have data corrected (Art. 16), erased (Art. 17: deleteMyData) or its use restricted (Art. 18)',
  'to take this copy to another service (Art. 20)',
  'to object (Art. 21), and to withdraw consent at any time (Art. 7(3): updateConsents)',
  'to complain to the supervisory authority where you live, where you work or where you think the law was broken (Art. 77)',
]

/** Everything that Article 15(1) and (2) asks for beside the data itself, and what a reader of the files needs. */
export async function describeCopy(
  { db, takenAt }: Pick<Snapshot, 'db' | 'takenAt'>,
  { userId, counted, controller }: { userId: string; counted: readonly CountedTable[]; controller: Controller },
) {
  // One after the other: all are asked on the connection that holds the snapshot.
  const platforms = await readPlatforms(db, userId)
  const units = await readUnits(db)
  const zone = await readTimeZone(db, userId)
  return {
    format: FORMAT,
    person: userId,
    takenAt: takenAt.toISOString(),
    controller: { name: controller.name, contact: controller.contact },
    purposes: PURPOSES,
    sources: platforms,
    recipients: controller.recipients,
    transfers: 'none by this software; where the operator hosts it, and whom it hands data to, is under recipients',
    automatedDecisions: 'none with legal or similarly significant effects (Art. 22)',
    rights: RIGHTS,
    timeZones: {
      instants: 'ISO 8601 with offset; in UTC',
      days: 'local_day is the day where the person was; columns …_offset_seconds hold the offset from UTC where the platform told it',
      chosen: zone,
    },
    units: { inNames: 'the unit is the end of a name: _m, _s, _bpm, _kcal, _w, _ms; null: not measured', kinds: units },
    months: await readMonthsOf(db, userId),
    files: counted.map(describeTable),
    notInside: [...leftOut(), ...Object.entries(FOUND_BY_SEARCH).map(([table, why]) => ({ table, why }))],
  }
}

function describeTable({ table, rows }: CountedTable) {
  const entry = DATA_MAP[table.name]
  return {
    table: table.name,
    what: entry?.what ?? '',
    purpose: entry?.purpose ?? '',
    source: entry?.source ?? '',
    rows,
    files: rows === 0 ? [] : [`data/${table.name}.ndjson`, `data/${table.name}.csv`],
    columns: table.columns.map(({ name, type, comment }) => ({ name, type, meaning: comment })),
  }
}

function leftOut(): { table: string; why: string }[] {
  return Object.entries(DATA_MAP).flatMap(([table, entry]) =>
    entry.export.as === 'nothing' ? [{ table, why: entry.export.why }] : [],
  )
}

/** An installation that takes the copy in makes room for them first. */
async function readMonthsOf(db: Db, userId: string): Promise<{ samples: string[]; raw_fitness_data: string[] }> {
  const { rows } = await db.query<{ samples: string[]; raws: string[] }>(sql`
    select array(select distinct date_trunc('month', started_at)::date::text from public.samples where user_id = ${userId}::uuid) as samples,
      array(select distinct date_trunc('month', created_at)::date::text from public.raw_fitness_data where user_id = ${userId}::uuid) as raws`)
  return { samples: rows[0]?.samples ?? [], raw_fitness_data: rows[0]?.raws ?? [] }
}

async function readPlatforms(db: Db, userId: string): Promise<unknown[]> {
  const { rows } = await db.query<{ platform: object }>(sql`
    select jsonb_build_object('platform', p.id, 'name', p.display_name, 'policy', p.policy) as platform
    from public.platforms p
    where exists (select from public.raw_fitness_data r where r.user_id = ${userId}::uuid and r.platform = p.id)
      or exists (select from public.connections c where c.user_id = ${userId}::uuid and c.platform = p.id)
    order by p.id`)
  return rows.map(({ platform }) => platform)
}

async function readUnits(db: Db): Promise<Record<string, string>> {
  const { rows } = await db.query<{ id: string; unit: string }>(
    sql`select id, unit from public.metric_kinds order by id`,
  )
  return Object.fromEntries(rows.map(({ id, unit }) => [id, unit]))
}

async function readTimeZone(db: Db, userId: string): Promise<string | null> {
  const { rows } = await db.query<{ zone: string | null }>(sql`
    select time_zone as zone from public.app_users where user_id = ${userId}::uuid`)
  return rows[0]?.zone ?? null
}

export type Manifest = Awaited<ReturnType<typeof describeCopy>>
