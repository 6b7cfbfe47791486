import { randomBytes } from 'node:crypto'

/** One piece of work in a chain that crosses processes, as B3 names it: hex, 128 and 64 bits. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
}

const HEX_ID = /^[0-9a-f]{16,32}$/

/** The first span of a new trace. */
export function startTrace(): Span {
  return { traceId: randomBytes(16).toString('hex'), spanId: newSpanId() }
}

/** The headers of a call that is made within `parent`: a span of its own, of the same trace. */
export function traceHeaders(parent: Span): Record<string, string> {
  return { 'x-b3-traceid': parent.traceId, 'x-b3-spanid': newSpanId(), 'x-b3-parentspanid': parent.spanId }
}

/** As it stands in the setting `hasura.tracecontext`, and in the payload of an event. */
export function traceContextJson({ traceId, spanId }: Span): string {
  return JSON.stringify({ trace_id: traceId, span_id: spanId, sampling_state: null })
}

/** The span that an event was written in; a new trace when it names none. Any writer may have set it. */
export function spanOfEvent(payloadJson: string): Span {
  const context = readContext(payloadJson)
  const { trace_id: traceId, span_id: spanId } = context ?? {}
  return isId(traceId) && isId(spanId) ? { traceId, spanId } : startTrace()
}

function readContext(payloadJson: string): Readonly<Record<string, unknown>> | undefined {
  const { trace_context: context } = JSON.parse(payloadJson) as Record<string, unknown>
  return typeof context === 'object' && context !== null ? { ...context } : undefined
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && HEX_ID.test(value)
}

function newSpanId(): string {
  return randomBytes(8).toString('hex')
}
