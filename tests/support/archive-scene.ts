import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { archiveSome } from '../../service/compliance/archive/archive-months.task.ts'
import type { ArchiveServices } from '../../service/compliance/archive/services.ts'
import { createAudit } from '../../service/compliance/audit/record-audit.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { openDirectoryStore } from '../../service/runtime/directory-store.ts'
import { createOrigins } from '../../service/runtime/origin.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { createBackupKey } from '../../service/vault/backup/backup-key.ts'
import { A, B } from '../permissions/planted-people.ts'
import { test as base, type TestDatabase } from './database.ts'

export const BACKUP_KEY = Buffer.alloc(32, 0xa7).toString('base64')
/** A month that has ended long ago. */
export const MONTH = '2024-05-01'

export interface Archives extends ArchiveServices {
  readonly directory: string
  /** What is due, as the job does it. */
  readonly run: () => Promise<void>
}

/** A and B with an old and a new month, and what archives are made with. */
export const test = base.extend<{ archives: Archives }>({
  archives: async ({ db }, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'tributary-archives-'))
    const url = new Secret(db.serviceUrl)
    const service = openDatabase({ url, maxConnections: 5, applicationName: 'test', onIdleError: () => {} })
    await fillMonths(db)
    const services = {
      db: service,
      store: openDirectoryStore(directory),
      key: createBackupKey(new Secret(BACKUP_KEY)),
      audit: createAudit({ origins: createOrigins(), count: () => {} }),
    }
    await use({ ...services, directory, run: () => runAll(services) })
    await service.close()
    await rm(directory, { recursive: true })
  },
})

export async function runAll(services: ArchiveServices): Promise<void> {
  const archiveDays = { samples: 365, raw_fitness_data: 365 }
  for (let turn = 0; (await archiveSome({ ...services, archiveDays })) === 'more'; turn += 1)
    if (turn > 5) throw new Error('it never ends')
}

/** In May 2024: of each a hundred heart rates 60, 61, … 69, 60, …, a payload of Garmin and one of Strava, whose policy keeps it. Today one more sample. */
export async function fillMonths({ admin }: TestDatabase): Promise<void> {
  await admin.query(`insert into platforms (id, display_name, policy) values
    ('garmin', 'Garmin', '{}'), ('strava', 'Strava', '{"retentionDays": null, "deleteAfterSourceDeletionHours": 48}')
    on conflict (id) do update set policy = excluded.policy`)
  await admin.query(
    `select ops.create_sample_partitions(array[date '${MONTH}', now()::date]), ops.create_raw_partitions(array[date '${MONTH}'])`,
  )
  for (const [userId, name] of [
    [A, 'Ada'],
    [B, 'Bob'],
  ]) {
    await admin.query('insert into app_users (user_id) values ($1)', [userId])
    await admin.query(
      `insert into samples (user_id, kind, started_at, ended_at, platform, source, value, local_day, start_offset_seconds, source_id, raw_id, raw_created_at, observed_at)
       select $1::uuid, 'heart_rate_bpm', at, at, 'garmin', $2::text, 60 + n % 10, at::date, 7200, null, gen_random_uuid(), at, at + interval '1 microsecond'
       from generate_series(0, 99) as n, lateral (select timestamptz '2024-05-31 20:00:00.000001Z' + n * interval '1 minute' as at) as moment
       union all
       select $1::uuid, 'steps', now() - interval '1 hour', now(), 'garmin', $2::text, 1.50, current_date, null, 's1', gen_random_uuid(), now(), now()`,
      [userId, `watch of ${name}`],
    )
    await admin.query(
      `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata, processed_at, created_at)
       select $1, platform, 'dailies', jsonb_build_object('of', $2::text, 'steps', 12345678901234567890), '{}', now(), '2024-05-02 03:04:05.678901Z'
       from unnest(array['garmin', 'strava']) as platform`,
      [userId, name],
    )
  }
}

/** Every row of the two tables as text. */
export async function allRows({ admin }: TestDatabase): Promise<readonly string[]> {
  const { rows } = await admin.query<{ row: string }>(
    `select 'samples ' || s::text as row from samples s union all select 'raw ' || r::text from raw_fitness_data r order by 1`,
  )
  return rows.map(({ row }) => row)
}

export async function countRows({ admin }: TestDatabase): Promise<Record<string, number>> {
  const { rows } = await admin.query<Record<string, number>>(`
    select (select count(*)::int from samples where started_at < '2024-06-01') as old_samples,
      (select count(*)::int from samples where started_at > '2024-06-01') as new_samples,
      (select count(*)::int from raw_fitness_data where platform = 'garmin') as garmin,
      (select count(*)::int from raw_fitness_data where platform = 'strava') as strava,
      (select count(*)::int from ops.archives) as parts,
      (select coalesce(sum(data_points), 0)::int from user_fitness_summary) as counted`)
  return rows[0] ?? {}
}
