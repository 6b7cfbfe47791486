import Fastify, { type FastifyInstance, type FastifyRequest, type FastifyServerFactory } from 'fastify'
import type { Metrics } from '../monitoring/metrics.ts'
import { describeError, type Log } from '../runtime/log.ts'
import { createTlsServer, type TlsReports, type TlsSettings } from '../runtime/tls-server.ts'
import { plainTracer, type Tracer, traceFacts } from '../runtime/trace.ts'
import { guardEdge } from './edge-headers.ts'
import { type ErrorServices, handleErrors, operationOf } from './error-handler.ts'
import { readJsonBodies } from './json-body.ts'
import { requestIdOf, traceRequests } from './trace-requests.ts'

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
  /** Where refusals of callers are told of. */
  readonly refusals?: ErrorServices['refusals']
  readonly metrics: Metrics
  /** Absent: plain http. */
  readonly tls?: TlsSettings | undefined
  /** Addresses or networks of proxies whose X-Forwarded-For is believed; none by default. */
  readonly trustedProxies?: readonly string[]
  /** The answers reach people by https, ours or a proxy's. */
  readonly secure?: boolean
  /** Whether the process was told to end: answers then close their connections, for nothing may hold up the end. */
  readonly isEnding?: (() => boolean) | undefined
  /** Default: ids alone. */
  readonly tracer?: Tracer
}

/** A Fastify server with our error handling, one log line a request and its duration measured. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { listener, log, metrics, tls, trustedProxies = [], secure = false } = options
  const serverFactory: FastifyServerFactory | undefined =
    tls === undefined ? undefined : (handler) => createTlsServer(handler, { ...tls, ...tlsReports(options) })
  const app: FastifyInstance = Fastify({
    bodyLimit: DEFAULT_BODY_LIMIT_BYTES,
    // Node's own limit is one for all routes; ours is below, and the time for headers stays Node's.
    requestTimeout: 0,
    // Open keep-alive connections must not hold up a shutdown; requests in flight are finished.
    forceCloseConnections: 'idle',
    // What still comes on an open connection is served, and the connection closed after it.
    return503OnClosing: false,
    genReqId: requestIdOf,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    ...(serverFactory === undefined ? {} : { serverFactory }),
  })
  traceRequests(app, options.tracer ?? plainTracer)
  handleErrors(app, options)
  // Hooks of every request call back: a promise for each of them costs a tenth of what a small request does.
  app.addHook('onRequest', (request, _reply, done) => {
    limitArrival(request)
    done()
  })
  guardEdge(app, { secure })
  readJsonBodies(app)
  // Between the two is the payload, which is none of its business.
  app.addHook('onSend', (_request, reply, ...[, done]) => {
    if (options.isEnding?.() === true) reply.header('connection', 'close')
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request
    const route = request.routeOptions.url ?? 'unknown'
    metrics.apiRequestDuration.observe(
      { listener, method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    )
    if (!route.startsWith('/health')) metrics.requests.observe(reply.statusCode)
    const facts = {
      ...traceFacts(request.trace),
      operation: operationOf(request),
      listener,
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime),
    }
    if (!route.startsWith('/health')) log.info(facts, 'request')
    done()
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
  raw.once('close', () => clearTimeout(timer))
}

function tlsReports({ listener, log }: ServerOptions): TlsReports {
  const operation = 'tls'
  return {
    onClientRefused: (names) => log.warn({ operation, listener, names: names.join(', ') }, 'client refused'),
    onReloaded: () => log.info({ operation, listener }, 'certificates read again'),
    onUnusable: (error) =>
      log.error({ operation, listener, ...describeError(error) }, 'new certificates cannot be used'),
  }
}
