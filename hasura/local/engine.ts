import { createAuthenticator } from './auth/authenticator.ts'
import type { Environment } from './environment.ts'
import { type HttpServer, startHttpServer } from './http/server.ts'
import { type EngineLog, silentLog } from './log.ts'
import { loadMetadata } from './metadata/load.ts'
import type { Metadata } from './metadata/types.ts'
import { createMetadataApi } from './metadata-api/metadata-api.ts'
import { closePools, openPools, type Pools, type ServingOptions, startServing } from './served-metadata.ts'
import { readSettings } from './settings.ts'
import { createLiveQueries, type LiveQueries } from './subscriptions/live-queries.ts'
import { createSubscriptionServer, type SubscriptionServer } from './subscriptions/server.ts'

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

  // Commands have changed the metadata, so the directory is not what is served any more.
  let isEdited = false

  async function serve(metadata: Metadata): Promise<void> {
    const previous = serving
    serving = await startServing(metadata, pools, options)
    // Live queries of the old metadata end with their connections; clients come back by themselves.
    subscriptions.closeAll(1012, 'Server state changed, restarting the server')
    liveQueries.close()
    await previous.stop()
  }

  const served = () => serving
  const metadataApi = createMetadataApi({
    pool: pools.queries,
    env: options.env,
    served,
    replace(next) {
      isEdited = true
      return serve(next)
    },
    reload: async () => serve(isEdited ? serving.metadata : await loadMetadata(options.metadataDirectory)),
  })
  const services = { authenticate, settings, log, served, metadataApi, isDatabaseReachable: () => isReachable(pools) }
  const http = await startHttpServer({ port, services, subscriptions }).catch(async (error: unknown) => {
    await serving.stop()
    throw error
  })
  return {
    port: http.port,
    url: `http://localhost:${http.port}`,
    async close() {
      await closeDoors({ http, subscriptions, liveQueries })
      await serving.stop()
      await closePools(pools)
    },
  }
}

interface Doors {
  readonly http: HttpServer
  readonly subscriptions: SubscriptionServer
  readonly liveQueries: LiveQueries
}

async function closeDoors({ http, subscriptions, liveQueries }: Doors): Promise<void> {
  const closing = http.close()
  await subscriptions.close()
  liveQueries.close()
  await closing
}

async function isReachable(pools: Pools): Promise<boolean> {
  return pools.queries.query('select 1').then(
    () => true,
    () => false,
  )
}
