import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { withClient } from '../../database/connect.ts'
import { startDevelopmentDatabase } from '../../database/development.ts'
import { endWithParent } from '../../database/end-with-parent.ts'
import { migrate } from '../../database/migrate.ts'
import { databaseUrls, describeEnvironment } from '../../start/environment.ts'
import { readSecrets } from '../../start/secrets.ts'
import { freePorts, makeDataDirectory } from '../support/running.ts'
import { median, type Outcome, percentile, printProgress } from './figures.ts'
import { closedLoop, openLoop, type Target } from './http-load.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const CONNECTIONS = 64
const PER_SECOND = 1_000
/** What we promise, and what only something broken misses. */
const RATIO = { promised: 1.2, alarm: 0.7 }
const P99_MS = { promised: 25, alarm: 150 }

export interface IntakeSize {
  readonly runs: number
  readonly seconds: number
}

/**
 * The service's own process behind its real door (deduplicated, sealed, stored and queued before the 200) and bare Fastify with one durable
 * INSERT, in turns on one Postgres, so that whatever else the machine does meets both.
 */
export async function benchIntake({ runs, seconds }: IntakeSize): Promise<Outcome> {
  printProgress(`webhook intake, ${runs} runs of ${seconds} s`)
  const scene = await openScene()
  try {
    const rates: { product: number; bare: number }[] = []
    await closedLoop(scene.product, { connections: CONNECTIONS, seconds: 1 }) // warm
    await closedLoop(scene.bare, { connections: CONNECTIONS, seconds: 1 })
    for (let run = 0; run < runs; run += 1) {
      const bare = await closedLoop(scene.bare, { connections: CONNECTIONS, seconds })
      const product = await closedLoop(scene.product, { connections: CONNECTIONS, seconds })
      rates.push({ product, bare })
    }
    const tails: number[] = []
    for (let run = 0; run < runs; run += 1)
      tails.push(percentile(await openLoop(scene.product, { perSecond: PER_SECOND, seconds }), 0.99))
    await scene.nothingLost()
    return report(rates, tails)
  } finally {
    await scene.close()
  }
}

function report(rates: readonly { product: number; bare: number }[], tails: readonly number[]): Outcome {
  const ratio = median(rates.map(({ product, bare }) => product / bare))
  const perSecond = (name: 'product' | 'bare') => Math.round(median(rates.map((rate) => rate[name])))
  const p99 = median(tails)
  return {
    rows: [
      {
        what: `webhook intake, ${CONNECTIONS} connections`,
        note: `${perSecond('product')}/s; bare INSERT ${perSecond('bare')}/s; ratio ${ratio.toFixed(2)} (promised ${RATIO.promised})`,
      },
      {
        what: `webhook intake at ${PER_SECOND}/s, p99 of each run`,
        durationsMs: tails,
        note: `median < ${P99_MS.promised} ms`,
      },
    ],
    alarms: [
      ...(ratio >= RATIO.alarm
        ? []
        : [`webhook intake against bare INSERT: ${ratio.toFixed(2)} is below ${RATIO.alarm}`]),
      ...(p99 <= P99_MS.alarm ? [] : [`webhook intake, p99 in ms: ${p99.toFixed(1)} is beyond ${P99_MS.alarm}`]),
    ],
  }
}

interface Scene {
  readonly product: Target
  readonly bare: Target
  /** Throws unless every answered delivery is stored with its job. */
  nothingLost(): Promise<void>
  close(): Promise<void>
}

async function openScene(): Promise<Scene> {
  const directory = makeDataDirectory()
  const database = await startDevelopmentDatabase(directory)
  const [service = 0, internal = 0, bare = 0, other = 0] = await freePorts(4)
  const ports = { SERVICE_PORT: service, INTERNAL_PORT: internal, HASURA_PORT: other, SIMULATOR_PORT: other }
  const secrets = readSecrets({}, join(directory, 'development.env'))
  const installation = { dataDirectory: directory, ports, secrets, adminUrl: database.adminUrl }
  const environment = describeEnvironment(installation, {})
  await migrate({
    adminUrl: database.adminUrl,
    passwords: { service: secrets.SERVICE_DATABASE_PASSWORD, hasura: secrets.HASURA_DATABASE_PASSWORD },
  })
  const children: ChildProcess[] = []
  const start = async (args: string[], env: NodeJS.ProcessEnv, ready: () => Promise<boolean>) => {
    const { command, args: all } = endWithParent({ command: process.execPath, args }, 'TERM')
    const child = spawn(command, all, {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    children.push(child)
    while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const answers = (url: string) =>
    fetch(url).then(
      () => true,
      () => false,
    )
  await start(['service/main.ts'], { ...environment, ...databaseUrls(installation) }, () =>
    fetch(`http://127.0.0.1:${service}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  await withClient(database.adminUrl, async (client) => {
    await client.query("insert into ops.webhook_subscriptions (platform, subscription_id) values ('strava', '77')")
    await client.query(
      'create table bare_deliveries (id bigint generated always as identity primary key, received_at timestamptz not null default now(), body bytea not null)',
    )
  })
  await start(['tests/bench/bare-insert-server.ts', database.adminUrl, String(bare)], {}, () =>
    answers(`http://127.0.0.1:${bare}/`),
  )
  let asked = 0
  const body = (index: number) => {
    asked += 1
    return JSON.stringify({
      object_type: 'activity',
      object_id: 10_000_000_000 + index,
      aspect_type: 'create',
      updates: {},
      owner_id: 1_000 + (index % 997),
      subscription_id: 77,
      event_time: 1_767_225_600 + index,
    })
  }
  let ofProduct = 0
  return {
    product: {
      port: service,
      path: `/webhooks/strava/${environment['STRAVA_WEBHOOK_SECRET']}`,
      body: (index) => ((ofProduct += 1), body(index)),
    },
    bare: { port: bare, path: '/', body },
    async nothingLost() {
      const { rows } = await withClient(database.adminUrl, (client) =>
        client.query<{ deliveries: number; jobs: number }>(
          `select (select count(*) from ops.webhook_deliveries)::int as deliveries,
             (select count(*) from graphile_worker.jobs where task_identifier = 'process_delivery')::int as jobs`,
        ),
      )
      const { deliveries, jobs } = rows[0] ?? { deliveries: 0, jobs: 0 }
      if (deliveries !== ofProduct || jobs !== ofProduct)
        throw new Error(`${ofProduct} answered, ${deliveries} stored, ${jobs} queued`)
    },
    async close() {
      for (const child of children) {
        const ended = once(child, 'exit')
        child.kill('SIGTERM')
        await ended
      }
      await database.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
