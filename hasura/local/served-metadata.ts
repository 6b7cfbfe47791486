import pg from 'pg'
import { createActionCaller, partitionActions } from './actions/call-action.ts'
import { type Environment, requireVariable } from './environment.ts'
import { startEventDelivery } from './events/delivery.ts'
import { installEventTriggers } from './events/install.ts'
import { resolveSubscribers } from './events/subscribers.ts'
import { createEngineContext } from './execute/prepare.ts'
import type { ServedMetadata } from './http/services.ts'
import { describeError, type EngineLog } from './log.ts'
import type { Metadata, Source } from './metadata/types.ts'
import type { Settings } from './settings.ts'
import { propagatorsOf } from './trace.ts'

const DEFAULT_MAX_CONNECTIONS = 50
/** Events write little and often; they wait for each other here rather than for the queries of clients. */
const EVENT_CONNECTIONS = 5
const CONNECT_TIMEOUT_MS = 10_000

export interface ServingOptions {
  readonly metadataDirectory: string
  /** Instead of the one that the metadata's source names. */
  readonly databaseUrl?: string | undefined
  readonly env: Environment
  readonly settings: Settings
  readonly log: EngineLog
}

export interface Pools {
  readonly queries: pg.Pool
  readonly events: pg.Pool
}

/** The metadata with everything that works for it. */
export interface Serving extends ServedMetadata {
  /** Stops deliveries; the pools stay open. */
  stop(): Promise<void>
}

/** Loads the metadata and starts everything for it. Throws when it is bad or the database does not answer. */
export async function startServing(metadata: Metadata, pools: Pools, options: ServingOptions): Promise<Serving> {
  const { env, settings, log } = options
  const [{ tables }] = metadata.sources
  const actions = partitionActions(metadata.actions, env)
  const propagators = propagatorsOf(metadata.opentelemetry)
  const engine = await createEngineContext({
    metadata: { ...metadata, actions: actions.usable },
    pool: pools.queries,
    stringifyNumericTypes: settings.stringifyNumericTypes,
    allowlistEnabled: settings.allowlistEnabled,
    callAction: createActionCaller({
      env,
      configuredHeaderPrecedence: settings.configuredHeaderPrecedence,
      propagators,
    }),
  })
  const triggers = await installEventTriggers(pools.events, tables, settings)
  const { subscribers, inconsistencies: unreachable } = resolveSubscribers(tables, env)
  const delivery = settings.eventProcessing
    ? startEventDelivery({ pool: pools.events, subscribers, propagators, settings, log })
    : undefined
  const inconsistencies = [...engine.inconsistencies, ...actions.inconsistencies, ...triggers, ...unreachable]
  for (const { name, reason } of inconsistencies) log('warn', 'inconsistent_metadata', { name, reason })
  return { metadata, engine, inconsistencies, stop: async () => delivery?.stop() }
}

/** Opens no connection yet. Throws when the variable that holds the address is not set. */
export function openPools(source: Source, { databaseUrl, env, log }: ServingOptions): Pools {
  const { database_url: configured, pool_settings: settings } = source.configuration.connection_info
  const configuredUrl = () => (typeof configured === 'string' ? configured : requireVariable(env, configured.from_env))
  const connectionString = databaseUrl ?? configuredUrl()
  return {
    queries: createPool({ connectionString, max: settings?.max_connections ?? DEFAULT_MAX_CONNECTIONS }, log),
    events: createPool({ connectionString, max: EVENT_CONNECTIONS }, log),
  }
}

export async function closePools(pools: Pools): Promise<void> {
  await Promise.all([pools.queries.end(), pools.events.end()])
}

function createPool(config: pg.PoolConfig, log: EngineLog): pg.Pool {
  const pool = new pg.Pool({
    ...config,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'hasura-stand-in',
  })
  // Without these a connection that dies, idle or busy, would end the process.
  pool.on('error', (error) => log('warn', 'database_connection', { error: describeError(error) }))
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}
