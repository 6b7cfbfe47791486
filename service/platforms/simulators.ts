import { existsSync, readdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Fastify, { type FastifyPluginAsync } from 'fastify'

interface SimulatorModule {
  readonly simulator: FastifyPluginAsync<Record<string, unknown>>
  /** Throws an Error of one line. */
  readonly readOptions: (env: NodeJS.ProcessEnv) => Record<string, unknown>
  /** Environment of a service that takes the simulator at this address for the platform. */
  readonly serviceEnvironment?: (address: string) => Readonly<Record<string, string>>
}

export interface StartOptions {
  /** 0: any free one. */
  readonly port: number
  readonly host?: string
  readonly env: NodeJS.ProcessEnv
  /** The clock of all simulators. */
  readonly now?: () => Date
  readonly log?: (line: string) => void
}

/** Serves every platform's simulator below the name of its folder. Throws an Error when one cannot start or the port is taken. */
export async function startSimulators({ port, host = '127.0.0.1', env, now, log }: StartOptions) {
  const folders = readdirSync(import.meta.dirname).filter((name) =>
    existsSync(join(import.meta.dirname, name, 'simulator.ts')),
  )
  const app = Fastify({ forceCloseConnections: true })
  const environments: NonNullable<SimulatorModule['serviceEnvironment']>[] = []
  for (const folder of folders) {
    const { simulator, readOptions, serviceEnvironment }: SimulatorModule = await import(`./${folder}/simulator.ts`)
    if (serviceEnvironment !== undefined) environments.push((url) => serviceEnvironment(`${url}/${folder}`))
    await app.register(simulator, { ...readOptions(env), ...(now === undefined ? {} : { now }), prefix: `/${folder}` })
  }
  await app.listen({ port, host })
  const listening = (app.server.address() as AddressInfo).port
  log?.(`simulators listening on http://localhost:${listening} (${folders.join(', ')})`)
  const url = `http://127.0.0.1:${listening}`
  const serviceEnvironment = Object.assign({}, ...environments.map((of) => of(url))) as Readonly<Record<string, string>>
  return { url, port: listening, serviceEnvironment, close: () => app.close() }
}

async function main(): Promise<void> {
  const { SIMULATOR_PORT, SIMULATOR_HOST } = process.env
  const port = Number(SIMULATOR_PORT || 4000)
  const log = (line: string) => process.stdout.write(`${line}\n`)
  try {
    const { close } = await startSimulators({ port, host: SIMULATOR_HOST || '127.0.0.1', env: process.env, log })
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void close())
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    process.stderr.write(
      `${taken ? `port ${port} is taken; choose another with SIMULATOR_PORT` : (error as Error).message}\n`,
    )
    process.exitCode = 1
  }
}

if (import.meta.main) await main()
