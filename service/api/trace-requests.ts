import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { currentTrace, plainTracer, runInTrace, type Span, type Trace, type Tracer } from '../runtime/trace.ts'
import { readTraceHeaders, type TraceContext } from '../runtime/trace-context.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Which chain of work it belongs to. */
    trace: Trace
    span: Span
  }
}

/** What may stand in a log line as it is. */
const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** The caller's own id, where it is one; else a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
}

/** First of all hooks: what a request sets going carries its ids from here on. */
export function traceRequests(app: FastifyInstance, tracer: Tracer): void {
  app.decorateRequest('trace')
  app.decorateRequest('span')
  app.addHook('onRequest', (request, _reply, done) => {
    const own = isProbe(request) ? plainTracer : tracer
    request.span = own.start({
      name: nameOf(request),
      kind: 'server',
      parent: readTraceHeaders(request.headers),
      facts: { 'http.request.method': request.method, 'http.route': routeOf(request) },
    })
    request.trace = { context: request.span.context, requestId: request.id, tracer: own }
    runInTrace(request.trace, done)
  })
  app.addHook('onResponse', ({ span }, { statusCode }, done) => {
    span.end({ 'http.response.status_code': statusCode }, statusCode >= 500 ? String(statusCode) : undefined)
    done()
  })
}

/** For a call whose body names the chain, as events of Hasura do: what follows belongs to that one. */
export function continueTrace<Result>(context: TraceContext | undefined, work: () => Result): Result {
  const trace = currentTrace()
  if (context === undefined || trace === undefined || trace.context.traceId === context.traceId) return work()
  return runInTrace({ ...trace, context }, work)
}

function routeOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? 'unknown'
}

/** They come every few seconds and say nothing. */
function isProbe({ routeOptions: { url = '' } }: FastifyRequest): boolean {
  return url.startsWith('/health') || url === '/metrics'
}

function nameOf(request: FastifyRequest): string {
  return `${request.method} ${routeOf(request)}`
}
