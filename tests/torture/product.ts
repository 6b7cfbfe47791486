import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDevelopmentDatabase } from '../../database/development.ts'
import { type EmbeddedOptions, type EmbeddedPostgres, startEmbeddedPostgres } from '../../database/embedded.ts'
import { migrate } from '../../database/migrate.ts'
import { findPostmaster } from '../../database/postmaster.ts'
import { type Child, type Program, startChild, stopChildren } from '../../start/children.ts'
import { databaseUrls, describeEnvironment, type Environment, writeEnvironmentFile } from '../../start/environment.ts'
import type { Ports } from '../../start/ports.ts'
import { describePrograms, type ProgramOptions } from '../../start/programs.ts'
import { waitUntilReady } from '../../start/readiness.ts'
import { readSecrets } from '../../start/secrets.ts'
import { freePorts } from '../support/running.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const STOP_WITHIN_MS = 10_000

/** The product in processes of its own: whoever of them ends is started again, as a supervisor would. */
export interface Product {
  readonly environment: Environment
  readonly serviceUrl: string
  readonly graphqlUrl: string
  readonly simulatorUrl: string
  readonly dataDirectory: string
  /** The database itself, for the judge; not through the proxy. */
  readonly adminUrl: string
  readonly proxy: FaultProxy
  readonly processNames: readonly string[]
  /** Sends a signal to the process; answers whether it was there. */
  signal(name: string, signal: NodeJS.Signals): boolean
  /** `crash`: killed as a power cut would, and recovered from its log. */
  restartDatabase(how: 'fast' | 'crash'): Promise<void>
  stop(): Promise<void>
}

/** Two workers, so that one takes over from the other. The data directory has to exist and outlives the product. */
export async function startProduct(dataDirectory: string, given: Readonly<Record<string, string>>): Promise<Product> {
  let database = await startDevelopmentDatabase(dataDirectory)
  const proxy = await startFaultProxy(database.port)
  const ports = await choosePorts()
  const activities = join(dataDirectory, 'activities.json')
  writeFileSync(activities, '[]')
  const env = { PATH: process.env['PATH'], STRAVA_SIMULATOR_ACTIVITIES: activities, ...given }
  const environmentFile = join(dataDirectory, 'development.env')
  const secrets = readSecrets(env, environmentFile)
  const installation = { dataDirectory, ports, secrets, adminUrl: database.adminUrl }
  const environment = describeEnvironment(installation, env)
  const throughProxy = Object.assign(new URL(database.adminUrl), { port: String(proxy.port) }).href
  const databases = databaseUrls({ ...installation, adminUrl: throughProxy })
  writeEnvironmentFile(environmentFile, environment)
  const passwords = { service: secrets.SERVICE_DATABASE_PASSWORD, hasura: secrets.HASURA_DATABASE_PASSWORD }
  await migrate({ adminUrl: database.adminUrl, passwords })
  const supervisor = createSupervisor(join(dataDirectory, 'logs'))
  for (const group of describeGroups({ ports, told: environment, databases, env })) await supervisor.start(group)
  const local = (port: number) => `http://127.0.0.1:${port}`
  return {
    environment,
    serviceUrl: local(ports.SERVICE_PORT),
    graphqlUrl: `${local(ports.HASURA_PORT)}/v1/graphql`,
    simulatorUrl: local(ports.SIMULATOR_PORT),
    dataDirectory,
    adminUrl: database.adminUrl,
    proxy,
    processNames: ['service', 'worker', 'worker-2'],
    signal: (name, signal) => supervisor.signal(name, signal),
    async restartDatabase(how) {
      const postmaster = findPostmaster(join(dataDirectory, 'postgres'))
      if (how === 'crash' && postmaster !== undefined) process.kill(postmaster, 'SIGKILL')
      else await database.stop()
      await database.exited
      const server = await startAgain({ dataDirectory: join(dataDirectory, 'postgres'), port: database.port })
      database = { ...server, adminUrl: database.adminUrl }
    },
    async stop() {
      await supervisor.stop()
      await proxy.close()
      await database.stop()
    },
  }
}

/** A server that was killed leaves processes behind, which take a moment to notice: until then it cannot start again. */
async function startAgain(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const deadline = performance.now() + STOP_WITHIN_MS
  for (;;) {
    try {
      return await startEmbeddedPostgres(options)
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(100)
    }
  }
}

async function choosePorts(): Promise<Ports> {
  const [service = 0, internal = 0, hasura = 0, simulator = 0] = await freePorts(4)
  return { SERVICE_PORT: service, INTERNAL_PORT: internal, HASURA_PORT: hasura, SIMULATOR_PORT: simulator }
}

/** In the order in which they are started; the second worker last. */
function describeGroups({ told, ...options }: Omit<ProgramOptions, 'root' | 'standIn'>): Program[][] {
  // The simulator keeps what it knows in memory: it is the one process that is never killed.
  const { STRAVA_SIMULATOR_STATE: _, ...rest } = told
  const groups = describePrograms({ ...options, root: ROOT, standIn: true, told: rest })
  const workers = groups.flat().filter(({ name }) => name === 'worker')
  return [...groups, workers.map((worker) => ({ ...worker, name: 'worker-2' }))]
}

interface Supervisor {
  start(group: readonly Program[]): Promise<void>
  signal(name: string, signal: NodeJS.Signals): boolean
  stop(): Promise<void>
}

function createSupervisor(logDirectory: string): Supervisor {
  mkdirSync(logDirectory, { recursive: true })
  const running = new Map<string, Child>()
  const stopping = new AbortController()
  const run = (program: Program): Child => {
    const child = startChild(program, logDirectory)
    running.set(program.name, child)
    void child.ended.then(() => {
      if (!stopping.signal.aborted) setTimeout(() => !stopping.signal.aborted && run(program), 200)
    })
    return child
  }
  return {
    start: (group) => waitUntilReady(group.map(run), stopping.signal),
    signal(name, signal) {
      const child = running.get(name)?.process
      // The program may be wrapped (setpriv replaces itself), so the child's own id is the program's.
      return child !== undefined && child.exitCode === null && child.signalCode === null && child.kill(signal)
    },
    async stop() {
      stopping.abort(new Error('the run is over'))
      for (const { process: child } of running.values()) child.kill('SIGCONT')
      await stopChildren([...running.values()], STOP_WITHIN_MS)
    },
  }
}
