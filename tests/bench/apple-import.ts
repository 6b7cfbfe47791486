import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import yazl from 'yazl'
import { withClient } from '../../database/connect.ts'
import { startEmbeddedPostgres } from '../../database/embedded.ts'
import { migrate } from '../../database/migrate.ts'
import { SERVICE_ROLE } from '../../database/roles.ts'
import { simulateExport } from '../../service/platforms/apple-health/simulator/export.ts'
import { CONSENTING } from '../support/consenting.ts'
import { memoryOf } from '../support/process-memory.ts'
import { leastSettings } from '../support/settings.ts'
import { alarmAbove, type Outcome, printProgress } from './figures.ts'

export interface ImportSize {
  readonly days: number
  readonly heartRatesPerDay: number
}

const PASSWORD = 'bench'
const PERSON = '11111111-1111-4111-8111-111111111111'
const MOST_MEMORY_MB = 200
/** The bar is half, 0.55 was measured with the smaller size and 0.60 with the larger; a busy machine may cost the rest. */
const LEAST_SHARE_OF_COPY = 0.45
const PROMISED_SHARE_OF_COPY = 0.5
const TABLES = ['raw_fitness_data', 'samples'] as const

/** A zipped export against COPY of the rows it becomes: same server, same tables with their keys and indexes, durable commits. */
export async function benchAppleImport(size: ImportSize): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-import-'))
  chmodSync(directory, 0o777) // the database may run as another user, and writes the rows here that COPY reads
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', remove)
  const server = await startEmbeddedPostgres({
    dataDirectory: join(directory, 'postgres'),
    settings: { max_wal_size: '4GB' },
  })
  try {
    await migrate({ adminUrl: server.adminUrl, passwords: { service: PASSWORD, hasura: PASSWORD } })
    await withClient(server.adminUrl, (client) => client.query(CONSENTING))
    const file = await makeZip(join(directory, 'export.zip'), size)
    const imported = await runImport(server.adminUrl, file.path)
    const copy = await withClient(server.adminUrl, (client) => measureCopy(client, directory))
    return describe(file, { imported, copy })
  } finally {
    await server.stop().finally(remove)
  }
}

interface ExportFile {
  readonly path: string
  readonly xmlBytes: number
  readonly zipBytes: number
}

async function makeZip(path: string, { days, heartRatesPerDay }: ImportSize): Promise<ExportFile> {
  printProgress(`an export of ${days} days`)
  const { text } = simulateExport({ seed: 1, firstDay: '2015-01-01', days, heartRatesPerDay, watchChange: days / 2 })
  let xmlBytes = 0
  const zip = new yazl.ZipFile()
  const source = Readable.from(
    (function* () {
      for (const piece of text) {
        const bytes = Buffer.from(piece)
        xmlBytes += bytes.length
        yield bytes
      }
    })(),
    { objectMode: false },
  )
  zip.addReadStream(source, 'apple_health_export/export.xml', { compressionLevel: 1 })
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
  return { path, xmlBytes, zipBytes: statSync(path).size }
}

interface Imported {
  readonly seconds: number
  readonly records: number
  readonly peakMegabytes: number
}

/** The operator's command, as a process of its own, so that its memory is its own. */
async function runImport(adminUrl: string, path: string): Promise<Imported> {
  printProgress('the import')
  const url = Object.assign(new URL(adminUrl), { username: SERVICE_ROLE, password: PASSWORD }).href
  const args = ['service/cli/main.ts', 'import', 'apple-health', path, '--user', PERSON, '--json']
  const started = performance.now()
  const child = spawn(process.execPath, args, { env: environment(url), stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  let peakMegabytes = 0
  const poll = setInterval(
    () => (peakMegabytes = Math.max(peakMegabytes, (memoryOf(child.pid)?.peakBytes ?? 0) / 1e6)),
    50,
  )
  const [code] = (await once(child, 'close')) as [number]
  clearInterval(poll)
  if (code !== 0) throw new Error(`the import failed: ${errors}`)
  const { records } = JSON.parse(output) as { records: number }
  return { seconds: (performance.now() - started) / 1000, records, peakMegabytes }
}

/** With the settings of the image that matter here. */
function environment(databaseUrl: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: '262144',
    ...leastSettings(databaseUrl),
  }
}

/** The rows are there, parsed: out to files, the tables emptied, and in again. Only the last is measured. */
async function measureCopy(client: pg.Client, directory: string): Promise<{ seconds: number; rows: number }> {
  printProgress('COPY of the same rows')
  for (const table of TABLES) await client.query(`copy (select * from public.${table}) to '${directory}/${table}.copy'`)
  await client.query(`truncate ${TABLES.map((table) => `public.${table}`).join(', ')} cascade`)
  await client.query('checkpoint')
  const started = performance.now()
  let rows = 0
  for (const table of TABLES)
    rows += (await client.query(`copy public.${table} from '${directory}/${table}.copy'`)).rowCount ?? 0
  return { seconds: (performance.now() - started) / 1000, rows }
}

function describe(
  { xmlBytes, zipBytes }: ExportFile,
  { imported, copy }: { imported: Imported; copy: { seconds: number; rows: number } },
): Outcome {
  const { seconds, records, peakMegabytes } = imported
  const share = copy.seconds / seconds
  const perSecond = Math.round(records / seconds)
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
  return {
    rows: [
      {
        what: 'Apple export, zip to samples',
        note: `${megabytes(xmlBytes)} XML (${megabytes(zipBytes)} zipped), ${records} records in ${seconds.toFixed(1)} s: ${perSecond} records/s, ${Math.round(xmlBytes / 1e6 / seconds)} MB/s`,
      },
      {
        what: '  against COPY of the same rows',
        note: `${copy.rows} rows in ${copy.seconds.toFixed(1)} s: ${share.toFixed(2)} of its speed (bar: ${PROMISED_SHARE_OF_COPY})`,
      },
      { what: '  memory of the import', note: `${Math.round(peakMegabytes)} MB at most (bar: ${MOST_MEMORY_MB})` },
    ],
    targets: [
      {
        what: 'Apple export, zip to samples',
        baseline: 'COPY of the same rows',
        unit: '×',
        better: 'higher',
        bar: PROMISED_SHARE_OF_COPY,
        values: [share],
      },
      { what: 'Memory of an Apple import', unit: 'MB', better: 'lower', bar: MOST_MEMORY_MB, values: [peakMegabytes] },
    ],
    alarms: [
      ...alarmAbove('memory of an Apple import (MB)', peakMegabytes, MOST_MEMORY_MB),
      ...alarmAbove('time of an Apple import against COPY', 1 / share, 1 / LEAST_SHARE_OF_COPY),
    ],
  }
}
