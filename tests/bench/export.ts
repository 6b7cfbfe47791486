import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { withClient } from '../../database/connect.ts'
import { startEmbeddedPostgres } from '../../database/embedded.ts'
import { migrate } from '../../database/migrate.ts'
import { SERVICE_ROLE } from '../../database/roles.ts'
import { memoryOf } from '../support/process-memory.ts'
import { leastSettings } from '../support/settings.ts'
import { alarmAbove, type Outcome, printProgress } from './figures.ts'

export interface ExportSize {
  readonly days: number
  readonly samplesPerDay: number
}

const PASSWORD = 'bench'
const PERSON = '11111111-1111-4111-8111-111111111111'
const MOST_MEMORY_MB = 300

/** A person's whole copy, made and sealed by the job: how long, how large, and what the process held at most. */
export async function benchExport(size: ExportSize): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-export-'))
  chmodSync(directory, 0o755) // the database may run as another user
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', remove)
  const server = await startEmbeddedPostgres({
    dataDirectory: join(directory, 'postgres'),
    settings: { max_wal_size: '4GB' },
  })
  try {
    await migrate({ adminUrl: server.adminUrl, passwords: { service: PASSWORD, hasura: PASSWORD } })
    await withClient(server.adminUrl, (client) => fill(client, size))
    const { seconds, peakMegabytes } = await runExport(server.adminUrl)
    const made = await withClient(server.adminUrl, readExport)
    return describe(size, { ...made, seconds, peakMegabytes })
  } finally {
    await server.stop().finally(remove)
  }
}

async function fill(client: pg.Client, { days, samplesPerDay }: ExportSize): Promise<void> {
  printProgress(`${days * samplesPerDay} samples of one person`)
  const first = "timestamptz '2015-01-01Z'"
  await client.query("insert into platforms (id, display_name) values ('apple-health', 'Apple Health')")
  await client.query('insert into app_users (user_id) values ($1)', [PERSON])
  await client.query(`select ops.create_sample_partitions(array(
    select (${first} + k * interval '1 month')::date from generate_series(0, ${Math.ceil(days / 30) + 1}) as k))`)
  await client.query(`
    insert into samples (user_id, kind, started_at, ended_at, platform, source, value, local_day, start_offset_seconds, source_id, raw_id, raw_created_at, observed_at)
    select '${PERSON}', 'heart_rate_bpm', at, at, 'apple-health', 'Watch', 50 + k % 130, at::date, 3600, gen_random_uuid()::text, gen_random_uuid(), now(), at
    from generate_series(0, ${days * samplesPerDay - 1}) as k, lateral (select ${first} + k * interval '${86_400 / samplesPerDay} seconds' as at) as moment`)
  await client.query(`
    insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata, processed_at)
    select '${PERSON}', 'apple-health', 'export_records', page, '{}', now()
    from (select jsonb_agg(jsonb_build_object('type', 'HKQuantityTypeIdentifierHeartRate', 'value', k, 'unit', 'count/min')) as page from generate_series(1, 1000) as k) as one,
      generate_series(1, ${Math.ceil((days * samplesPerDay) / 1000)})`)
  await client.query('analyze')
}

async function runExport(adminUrl: string): Promise<{ seconds: number; peakMegabytes: number }> {
  printProgress('the export')
  const url = Object.assign(new URL(adminUrl), { username: SERVICE_ROLE, password: PASSWORD }).href
  const started = performance.now()
  const child = spawn(process.execPath, [join(import.meta.dirname, 'export-job.ts'), PERSON], {
    env: environment(url),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let peakMegabytes = 0
  const poll = setInterval(
    () => (peakMegabytes = Math.max(peakMegabytes, (memoryOf(child.pid)?.peakBytes ?? 0) / 2 ** 20)),
    50,
  )
  const [code] = (await once(child, 'close')) as [number]
  clearInterval(poll)
  if (code !== 0) throw new Error('the export failed')
  return { seconds: (performance.now() - started) / 1000, peakMegabytes }
}

async function readExport(client: pg.Client): Promise<{ rows: number; bytes: number }> {
  const { rows } = await client.query<{ status: string; rows: string; bytes: string }>(
    'select status, rows_written as rows, byte_count as bytes from data_exports',
  )
  if (rows[0]?.status !== 'ready') throw new Error(`the export is ${rows[0]?.status ?? 'not there'}`)
  return { rows: Number(rows[0].rows), bytes: Number(rows[0].bytes) }
}

function environment(databaseUrl: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], ...leastSettings(databaseUrl) }
}

interface Measured {
  readonly seconds: number
  readonly peakMegabytes: number
  readonly rows: number
  readonly bytes: number
}

function describe({ days }: ExportSize, { seconds, peakMegabytes, rows, bytes }: Measured): Outcome {
  return {
    rows: [
      {
        what: 'export of a person, sealed',
        note: `${rows} rows of ${(days / 365).toFixed(1)} years, ${Math.round(bytes / 1e6)} MB of zip in ${seconds.toFixed(1)} s: ${Math.round(rows / seconds)} rows/s, each as NDJSON and CSV`,
      },
      { what: '  memory of the export', note: `${Math.round(peakMegabytes)} MB at most (bar: ${MOST_MEMORY_MB})` },
    ],
    targets: [
      {
        what: 'Memory of the export of a person',
        unit: 'MB',
        better: 'lower',
        bar: MOST_MEMORY_MB,
        values: [peakMegabytes],
      },
    ],
    alarms: alarmAbove('memory of an export (MB)', peakMegabytes, MOST_MEMORY_MB),
  }
}
