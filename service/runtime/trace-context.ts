import { randomHex } from './random-bytes.ts'

/** A step of a chain of work that crosses processes: W3C Trace Context names both ids in hex, 128 and 64 bits. */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  /** Whether whoever is before us keeps the trace. */
  readonly sampled: boolean
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const TRACE_ID = /^([0-9a-f]{16}){1,2}$/
const SPAN_ID = /^[0-9a-f]{16}$/

/** Of a new chain. */
export function newTraceContext(): TraceContext {
  return { traceId: randomHex(16), spanId: newSpanId(), sampled: false }
}

export function newSpanId(): string {
  return randomHex(8)
}

/** W3C Trace Context, section 3.2. Undefined when it is not one. */
export function readTraceparent(text: string | undefined): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(text ?? '') ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  return contextOf({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}

export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

/** What a caller sent: W3C, or else B3, which is Hasura's own (https://github.com/openzipkin/b3-propagation, multiple headers). */
export function readTraceHeaders(headers: Headers): TraceContext | undefined {
  const text = (name: string) => {
    const value = headers[name]
    return typeof value === 'string' ? value : undefined
  }
  return (
    readTraceparent(text('traceparent')) ??
    contextOf({
      traceId: text('x-b3-traceid') ?? '',
      spanId: text('x-b3-spanid') ?? '',
      sampled: text('x-b3-sampled') === '1',
    })
  )
}

/** As Hasura keeps it in the payload of an event: `trace_context`, which any writer of the row may have set. */
export function readEventContext(value: unknown): TraceContext | undefined {
  const given: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {}
  const { trace_id: traceId, span_id: spanId, sampling_state: state } = given
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return undefined
  return contextOf({ traceId, spanId, sampled: state === '1' })
}

/** For the setting `hasura.tracecontext`, from where Hasura's triggers take it into the event. */
export function eventContextOf({ traceId, spanId, sampled }: TraceContext): string {
  return JSON.stringify({ trace_id: traceId, span_id: spanId, sampling_state: sampled ? '1' : null })
}

/** Ids of zeros alone are none. B3's ids of 64 bits are filled up on the left. */
function contextOf({ traceId, spanId, sampled }: TraceContext): TraceContext | undefined {
  if (!TRACE_ID.test(traceId) || !SPAN_ID.test(spanId) || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId: traceId.padStart(32, '0'), spanId, sampled }
}
