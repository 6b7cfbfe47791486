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
  const app = Fastify({ forceCloseConnections: true })
  const modules = await loadSimulators()
  for (const [folder, { simulator, readOptions }] of modules)
    await app.register(simulator, { ...readOptions(env), ...(now === undefined ? {} : { now }), prefix: `/${folder}` })
  await app.listen({ port, host })
  const listening = (app.server.address() as AddressInfo).port
  log?.(`simulators listening on http://localhost:${listening} (${[...modules.keys()].join(', ')})`)
  const url = `http://127.0.0.1:${listening}`
  return { url, port: listening, serviceEnvironment: environmentAt(url, modules), close: () => app.close() }
}

type Simulators = ReadonlyMap<string, SimulatorModule>

async function loadSimulators(): Promise<Simulators> {
  const folders = readdirSync(import.meta.dirname).filter((name) =>
    existsSync(join(import.meta.dirname, name, 'simulator.ts')),
  )
  const load = async (folder: string) =>
    [folder, (await import(`./${folder}/simulator.ts`)) as SimulatorModule] as const
  return new Map(await Promise.all(folders.map(load)))
}

function environmentAt(url: string, modules: Simulators): Readonly<Record<string, string>> {
  const environments = [...modules].map(([folder, module]) => module.serviceEnvironment?.(`${url}/${folder}`) ?? {})
  return Object.assign({}, ...environments) as Readonly<Record<string, string>>
}

/** `--environment <address>`: what a service is told that takes the simulators at this address for the platforms, as JSON. */
async function main([option, address]: readonly string[]): Promise<void> {
  if (option === '--environment' && address !== undefined) {
    process.stdout.write(JSON.stringify(environmentAt(address, await loadSimulators())))
    return
  }
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

if (import.meta.main) await main(process.argv.slice(2))
