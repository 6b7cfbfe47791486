import { join } from 'node:path'
import { startEngine } from './engine.ts'
import type { EngineLog } from './log.ts'

const DEFAULT_PORT = 8080

const log: EngineLog = (level, operation, facts = {}) => {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, operation, ...facts })}\n`)
}

async function main(): Promise<void> {
  const { env } = process
  const engine = await startEngine({
    metadataDirectory: env.HASURA_GRAPHQL_METADATA_DIR ?? join(import.meta.dirname, '../metadata'),
    port: Number(env.HASURA_PORT ?? env.HASURA_GRAPHQL_SERVER_PORT ?? DEFAULT_PORT),
    env,
    log,
  })
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    engine.close().then(() => process.exit(0), fail)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.stdout.write(`Stand-in engine (not Hasura; for laptops and tests) on ${engine.url}\n`)
}

/** One line, also for a message that lists several problems. */
function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`hasura/local: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`)
  process.exit(1)
}

main().catch(fail)
