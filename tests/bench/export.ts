import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { withClient } from '../../database/connect.ts'
import { startEmbeddedPostgres } from '../../database/embedded.ts'
import { migrate } from '../../database/migrate.ts'
import { SERVICE_ROLE } from '../../database/roles.ts'
import { memoryOf } from '../support/process-memory.ts'
import { leastSettings } from '../support/settings.ts'
import { type CopyContents, searchCopy } from './export-contents.ts'
import { CANARIES, type ExportSize, fillPeople, PERSON } from './export-people.ts'
import { alarmAbove, type Outcome, printProgress } from './figures.ts'

const PASSWORD = 'bench'
const MOST_MEMORY_MB = 300

/** A person's whole copy, made and sealed by the job: how long, how large, what the process held at most, and that it is theirs alone. */
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
    printProgress(`${size.days * size.samplesPerDay} samples of one person, and another's between them`)
    await withClient(server.adminUrl, (client) => fillPeople(client, size))
    const env = environment(server.adminUrl)
    const { seconds, peakMegabytes } = await makeCopy(env)
    const made = await withClient(server.adminUrl, readExport)
    const contents = await readCopy(env, { exportId: made.id, path: join(directory, 'copy.zip') })
    return describe(size, { ...made, seconds, peakMegabytes, contents })
  } finally {
    await server.stop().finally(remove)
  }
}

function run(env: NodeJS.ProcessEnv, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'export-job.ts'), PERSON, ...args], {
    env,
    stdio: ['ignore', args.length === 0 ? 'ignore' : 'pipe', 'inherit'],
  })
}

async function makeCopy(env: NodeJS.ProcessEnv): Promise<{ seconds: number; peakMegabytes: number }> {
  printProgress('the export')
  const started = performance.now()
  const child = run(env)
  let peakMegabytes = 0
  const poll = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, (memoryOf(child.pid)?.peakBytes ?? 0) / 1e6)
  }, 50)
  const [code] = (await once(child, 'close')) as [number]
  clearInterval(poll)
  if (code !== 0) throw new Error('the export failed')
  return { seconds: (performance.now() - started) / 1000, peakMegabytes }
}

async function readExport(client: pg.Client): Promise<{ id: string; rows: number; bytes: number }> {
  const { rows } = await client.query<{ id: string; status: string; rows: string; bytes: string }>(
    'select id, status, rows_written as rows, byte_count as bytes from data_exports',
  )
  if (rows[0]?.status !== 'ready') throw new Error(`the export is ${rows[0]?.status ?? 'not there'}`)
  return { id: rows[0].id, rows: Number(rows[0].rows), bytes: Number(rows[0].bytes) }
}

/** As its owner gets it, searched for the other person. */
async function readCopy(
  env: NodeJS.ProcessEnv,
  { exportId, path }: { exportId: string; path: string },
): Promise<CopyContents> {
  printProgress('the search for another person in it')
  const child = run(env, exportId)
  if (child.stdout === null) throw new Error('the copy has no way out')
  await pipeline(child.stdout, createWriteStream(path))
  return searchCopy(path, CANARIES)
}

function environment(adminUrl: string): NodeJS.ProcessEnv {
  const url = Object.assign(new URL(adminUrl), { username: SERVICE_ROLE, password: PASSWORD }).href
  return { PATH: process.env['PATH'], ...leastSettings(url) }
}

interface Measured {
  readonly seconds: number
  readonly peakMegabytes: number
  readonly rows: number
  readonly bytes: number
  readonly contents: CopyContents
}

function describe({ days, samplesPerDay }: ExportSize, measured: Measured): Outcome {
  const { seconds, peakMegabytes, rows, bytes, contents } = measured
  const { files, found } = contents
  return {
    rows: [
      {
        what: 'export of a person, sealed',
        note: `${rows} rows of ${(days / 365).toFixed(1)} years, ${Math.round(bytes / 1e6)} MB of zip in ${seconds.toFixed(1)} s: ${Math.round(rows / seconds)} rows/s, each as NDJSON and CSV`,
      },
      { what: '  memory of the export', note: `${Math.round(peakMegabytes)} MB at most (bar: ${MOST_MEMORY_MB})` },
      {
        what: '  another person in it',
        note: `${found.length} finds in ${files} files, ${Math.round(contents.bytes / 1e6)} MB unpacked; ${contents.samples} samples`,
      },
    ],
    alarms: [
      ...alarmAbove('memory of an export (MB)', peakMegabytes, MOST_MEMORY_MB),
      ...found.map((find) => `of another person: ${find}`),
      ...(contents.samples === days * samplesPerDay ? [] : [`the copy has ${contents.samples} samples`]),
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
  }
}
