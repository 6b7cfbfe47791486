import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Metrics } from '../monitoring/metrics.ts'
import type { Log } from '../runtime/log.ts'
import { handleErrors, operationOf } from './error-handler.ts'

const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024
const BODY_TIMEOUT_MS = 30_000

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How long a request may take to arrive; null: as long as it goes on arriving (a large file). Default 30 seconds. */
    bodyTimeoutMs?: number | null
  }
}

export interface ServerOptions {
  /** The label of its metrics and log lines. */
  readonly listener: 'public' | 'internal' | 'worker'
  readonly log: Log
  readonly metrics: Metrics
}

/** A Fastify server with our error handling, one log line a request and its duration measured. */
export function createServer({ listener, log, metrics }: ServerOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: DEFAULT_BODY_LIMIT_BYTES,
    // Node's own limit is one for all routes; ours is below, and the time for headers stays Node's.
    requestTimeout: 0,
    // Open keep-alive connections must not hold up a shutdown; requests in flight are finished.
    forceCloseConnections: 'idle',
    genReqId: () => crypto.randomUUID(),
  })
  handleErrors(app, log)
  app.addHook('onRequest', async (request) => limitArrival(request))
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    reply.header('x-content-type-options', 'nosniff')
    reply.header('cross-origin-resource-policy', 'same-origin')
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request
    const route = request.routeOptions.url ?? 'unknown'
    metrics.apiRequestDuration.observe(
      { listener, method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    )
    const facts = { operation: operationOf(request), listener, request_id: request.id, status: reply.statusCode }
    if (!route.startsWith('/health')) log.info({ ...facts, duration_ms: Math.round(reply.elapsedTime) }, 'request')
  })
  return app
}

/** A body that dribbles in holds a connection; it is cut when its time is up. */
function limitArrival({ raw, routeOptions }: FastifyRequest): void {
  const { bodyTimeoutMs = BODY_TIMEOUT_MS } = routeOptions.config
  if (bodyTimeoutMs === null || raw.complete) return
  const timer = setTimeout(() => {
    if (!raw.complete) raw.destroy()
  }, bodyTimeoutMs)
  raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}
