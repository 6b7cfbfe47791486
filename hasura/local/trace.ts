import { randomBytes } from 'node:crypto'
import type { OpenTelemetry } from './metadata/types.ts'

/** One piece of work in a chain that crosses processes, as B3 names it: hex, 128 and 64 bits. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  /** What whoever is before us decided: kept, not kept, nothing. */
  readonly sampling: '1' | '0' | null
}

/** In which headers a trace crosses processes. */
export type Propagator = 'b3' | 'tracecontext'

type Headers = Readonly<Record<string, string | undefined>>

const TRACE_ID = /^(?:[0-9a-f]{16}){1,2}$/
const SPAN_ID = /^[0-9a-f]{16}$/
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

/** None while the metadata does not switch OpenTelemetry on, whatever it lists; without a list B3 alone. */
export function propagatorsOf({ status, exporter_otlp: exporter }: OpenTelemetry = {}): readonly Propagator[] {
  return status === 'enabled' ? (exporter?.traces_propagators ?? ['b3']) : []
}

/** The first span of a new trace. */
export function startTrace(): Span {
  return { traceId: randomBytes(16).toString('hex'), spanId: newSpanId(), sampling: null }
}

/** The first of our own spans for a request: of the caller's trace, where its headers name one. */
export function continueTrace(headers: Headers, propagators: readonly Propagator[]): Span {
  const given = propagators.map((propagator) => READ[propagator](headers)).find((span) => span !== undefined)
  return given === undefined ? startTrace() : { ...given, spanId: newSpanId() }
}

/** The headers of a call that is made within `parent`: a span of its own, of the same trace. */
export function traceHeaders(parent: Span, propagators: readonly Propagator[]): Record<string, string> {
  const span = { ...parent, spanId: newSpanId() }
  return Object.assign({}, ...propagators.map((propagator) => WRITE[propagator](span, parent))) as Record<
    string,
    string
  >
}

/** As it stands in the setting `hasura.tracecontext`, and in the payload of an event. */
export function traceContextJson({ traceId, spanId, sampling }: Span): string {
  return JSON.stringify({ trace_id: traceId, span_id: spanId, sampling_state: sampling })
}

/** The span that an event was written in; a new trace when it names none. Any writer may have set it. */
export function spanOfEvent(payloadJson: string): Span {
  const context = readContext(payloadJson)
  const { trace_id: traceId, span_id: spanId, sampling_state: state } = context ?? {}
  return spanFrom(traceId, spanId, state) ?? startTrace()
}

const READ: Readonly<Record<Propagator, (headers: Headers) => Span | undefined>> = {
  b3: (headers) => spanFrom(headers['x-b3-traceid'], headers['x-b3-spanid'] ?? newSpanId(), headers['x-b3-sampled']),
  tracecontext(headers) {
    const [, traceId, spanId, flags = '00'] = TRACEPARENT.exec(headers['traceparent'] ?? '') ?? []
    return spanFrom(traceId, spanId, Number.parseInt(flags, 16) % 2 === 1 ? '1' : null)
  },
}

const WRITE: Readonly<Record<Propagator, (span: Span, parent: Span) => Record<string, string>>> = {
  b3: ({ traceId, spanId, sampling }, parent) => ({
    'x-b3-traceid': traceId,
    'x-b3-spanid': spanId,
    'x-b3-parentspanid': parent.spanId,
    ...(sampling !== null && { 'x-b3-sampled': sampling }),
  }),
  tracecontext: ({ traceId, spanId, sampling }) => ({
    traceparent: `00-${traceId}-${spanId}-${sampling === '1' ? '01' : '00'}`,
    tracestate: '',
  }),
}

function spanFrom(traceId: unknown, spanId: unknown, sampling: unknown): Span | undefined {
  if (typeof traceId !== 'string' || !TRACE_ID.test(traceId)) return undefined
  if (typeof spanId !== 'string' || !SPAN_ID.test(spanId)) return undefined
  return {
    traceId: traceId.padStart(32, '0'),
    spanId,
    sampling: sampling === '1' || sampling === '0' ? sampling : null,
  }
}

function readContext(payloadJson: string): Readonly<Record<string, unknown>> | undefined {
  const { trace_context: context } = JSON.parse(payloadJson) as Record<string, unknown>
  return typeof context === 'object' && context !== null ? { ...context } : undefined
}

function newSpanId(): string {
  return randomBytes(8).toString('hex')
}
