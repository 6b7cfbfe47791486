import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEnv } from 'node:util'
import { describe, expect } from 'vitest'
import { withClient } from '../database/connect.ts'
import { type Laptop, on, PROGRAM_PATHS, test } from './support/laptop.ts'

const environmentFile = ({ dataDirectory }: Laptop) => join(dataDirectory, 'development.env')

/** A process, and no later one that got its number. */
interface Running {
  readonly pid: number
  readonly startedAt: string | undefined
}

async function everybody(laptop: Laptop): Promise<Running[]> {
  const told = await Promise.all(PROGRAM_PATHS.map((program) => laptop.told(program)))
  const postmaster = readFileSync(join(laptop.dataDirectory, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]
  return [...told.map(({ pid }) => running(pid)), running(Number(postmaster))]
}

const running = (pid: number): Running => ({ pid, startedAt: startOf(pid) })

/** Undefined when there is no such process, or only its exit code that nobody has read yet (a zombie). */
function startOf(pid: number): string | undefined {
  try {
    // What follows the name, which may hold anything: the state, and after 18 more the start (proc_pid_stat(5)).
    const [state, ...rest] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return state === 'Z' ? undefined : rest[18]
  } catch {
    return undefined
  }
}

const isAlive = ({ pid, startedAt }: Running): boolean => startedAt !== undefined && startOf(pid) === startedAt

async function untilGone(pids: readonly Running[]): Promise<void> {
  const deadline = Date.now() + 10_000
  while (pids.some(isAlive) && Date.now() < deadline) await sleep(20)
  expect(pids.filter(isAlive)).toEqual([])
}

describe('npm start refuses, in one line,', () => {
  test('a port that another program has, naming the variable to change', async ({ laptop }) => {
    const other = createServer().listen(Number(laptop.env['HASURA_PORT']), '127.0.0.1')
    const run = laptop.start()
    expect(await run.ended).toBe(1)
    other.close()
    expect(run.output()).toBe(
      `Port ${laptop.env['HASURA_PORT']} is in use by another program: stop it, or set HASURA_PORT to another port.\n`,
    )
    expect(existsSync(join(laptop.dataDirectory, 'postgres'))).toBe(false)
  })

  test('one port for two programs', async ({ laptop }) => {
    const run = laptop.start({ INTERNAL_PORT: laptop.env['SERVICE_PORT'] })
    expect(await run.ended).toBe(1)
    expect(run.output()).toMatch(/^SERVICE_PORT and INTERNAL_PORT are both \d+: set one of them to another port.\n$/)
  })

  test('something that is no port', async ({ laptop }) => {
    const run = laptop.start({ SERVICE_PORT: 'http' })
    expect(await run.ended).toBe(1)
    expect(run.output()).toBe('SERVICE_PORT=http is not a port number (1 to 65535).\n')
  })

  test('data that another start is using', async ({ laptop, empty }) => {
    await laptop.start(on(empty)).until('is ready')
    const second = laptop.start()
    expect(await second.ended).toBe(1)
    expect(second.output()).toBe(
      `Tributary already runs with the data in ${laptop.dataDirectory}; stop it, or set TRIBUTARY_DATA_DIR to another directory.\n`,
    )
  })
})

describe('npm start', () => {
  test('stops everything when one program dies, and names it and its log', async ({ laptop, empty }) => {
    laptop.replace('service/worker.ts', 'setTimeout(() => process.exit(3), 1500)')
    const run = laptop.start(on(empty))
    await run.until('is ready')
    const pids = [(await laptop.told('service/main.ts')).pid, (await laptop.told('hasura/local/main.ts')).pid].map(
      running,
    )
    expect(await run.ended).toBe(1)
    expect(run.output()).toContain(`worker ended with code 3; its log is ${laptop.dataDirectory}/logs/worker.log\n`)
    await untilGone(pids)
  })

  test('does not wait for a program that ends before it is ready, and keeps what it said', async ({
    laptop,
    empty,
  }) => {
    laptop.replace('service/main.ts', "process.stderr.write('Bad environment'); process.exit(1)")
    const run = laptop.start(on(empty))
    expect(await run.ended).toBe(1)
    expect(run.output()).toContain('service ended with code 1; its log is ')
    expect(readFileSync(join(laptop.dataDirectory, 'logs', 'service.log'), 'utf8')).toBe('Bad environment')
  })

  test('asked to stop leaves nothing running, and started again finds its data and secrets', async ({ laptop }) => {
    // Without setpriv, so that nothing but the launcher can have stopped them.
    const first = laptop.start({ PATH: '' })
    await first.until('is ready')
    const pids = await everybody(laptop)
    const { DATABASE_URL: url = '', VAULT_MASTER_KEY: key, ...told } = (await laptop.told('service/main.ts')).env
    // What a platform's folder asks for is told, and its secret is this machine's own.
    expect(told['ACME_API_URL']).toBe(`http://localhost:${laptop.env['SIMULATOR_PORT']}/acme`)
    expect(told['ACME_CLIENT_SECRET']).toMatch(/^[0-9a-f]{64}$/)
    const insert = "insert into public.app_users (user_id) values ('0b7a4e5e-5f6c-4a39-9d39-6f1f2b0f7f01')"
    await withClient(url, (client) => client.query(insert))
    first.process.kill('SIGINT')
    expect(await first.ended).toBe(0)
    await untilGone(pids)

    const second = laptop.start()
    await second.until('is ready')
    const { env } = await laptop.told('service/main.ts')
    expect(env['VAULT_MASTER_KEY']).toBe(key)
    expect(env['ACME_CLIENT_SECRET']).toBe(told['ACME_CLIENT_SECRET'])
    const { rowCount } = await withClient(env['DATABASE_URL'] ?? '', (client) =>
      client.query('select from public.app_users'),
    )
    expect(rowCount).toBe(1)
    second.process.kill('SIGTERM')
    expect(await second.ended).toBe(0)
  })

  test('killed outright takes everything along, and starts again at once', async ({ laptop }) => {
    const first = laptop.start()
    await first.until('is ready')
    const pids = await everybody(laptop)
    expect(pids.every(isAlive)).toBe(true)
    first.process.kill('SIGKILL')
    await first.ended
    await untilGone(pids.slice(0, -1))
    await laptop.start().until('is ready')
    expect(pids.filter(isAlive)).toEqual([])
  })

  test('tells each program of its own database login alone', async ({ laptop, empty }) => {
    await laptop.start(on(empty)).until('is ready')
    const logins = PROGRAM_PATHS.map(async (program) => {
      const { env } = await laptop.told(program)
      const user = (name: string) => new URL(env[name] ?? 'postgres://nobody@localhost').username
      return [program, user('DATABASE_URL'), user('PG_DATABASE_URL')]
    })
    expect(await Promise.all(logins)).toEqual([
      ['hasura/local/main.ts', 'nobody', 'tributary_hasura'],
      ['service/platforms/simulators.ts', 'nobody', 'nobody'],
      ['service/main.ts', 'tributary_service', 'nobody'],
      ['service/worker.ts', 'tributary_service', 'nobody'],
    ])
  })

  test('keeps its settings in a file that only its owner can read, whole and unchanged', async ({ laptop, empty }) => {
    const given = { LOG_LEVEL: 'debug', STRAVA_CLIENT_SECRET: 'from the environment' }
    await laptop.start({ ...on(empty), ...given }).until('is ready')
    expect(statSync(environmentFile(laptop)).mode & 0o777).toBe(0o600)
    const written = parseEnv(readFileSync(environmentFile(laptop), 'utf8'))
    expect(written).toMatchObject({ ...given, STRAVA_RETENTION_DAYS: 'off' })
    const { env } = await laptop.told('service/main.ts')
    expect(written['HASURA_GRAPHQL_JWT_SECRET']).toBe(env['HASURA_GRAPHQL_JWT_SECRET'])
    const expected = { type: 'HS256', issuer: 'tributary-local', audience: 'tributary' }
    expect(JSON.parse(env['HASURA_GRAPHQL_JWT_SECRET'] ?? '')).toMatchObject(expected)
  })

  test('uses the server of DATABASE_URL and the engine of HASURA_GRAPHQL_ENDPOINT in place of its own', async ({
    laptop,
    empty,
  }) => {
    laptop.replace('hasura/local/main.ts', 'process.exit(1)')
    await laptop.start({ ...on(empty), HASURA_GRAPHQL_ENDPOINT: 'http://localhost:9' }).until('is ready')
    expect(existsSync(join(laptop.dataDirectory, 'postgres'))).toBe(false)
    const { env } = await laptop.told('service/main.ts')
    expect(new URL(env['DATABASE_URL'] ?? '').pathname).toBe(`/${empty.name}`)
    expect(env['HASURA_GRAPHQL_ENDPOINT']).toBe('http://localhost:9')
  })
})
