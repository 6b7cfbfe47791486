import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { archiveSome } from '../../service/compliance/archive/archive-months.task.ts'
import { findParts } from '../../service/compliance/archive/queries.ts'
import { loadConfig } from '../../service/config.ts'
import { wireBackup } from '../../service/wire-backup.ts'
import { wire } from '../../service/wiring.ts'
import { readSettings } from '../support/running.ts'

export interface SampleBytes {
  /** Of one sample in the table, indexes included: as it comes, and after `reindex` of a month that has ended. */
  readonly asItComes: number
  readonly reindexed: number
  /** In a sealed Parquet file. */
  readonly archived: number
}

/** Whole months that have ended are archived, as ARCHIVE_DAYS does it; the rest is reindexed. */
export async function measureSamples(dataDirectory: string, adminUrl: string): Promise<SampleBytes> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    const asItComes = await bytesOfSample(client)
    await reindexMonths(client)
    const reindexed = await bytesOfSample(client)
    return { asItComes, reindexed, archived: await bytesOfArchived(dataDirectory) }
  } finally {
    await client.end()
  }
}

async function bytesOfSample(client: pg.Client): Promise<number> {
  await client.query('vacuum analyze public.samples')
  const { rows } = await client.query<{ bytes: string; n: string }>(`
    select sum(pg_total_relation_size(i.inhrelid)) as bytes, (select count(*) from public.samples) as n
    from pg_inherits i where i.inhparent = 'public.samples'::regclass`)
  return Number(rows[0]?.bytes) / Number(rows[0]?.n)
}

async function reindexMonths(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'public.samples'::regclass`,
  )
  for (const { name } of rows) await client.query(`reindex table concurrently ${name}`)
}

async function bytesOfArchived(dataDirectory: string): Promise<number> {
  const store = join(dataDirectory, 'archives')
  const config = await loadConfig({
    ...readSettings(dataDirectory),
    BACKUP_STORE: pathToFileURL(store).href,
    BACKUP_KEY: randomBytes(32).toString('base64'),
    ARCHIVE_DAYS: 'samples=1',
  })
  const wiring = wire(config, 'cli')
  try {
    const backup = wireBackup(wiring)
    if (backup === undefined) throw new Error('archives need a store')
    while ((await archiveSome({ ...backup, archiveDays: config.backup.archiveDays })) === 'more') continue
    const parts = await findParts(wiring.db, { table: 'samples' })
    const sum = (of: 'byteCount' | 'rowCount') => parts.reduce((total, part) => total + part[of], 0)
    return sum('byteCount') / sum('rowCount')
  } finally {
    await wiring.db.close()
    await rm(store, { recursive: true, force: true })
  }
}
