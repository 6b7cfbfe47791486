import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { withClient } from '../../database/connect.ts'
import { startDevelopmentDatabase } from '../../database/development.ts'
import { endWithParent } from '../../database/end-with-parent.ts'
import { migrate } from '../../database/migrate.ts'
import { databaseUrls, describeEnvironment } from '../../start/environment.ts'
import { describePrograms } from '../../start/programs.ts'
import { readSecrets } from '../../start/secrets.ts'
import { freePorts, makeDataDirectory } from '../support/running.ts'
import type { Target } from './http-load.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** The service's own process and a bare one, on one Postgres. */
export interface IntakeScene {
  readonly product: Target
  readonly bare: Target
  /** Throws unless every delivery that was sent is stored, with a job of its own or in the one that makes it. */
  nothingLost(): Promise<void>
  close(): Promise<void>
}

export async function openIntakeScene(): Promise<IntakeScene> {
  const { directory, database, environment, ports, serviceEnvironment } = await prepare()
  const { service, bare } = ports
  const children: ChildProcess[] = []
  const isReady = () =>
    fetch(`http://127.0.0.1:${service}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  const answers = () =>
    fetch(`http://127.0.0.1:${bare}/`).then(
      () => true,
      () => false,
    )
  children.push(await start(['service/main.ts'], serviceEnvironment, isReady))
  await withClient(database.adminUrl, async (client) => {
    await client.query("insert into ops.webhook_subscriptions (platform, subscription_id) values ('strava', '77')")
    await client.query(`create table bare_deliveries (id bigint generated always as identity primary key,
      received_at timestamptz not null default now(), body bytea not null)`)
  })
  children.push(await start(['tests/bench/bare-insert-server.ts', database.adminUrl, String(bare)], {}, answers))
  let sent = 0
  const path = `/webhooks/strava/${environment['STRAVA_WEBHOOK_SECRET']}`
  return {
    product: { port: service, path, body: (index) => ((sent += 1), eventOf(index)) },
    bare: { port: bare, path: '/', body: eventOf },
    nothingLost: () => checkAllStored(database.adminUrl, sent),
    async close() {
      await Promise.all(children.map(stop))
      await database.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function prepare() {
  const directory = makeDataDirectory()
  const database = await startDevelopmentDatabase(directory)
  const [service = 0, internal = 0, bare = 0, other = 0] = await freePorts(4)
  const ports = { SERVICE_PORT: service, INTERNAL_PORT: internal, HASURA_PORT: other, SIMULATOR_PORT: other }
  const secrets = readSecrets({}, join(directory, 'development.env'))
  const installation = { dataDirectory: directory, ports, secrets, adminUrl: database.adminUrl }
  const passwords = { service: secrets.SERVICE_DATABASE_PASSWORD, hasura: secrets.HASURA_DATABASE_PASSWORD }
  await migrate({ adminUrl: database.adminUrl, passwords })
  const environment = describeEnvironment(installation, {})
  const databases = databaseUrls(installation)
  const programs = describePrograms({ root: ROOT, ports, standIn: false, told: environment, databases, env: {} }).flat()
  const serviceEnvironment = programs.find(({ name }) => name === 'service')?.env ?? {}
  return { directory, database, environment, ports: { service, bare }, serviceEnvironment }
}

async function start(args: string[], env: NodeJS.ProcessEnv, ready: () => Promise<boolean>): Promise<ChildProcess> {
  const { command, args: all } = endWithParent({ command: process.execPath, args }, 'TERM')
  const child = spawn(command, all, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  while (!(await ready())) {
    if (child.exitCode !== null) throw new Error(`${args[0]} ended before it was ready`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return child
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

function eventOf(index: number): string {
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

async function checkAllStored(adminUrl: string, sent: number): Promise<void> {
  const { rows } = await withClient(adminUrl, (client) =>
    client.query<{ deliveries: number; queued: number }>(`
      with queued as (
        select j.payload ->> 'deliveryId' as id from graphile_worker._private_jobs j where j.key like 'process_delivery:%'
        union select json_array_elements_text(j.payload -> 'deliveryIds') from graphile_worker._private_jobs j
        where j.key like 'queue_deliveries:%')
      select count(*)::int as deliveries, count(q.id)::int as queued from ops.webhook_deliveries d left join queued q on q.id = d.id::text`),
  )
  const { deliveries = 0, queued = 0 } = rows[0] ?? {}
  if (deliveries !== sent || queued !== sent)
    throw new Error(`${sent} answered, ${deliveries} stored, ${queued} queued`)
}
