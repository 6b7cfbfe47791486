import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

const ROOT = join(import.meta.dirname, '..', '..')
const START_WITHIN_MS = 60_000

/** The whole product as `npm start` runs it, in processes of its own. */
export interface RunningProduct {
  readonly url: string
  readonly graphqlUrl: string
  readonly simulatorUrl: string
  readonly dataDirectory: string
  /** What it printed so far. */
  output(): string
  /** Ctrl-C; waits until everything is gone. Answers the exit code. */
  stop(): Promise<number | null>
  /** Kills the service and the worker as a power cut would, and waits for the launcher to give up. */
  killServiceAndWorker(): Promise<void>
  /** Of one of its processes, by the script it runs. */
  pidOf(script: string): number
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  /** A data directory of an earlier run: what it holds is found again. */
  readonly dataDirectory?: string
}

export async function startProduct({ env = {}, dataDirectory: given }: StartOptions = {}): Promise<RunningProduct> {
  const deployed = process.env['SERVICE_URL']
  if (deployed !== undefined) return describeDeployed(deployed)
  const dataDirectory = given ?? makeDataDirectory()
  const [service, internal, hasura, simulator] = await freePorts(4)
  const ports = { SERVICE_PORT: service, INTERNAL_PORT: internal, HASURA_PORT: hasura, SIMULATOR_PORT: simulator }
  const told = { ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])), ...env }
  const child = spawn(process.execPath, ['start.ts'], {
    cwd: ROOT,
    env: { ...withoutOwnSettings(), TRIBUTARY_DATA_DIR: dataDirectory, ...told },
  })
  const printed = collect(child)
  await ready(child, printed).catch((error: unknown) => {
    if (given === undefined) rmSync(dataDirectory, { recursive: true, force: true })
    throw error
  })
  return {
    url: `http://localhost:${told['SERVICE_PORT']}`,
    graphqlUrl: `${told['HASURA_GRAPHQL_ENDPOINT'] ?? `http://localhost:${hasura}`}/v1/graphql`,
    simulatorUrl: `http://localhost:${told['SIMULATOR_PORT']}`,
    dataDirectory,
    output: printed,
    async stop() {
      const code = await stop(child)
      if (given === undefined) rmSync(dataDirectory, { recursive: true, force: true })
      return code
    },
    killServiceAndWorker: () => kill(child),
    pidOf: (script) => childRunning(child.pid, script),
  }
}

/** A product that runs already, for example on the real Hasura: SERVICE_URL, HASURA_GRAPHQL_ENDPOINT and SIMULATOR_URL say where. */
function describeDeployed(url: string): RunningProduct {
  const dataDirectory = process.env['TRIBUTARY_DATA_DIR'] ?? join(ROOT, '.data')
  const refuse = () => Promise.reject(new Error('a deployed product is not ours to kill'))
  return {
    url,
    graphqlUrl: `${process.env['HASURA_GRAPHQL_ENDPOINT']}/v1/graphql`,
    simulatorUrl: process.env['SIMULATOR_URL'] ?? 'http://localhost:4000',
    dataDirectory,
    output: () => '',
    stop: () => Promise.resolve(0),
    killServiceAndWorker: refuse,
    pidOf: () => {
      throw new Error('the processes of a deployed product are elsewhere')
    },
  }
}

/** The caller removes it. */
export function makeDataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-acceptance-'))
  // The database may run as another user, who has to get through.
  execFileSync('chmod', ['711', directory])
  return directory
}

/** Below the ports that the system hands out to connections: one of those could be taken before the product listens. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  while (servers.length < count) {
    const server = await listenOn(randomInt(10_000, 32_000))
    if (server !== undefined) servers.push(server)
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Undefined when somebody else has the port. */
function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

// The machine that runs the tests may have settings for a product of its own.
function withoutOwnSettings(): NodeJS.ProcessEnv {
  const own =
    /^(DATABASE_URL|PG_DATABASE_URL|HASURA_|STRAVA_|GARMIN_|SERVICE_|VAULT_|TRIBUTARY_|POSTGRES_PORT|NODE_ENV|VITEST)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)))
}

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return () => text
}

async function ready(child: ChildProcess, printed: () => string): Promise<void> {
  const deadline = performance.now() + START_WITHIN_MS
  while (!/ready/i.test(printed())) {
    if (child.exitCode !== null) throw new Error(`the product did not start:\n${printed()}`)
    if (performance.now() > deadline) {
      await stop(child)
      throw new Error(`the product was not ready in time:\n${printed()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill('SIGINT')
  return ended
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  for (const script of ['service/main.ts', 'service/worker.ts'])
    process.kill(childRunning(child.pid, script), 'SIGKILL')
  await ended
}

function childRunning(parent: number | undefined, script: string): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ')
  const found = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(script))
  if (found === undefined) throw new Error(`${script} is not running`)
  return Number(found)
}

/** What the launcher wrote for the operator's commands: addresses and secrets of the product that runs in this directory. */
export function readSettings(dataDirectory: string): Readonly<Record<string, string>> {
  const settings = parseEnv(readFileSync(join(dataDirectory, 'development.env'), 'utf8'))
  return Object.fromEntries(Object.entries(settings).flatMap(([name, value]) => (value ? [[name, value]] : [])))
}
