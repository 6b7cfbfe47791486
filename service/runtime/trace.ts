import { AsyncLocalStorage } from 'node:async_hooks'
import type { Facts } from './errors.ts'
import { newSpanId, newTraceContext, type TraceContext } from './trace-context.ts'

/** The present piece of work within its chain. */
export interface Trace {
  readonly context: TraceContext
  /** Of the HTTP request that set it going, where there was one. */
  readonly requestId?: string | undefined
  readonly tracer: Tracer
}

export interface SpanStart {
  readonly name: string
  readonly kind: 'server' | 'consumer' | 'client'
  /** What came before it; undefined: a new chain begins. */
  readonly parent: TraceContext | undefined
  /** Ids, routes, classes: never a value, an address with a query, or a token. */
  readonly facts?: Facts
}

export interface Span {
  readonly context: TraceContext
  /** With the code of what went wrong, if something did. */
  end(facts?: Facts, failure?: string): void
}

/** Where spans go. */
export interface Tracer {
  /** False: nothing is kept, and nothing but ids is needed. */
  readonly records: boolean
  start(span: SpanStart): Span
  /** Sends what is still here. */
  stop(): Promise<void>
}

/** Ids alone. */
export const plainTracer: Tracer = {
  records: false,
  start: ({ parent }) => ({
    context: parent === undefined ? newTraceContext() : { ...parent, spanId: newSpanId() },
    end() {},
  }),
  async stop() {},
}

// One for the process: what is kept hangs on the chain of calls. The other way would be an argument of every query, job and request.
const storage = new AsyncLocalStorage<Trace>()

export function currentTrace(): Trace | undefined {
  return storage.getStore()
}

export function runInTrace<Result>(trace: Trace, work: () => Result): Result {
  return storage.run(trace, work)
}

/** The ids for a log line; nothing outside of a chain. */
export function traceFacts(trace = currentTrace()): Facts {
  if (trace === undefined) return {}
  const { context, requestId } = trace
  return { trace_id: context.traceId, ...(requestId !== undefined && { request_id: requestId }) }
}

/** A step of the present chain, on a span of its own where spans are kept. `work` is handed what to say of it at its end. */
export async function inSpan<Result>(
  { name, facts = {} }: Pick<SpanStart, 'name' | 'facts'>,
  work: (tell: (facts: Facts) => void) => Promise<Result>,
): Promise<Result> {
  const trace = storage.getStore()
  if (trace === undefined || !trace.tracer.records) return work(() => {})
  const span = trace.tracer.start({ name, kind: 'client', parent: trace.context, facts })
  let told: Facts = {}
  try {
    const result = await storage.run({ ...trace, context: span.context }, () => work((more) => (told = more)))
    span.end(told)
    return result
  } catch (error) {
    span.end(told, error instanceof Error ? error.name : typeof error)
    throw error
  }
}
