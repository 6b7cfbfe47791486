import { join } from 'node:path'
import type { Program } from './children.ts'
import type { Environment } from './environment.ts'
import type { Ports } from './ports.ts'

export interface ProgramOptions {
  /** The checkout. */
  readonly root: string
  readonly ports: Ports
  /** False when HASURA_GRAPHQL_ENDPOINT names a real one. */
  readonly standIn: boolean
  readonly told: Environment
  readonly databases: { readonly DATABASE_URL: string; readonly PG_DATABASE_URL: string }
  readonly env: NodeJS.ProcessEnv
}

/**
 * The programs of the product on a laptop, in the groups in which they are started: the worker's first job needs the
 * others to answer. Each gets the database login it works with, the simulators none.
 */
export function describePrograms({ root, ports, standIn, told, databases, env }: ProgramOptions): Program[][] {
  const { DATABASE_URL: _admin, PG_DATABASE_URL: _other, ...rest } = env
  // glibc keeps what was freed in as many places as there are threads; the bound on memory counts on two.
  // What is larger than the threshold goes back to the system when freed; without it the threshold grows with the pieces, to 32 MB.
  const common = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144', ...rest, ...told }
  const asService = { ...common, DATABASE_URL: databases.DATABASE_URL }
  const asHasura = { ...common, PG_DATABASE_URL: databases.PG_DATABASE_URL }
  const answersAt = (port: number, path: string) => `http://127.0.0.1:${port}${path}`
  const programs: Program[] = [
    {
      name: 'simulators',
      script: join(root, 'service/platforms/simulators.ts'),
      env: common,
      readyUrl: answersAt(ports.SIMULATOR_PORT, '/'),
    },
    {
      name: 'service',
      script: join(root, 'service/main.ts'),
      // Young objects, in MB: `service/runtime/flat-memory.ts`. Whoever sets another has the last word.
      env: { ...asService, NODE_OPTIONS: `--max-semi-space-size=16 ${rest['NODE_OPTIONS'] ?? ''}`.trim() },
      readyUrl: answersAt(ports.SERVICE_PORT, '/health/ready'),
    },
  ]
  const worker = {
    name: 'worker',
    script: join(root, 'service/worker.ts'),
    flags: ['--min-semi-space-size=4'],
    env: asService,
  }
  const hasura = {
    name: 'hasura',
    script: join(root, 'hasura/local/main.ts'),
    env: asHasura,
    readyUrl: answersAt(ports.HASURA_PORT, '/healthz'),
  }
  return [standIn ? [hasura, ...programs] : programs, [worker]]
}
