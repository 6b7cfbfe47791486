import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inject } from 'vitest'
import { findFreePort } from '../../database/embedded.ts'
import { createTemporaryDirectory } from '../../database/temporary.ts'
import { test as base, type EmptyDatabase } from './database.ts'

// A program that does no more than the launcher relies on: it answers on its port and writes down what it was told.
const answering = (port: string) => `
import { createServer } from 'node:http'
import { renameSync, writeFileSync } from 'node:fs'
if (process.argv[2] === '--environment') {
  process.stdout.write(JSON.stringify({ ACME_API_URL: process.argv[3] + '/acme', ACME_CLIENT_SECRET: 'known to everybody' }))
  process.exit()
}
const told = process.argv[1] + '.json'
writeFileSync(told + '.new', JSON.stringify({ pid: process.pid, env: process.env }))
renameSync(told + '.new', told)
createServer((_request, response) => response.end('ok')).listen(Number(process.env['${port}']), '127.0.0.1')
`
const PROGRAMS = {
  'hasura/local/main.ts': answering('HASURA_PORT'),
  'service/platforms/simulators.ts': answering('SIMULATOR_PORT'),
  'service/main.ts': answering('SERVICE_PORT'),
  'service/worker.ts': answering('INTERNAL_PORT'),
} as const

export type ProgramPath = keyof typeof PROGRAMS
export const PROGRAM_PATHS = Object.keys(PROGRAMS) as readonly ProgramPath[]

export interface Run {
  readonly process: ChildProcess
  /** What it has printed so far, errors included. */
  output(): string
  until(text: string): Promise<void>
  /** The exit code. */
  readonly ended: Promise<number | null>
}

/** A checkout with a launcher and stubs for programs, ports and a data directory of its own. */
export interface Laptop {
  readonly dataDirectory: string
  readonly env: NodeJS.ProcessEnv
  start(more?: NodeJS.ProcessEnv): Run
  replace(program: ProgramPath, source: string): void
  /** What a program was started with, by the last start; waits until it has been. */
  told(program: ProgramPath): Promise<{ pid: number; env: Record<string, string> }>
}

export const test = base.extend<{ laptop: Laptop }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  laptop: async ({}, use) => {
    const root = createTemporaryDirectory()
    const runs: Run[] = []
    try {
      await use(await createLaptop(root, runs))
    } finally {
      for (const run of runs) run.process.kill('SIGTERM')
      await Promise.all(runs.map(({ ended }) => ended))
      rmSync(root, { recursive: true, force: true })
    }
  },
})

/** Settings for a start on the tests' own server; its roles are everybody's, so they keep their passwords. */
export function on({ adminUrl }: EmptyDatabase): NodeJS.ProcessEnv {
  const { servicePassword, hasuraPassword } = inject('testServer')
  return {
    DATABASE_URL: adminUrl,
    SERVICE_DATABASE_PASSWORD: servicePassword,
    HASURA_DATABASE_PASSWORD: hasuraPassword,
  }
}

async function createLaptop(root: string, runs: Run[]): Promise<Laptop> {
  const replace = (program: ProgramPath, source: string) => {
    mkdirSync(dirname(join(root, program)), { recursive: true })
    writeFileSync(join(root, program), source)
  }
  for (const program of PROGRAM_PATHS) replace(program, PROGRAMS[program])
  const launcher = join(import.meta.dirname, '../../start/run.ts')
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(root, 'start.ts'),
    `import { run } from '${launcher}'\nprocess.exit(await run(import.meta.dirname))\n`,
  )
  const dataDirectory = join(root, 'data')
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, TRIBUTARY_DATA_DIR: dataDirectory }
  for (const name of ['SERVICE_PORT', 'INTERNAL_PORT', 'HASURA_PORT', 'SIMULATOR_PORT'])
    env[name] = String(await findFreePort())
  const start = (more: NodeJS.ProcessEnv = {}) => {
    for (const program of PROGRAM_PATHS) rmSync(join(root, `${program}.json`), { force: true })
    const run = startRun(root, { ...env, ...more })
    runs.push(run)
    return run
  }
  const told = async (program: ProgramPath) => {
    const path = join(root, `${program}.json`)
    while (!existsSync(path)) await sleep(20)
    return JSON.parse(readFileSync(path, 'utf8')) as { pid: number; env: Record<string, string> }
  }
  return { dataDirectory, env, start, replace, told }
}

function startRun(root: string, env: NodeJS.ProcessEnv): Run {
  const child = spawn(process.execPath, [join(root, 'start.ts')], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = once(child, 'close').then(() => child.exitCode)
  const until = async (expected: string) => {
    while (!text.includes(expected)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`it ended without saying "${expected}" but:\n${text}`)
      await sleep(20)
    }
  }
  return { process: child, output: () => text, until, ended }
}
