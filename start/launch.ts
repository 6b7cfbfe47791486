import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { developmentDirectory, startDevelopmentDatabase } from '../database/development.ts'
import { takeLock } from '../database/directory-lock.ts'
import { migrate } from '../database/migrate.ts'
import { describeRunning } from './banner.ts'
import { type Child, startChild, stopChildren } from './children.ts'
import { databaseUrls, describeEnvironment, writeEnvironmentFile } from './environment.ts'
import { readPort, readPorts, refuseTakenPorts } from './ports.ts'
import { describePrograms } from './programs.ts'
import { waitUntilReady } from './readiness.ts'
import { readSecrets } from './secrets.ts'
import { askSimulators } from './simulated.ts'

export interface LaunchOptions {
  readonly env: NodeJS.ProcessEnv
  /** The checkout whose programs are started. */
  readonly root: string
  readonly print: (text: string) => void
  /** Aborting it ends a start at its next step. */
  readonly stopping: AbortController
  /** What has been started, as functions that undo it; to be called last first, also after a start that failed. */
  readonly undo: (() => Promise<void>)[]
}

const STOP_WITHIN_MS = 10_000

/**
 * Starts everything on this machine and resolves when it is ready. `stopping` is aborted, with a line for the user as
 * its reason, when something that was started ends by itself. Throws an Error with such a line when it cannot start.
 */
export async function launch({ env, root, print, stopping, undo }: LaunchOptions): Promise<void> {
  const begun = performance.now()
  const dataDirectory = developmentDirectory(env)
  lockDirectory(dataDirectory, undo)
  const ports = readPorts(env)
  const standIn = !env['HASURA_GRAPHQL_ENDPOINT']
  const { HASURA_PORT, ...others } = ports
  const postgresPort = readPort(env, 'POSTGRES_PORT')
  await refuseTakenPorts({
    ...others,
    ...(standIn && { HASURA_PORT }),
    ...(postgresPort !== undefined && !env['DATABASE_URL'] && { POSTGRES_PORT: postgresPort }),
  })
  print('Starting Tributary …\n')
  const database = await openDatabase({ env, stopping, undo }, dataDirectory, postgresPort)
  stopping.signal.throwIfAborted()

  const environmentFile = join(dataDirectory, 'development.env')
  const secrets = readSecrets(env, environmentFile)
  const address = `http://localhost:${ports.SIMULATOR_PORT}`
  const simulated = await askSimulators({ root, address, env }, environmentFile)
  const installation = { dataDirectory, ports, secrets, simulated, adminUrl: database.adminUrl }
  const told = describeEnvironment(installation, env)
  const databases = databaseUrls(installation)
  const { SERVICE_DATABASE_PASSWORD, HASURA_DATABASE_PASSWORD } = secrets
  // Before the migration sets the passwords: killed in between, the next start still knows them.
  writeEnvironmentFile(environmentFile, { ...told, ...databases, SERVICE_DATABASE_PASSWORD, HASURA_DATABASE_PASSWORD })
  await migrate({
    adminUrl: database.adminUrl,
    passwords: { service: SERVICE_DATABASE_PASSWORD, hasura: HASURA_DATABASE_PASSWORD },
  })
  stopping.signal.throwIfAborted()

  for (const group of describePrograms({ root, ports, standIn, told, databases, env })) {
    const children = group.map((program) => startChild(program, join(dataDirectory, 'logs')))
    watch(children, { stopping, undo })
    await waitUntilReady(children, stopping.signal)
  }
  const seconds = (performance.now() - begun) / 1000
  print(describeRunning({ seconds, told, dataDirectory, standIn, postgresPort: database.port }))
}

function lockDirectory(dataDirectory: string, undo: LaunchOptions['undo']): void {
  mkdirSync(dataDirectory, { recursive: true })
  const lock = takeLock(join(dataDirectory, 'start.lock'))
  if (lock === undefined)
    throw new Error(
      `Tributary already runs with the data in ${dataDirectory}; stop it, or set TRIBUTARY_DATA_DIR to another directory.`,
    )
  undo.push(async () => lock.release())
}

type Life = Pick<LaunchOptions, 'stopping' | 'undo'>

async function openDatabase(
  { env, stopping, undo }: Life & Pick<LaunchOptions, 'env'>,
  dataDirectory: string,
  port: number | undefined,
): Promise<{ adminUrl: string; port: number | undefined }> {
  const given = env['DATABASE_URL']
  if (given) return { adminUrl: given, port: undefined }
  const server = await startDevelopmentDatabase(dataDirectory, port)
  undo.push(() => server.stop())
  void server.exited.then(() =>
    stopping.abort(new Error(`PostgreSQL ended; its log is ${join(dataDirectory, 'postgres.log')}`)),
  )
  return server
}

function watch(children: readonly Child[], { stopping, undo }: Life): void {
  undo.push(() => stopChildren(children, STOP_WITHIN_MS))
  for (const { ended } of children) void ended.then((line) => stopping.abort(new Error(line)))
}
