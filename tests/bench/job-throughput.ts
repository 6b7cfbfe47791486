import { once } from 'node:events'
import { createWriteStream, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Logger, run } from 'graphile-worker'
import type pg from 'pg'
import { z } from 'zod'
import { startEmbeddedPostgres } from '../../database/embedded.ts'
import { migrate } from '../../database/migrate.ts'
import { createMetrics } from '../../service/monitoring/metrics.ts'
import { type Database, openDatabase } from '../../service/runtime/db.ts'
import { runJobs } from '../../service/runtime/job-runner.ts'
import { bindTask, defineTask } from '../../service/runtime/jobs.ts'
import { createLog } from '../../service/runtime/log.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { makeDataDirectory } from '../support/running.ts'
import { median, type Outcome, printProgress } from './figures.ts'

const AT_ONCE = 10
const RATIO = { promised: 0.8, alarm: 0.5 }

/** Jobs that do nothing, through the product's runner (payload checked, logged, measured, fate decided) and through bare graphile-worker, in turns. */
export async function benchJobs({ runs, jobs }: { readonly runs: number; readonly jobs: number }): Promise<Outcome> {
  printProgress(`${runs} times ${jobs} jobs that do nothing`)
  const directory = makeDataDirectory()
  const server = await startEmbeddedPostgres({ dataDirectory: join(directory, 'postgres') })
  await migrate({ adminUrl: server.adminUrl, passwords: { service: 'bench', hasura: 'bench' } })
  const url = Object.assign(new URL(server.adminUrl), { username: 'tributary_service', password: 'bench' }).href
  const db = openDatabase({ url: new Secret(url), maxConnections: 20, applicationName: 'bench', onIdleError: () => {} })
  try {
    const rates: { ours: number; bare: number }[] = []
    for (let turn = 0; turn <= runs; turn += 1) {
      const bare = await perSecond(db, jobs, (finished) => startBare(db.pool, finished))
      const ours = await perSecond(db, jobs, (finished) => startOurs(db, finished))
      if (turn > 0) rates.push({ ours, bare }) // the first is to warm up
    }
    const ratio = median(rates.map(({ ours, bare }) => ours / bare))
    const rate = (name: 'ours' | 'bare') => Math.round(median(rates.map((one) => one[name])))
    const note = `${rate('ours')}/s; bare graphile-worker ${rate('bare')}/s; ratio ${ratio.toFixed(2)} (promised ${RATIO.promised})`
    return {
      rows: [{ what: `no-op jobs, ${AT_ONCE} at once`, note }],
      targets: [
        {
          what: 'Jobs that do nothing',
          baseline: 'bare graphile-worker',
          unit: '×',
          better: 'higher',
          bar: RATIO.promised,
          values: rates.map(({ ours, bare }) => ours / bare),
        },
      ],
      alarms:
        ratio >= RATIO.alarm ? [] : [`jobs against bare graphile-worker: ${ratio.toFixed(2)} is below ${RATIO.alarm}`],
    }
  } finally {
    await db.close()
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** From the first job that ran to the last. */
async function perSecond(
  db: Database,
  jobs: number,
  start: (finished: () => void) => Promise<{ stop(): Promise<void> }>,
): Promise<number> {
  const all = `select graphile_worker.add_jobs(array(select ('no_op', '{}', null, null, 25::smallint, 'no_op:' || n, 0::smallint, null)::graphile_worker.job_spec
    from generate_series(1, $1::int) as n))`
  await db.pool.query(`select count(*) from (${all}) as added`, [jobs])
  let done = 0
  let first = 0
  let end: () => void = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const runner = await start(() => {
    if (done === 0) first = performance.now()
    done += 1
    if (done === jobs) end()
  })
  await ended
  const seconds = (performance.now() - first) / 1000
  await runner.stop()
  return jobs / seconds
}

function startBare(pool: pg.Pool, finished: () => void) {
  return run({
    pgPool: pool,
    concurrency: AT_ONCE,
    noHandleSignals: true,
    pollInterval: 1000,
    logger: new Logger(() => () => undefined),
    taskList: { no_op: async () => finished() },
  })
}

async function startOurs(db: Database, finished: () => void) {
  const metrics = createMetrics()
  const nowhere = createWriteStream('/dev/null')
  await once(nowhere, 'open')
  const log = createLog({ level: 'info', process: 'worker', destination: nowhere })
  const task = defineTask<object>()({
    identifier: 'no_op',
    payload: z.object({}),
    jobKey: () => 'no_op',
    run: async () => {
      finished()
      return undefined
    },
  })
  const observe = ({ name, seconds, outcome }: { name: string; seconds: number; outcome: string }) =>
    metrics.jobDuration.observe({ task: name, outcome }, seconds)
  const concurrency = { webhooks: 1, imports: 1, reconciliation: 1, enrichment: 1, general: AT_ONCE }
  return runJobs({ db, tasks: [bindTask(task, {}, { db, log, observe })], concurrency, onPool: async () => {} })
}
