import { createAuthenticator } from './auth/authenticator.ts'
import type { Environment } from './environment.ts'
import { startHttpServer } from './http/server.ts'
import { type EngineLog, silentLog } from './log.ts'
import { loadMetadata } from './metadata/load.ts'
import { closePools, openPools, type Pools, type ServingOptions, startServing } from './served-metadata.ts'
import { readSettings } from './settings.ts'
import { createLiveQueries } from './subscriptions/live-queries.ts'
import { createSubscriptionServer } from './subscriptions/server.ts'

export interface EngineOptions {
  readonly metadataDirectory: string
  /** Instead of the one that the metadata's source names. */
  readonly databaseUrl?: string
  /** 0 for any free one. */
  readonly port: number
  /** `HASURA_GRAPHQL_*` and whatever variables the metadata names. */
  readonly env: Environment
  readonly log?: EngineLog
}

export interface RunningEngine {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/**
 * Starts the stand-in for Hasura: serves the metadata directory over the database. Throws one clear error when the
 * settings or the metadata hold something it does not implement, or the database does not answer.
 */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const settings = readSettings(options.env)
  const metadata = await loadMetadata(options.metadataDirectory)
  const serving = { ...options, settings, log: options.log ?? silentLog }
  const pools = openPools(metadata.sources[0], serving)
  try {
    return await listen(options.port, pools, { ...serving, metadata })
  } catch (error) {
    await closePools(pools)
    throw error
  }
}

async function listen(
  port: number,
  pools: Pools,
  options: ServingOptions & { metadata: Awaited<ReturnType<typeof loadMetadata>> },
): Promise<RunningEngine> {
  const { settings, log } = options
  const authenticate = await createAuthenticator(settings)
  let serving = await startServing(options.metadata, pools, options)
  const liveQueries = createLiveQueries({ intervalMs: settings.liveQueryIntervalMs })
  const engine = () => serving.engine
  const subscriptions = createSubscriptionServer({ authenticate, engine, liveQueries, settings, log })

  async function reload(): Promise<void> {
    const previous = serving
    serving = await startServing(await loadMetadata(options.metadataDirectory), pools, options)
    // Live queries of the old metadata end with their connections; clients come back by themselves.
    subscriptions.closeAll(1012, 'Server state changed, restarting the server')
    liveQueries.close()
    await previous.stop()
  }

  const isDatabaseReachable = () => isReachable(pools)
  const services = { authenticate, settings, log, served: () => serving, reload, isDatabaseReachable }
  const http = await startHttpServer({ port, services, subscriptions }).catch(async (error: unknown) => {
    await serving.stop()
    throw error
  })
  return {
    port: http.port,
    url: `http://localhost:${http.port}`,
    async close() {
      const closing = http.close()
      await subscriptions.close()
      liveQueries.close()
      await closing
      await serving.stop()
      await closePools(pools)
    },
  }
}

async function isReachable(pools: Pools): Promise<boolean> {
  return pools.queries.query('select 1').then(
    () => true,
    () => false,
  )
}
