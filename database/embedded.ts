import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { takeLock } from './directory-lock.ts'
import { createCluster, MAJOR_VERSION, postgresBinaries, serverUserId } from './embedded-cluster.ts'
import { endWithParent } from './end-with-parent.ts'
import { isReady, stopPostmaster } from './postmaster.ts'

export interface EmbeddedOptions {
  /** Created when absent. Password, log and lock are kept beside it: `<dataDirectory>.password` and so on. */
  readonly dataDirectory: string
  /** Default: a free one. */
  readonly port?: number
  /** Server settings, for example `{ fsync: 'off' }` where losing the data is no loss. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface EmbeddedPostgres {
  /** Connection of the superuser. Holds the password: not for logs. */
  readonly adminUrl: string
  readonly port: number
  /** Resolves when the server is gone, asked to or not. */
  readonly exited: Promise<void>
  /** Ends connections, writes everything down and waits for the end. */
  stop(): Promise<void>
}

const STOP_WITHIN_MS = 20_000
const READY_WITHIN_MS = 60_000

/**
 * Starts PostgreSQL from the npm package on a data directory, on 127.0.0.1 alone. One server for each directory: one
 * left behind by a killed launcher is stopped first. Throws with a line for the user when it cannot.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const dataDirectory = resolve(options.dataDirectory)
  const lock = takeLock(`${dataDirectory}.lock`)
  if (lock === undefined)
    throw new Error(`The database in ${dataDirectory} is in use by another process; stop that one first.`)
  try {
    return await startLocked({ ...options, dataDirectory }, lock.release)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function startLocked(
  { dataDirectory, port, settings }: EmbeddedOptions,
  release: () => void,
): Promise<EmbeddedPostgres> {
  const binaries = await postgresBinaries()
  const passwordFile = `${dataDirectory}.password`
  if (existsSync(dataDirectory)) {
    refuseOtherVersion(dataDirectory)
    await stopPostmaster(dataDirectory, STOP_WITHIN_MS)
  } else createCluster({ dataDirectory, passwordFile, initdb: binaries.initdb, durable: settings?.['fsync'] !== 'off' })

  const chosenPort = port ?? (await findFreePort())
  const server = spawnServer({ postgres: binaries.postgres, dataDirectory, port: chosenPort, settings: settings ?? {} })
  const exited = new Promise<void>((done) => server.once('exit', () => done()).once('error', () => done()))
  void exited.then(release)
  await waitUntilReady(server, dataDirectory)
  const password = readFileSync(passwordFile, 'utf8').trim()
  return {
    adminUrl: `postgres://postgres:${password}@127.0.0.1:${chosenPort}/postgres`,
    port: chosenPort,
    exited,
    stop: () => stopServer(server, exited),
  }
}

function refuseOtherVersion(dataDirectory: string): void {
  const version = readFileSync(`${dataDirectory}/PG_VERSION`, 'utf8').trim()
  if (version !== MAJOR_VERSION)
    throw new Error(
      `The data in ${dataDirectory} was written by PostgreSQL ${version} and this is ${MAJOR_VERSION}; move it away to start afresh.`,
    )
}

interface ServerOptions {
  readonly postgres: string
  readonly dataDirectory: string
  readonly port: number
  readonly settings: Readonly<Record<string, string>>
}

function spawnServer({ postgres, dataDirectory, port, settings }: ServerOptions): ChildProcess {
  const all = { TimeZone: 'UTC', log_timezone: 'UTC', unix_socket_directories: '', ...settings }
  const args = ['-D', dataDirectory, '-p', String(port), '-h', '127.0.0.1']
  for (const [name, value] of Object.entries(all)) args.push('-c', `${name}=${value}`)
  const userId = serverUserId()
  const tied = endWithParent({ command: postgres, args }, 'INT', userId)
  const changeUser = userId === undefined || tied.command !== postgres ? {} : { uid: userId, gid: userId }
  const log = openSync(`${dataDirectory}.log`, 'a', 0o600)
  // A process group of its own: Ctrl-C in a terminal reaches the whole group, and Postgres has to be the last to stop.
  const server = spawn(tied.command, tied.args, {
    cwd: dataDirectory,
    stdio: ['ignore', log, log],
    detached: true,
    ...changeUser,
  })
  closeSync(log)
  return server
}

async function waitUntilReady(server: ChildProcess, dataDirectory: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS
  while (!isReady(dataDirectory, server.pid)) {
    if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined)
      throw new Error(`PostgreSQL did not start: ${lastLogLine(dataDirectory)} (log: ${dataDirectory}.log)`)
    if (Date.now() > deadline) {
      server.kill('SIGQUIT')
      throw new Error(`PostgreSQL was not ready after ${READY_WITHIN_MS / 1000} s (log: ${dataDirectory}.log)`)
    }
    await sleep(10)
  }
}

function lastLogLine(dataDirectory: string): string {
  const lines = readFileSync(`${dataDirectory}.log`, 'utf8').trimEnd().split('\n')
  return lines.findLast((line) => line.includes('FATAL:') || line.includes('could not')) ?? lines.at(-1) ?? 'no message'
}

async function stopServer(server: ChildProcess, exited: Promise<void>): Promise<void> {
  server.kill('SIGINT')
  const timer = new AbortController()
  const late = sleep(STOP_WITHIN_MS, 'late' as const, { signal: timer.signal }).catch(() => 'cancelled' as const)
  if ((await Promise.race([exited, late])) === 'late') server.kill('SIGQUIT')
  timer.abort()
  await exited
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((done, reject) => probe.once('error', reject).listen(0, '127.0.0.1', done))
  const address = probe.address()
  await new Promise<void>((done) => probe.close(() => done()))
  if (address === null || typeof address === 'string') throw new Error('The system gave no TCP port.')
  return address.port
}
