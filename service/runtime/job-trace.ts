import type { Facts } from './errors.ts'
import { currentTrace, plainTracer, runInTrace, type Tracer } from './trace.ts'
import { readTraceparent, type TraceContext, traceparentOf } from './trace-context.ts'

/** Where a job's payload says by which chain of work it was queued; beside the payload's own fields, as the queue's `_cron` is. */
const CARRIED = '_trace'

/** What a job takes along. */
export interface CarriedTrace {
  readonly traceparent: string
  readonly requestId?: string
}

/** Of the present chain, for the job that is queued now. */
export function carriedTrace(): CarriedTrace | undefined {
  const trace = currentTrace()
  if (trace === undefined) return undefined
  const { context, requestId } = trace
  return { traceparent: traceparentOf(context), ...(requestId !== undefined && { requestId }) }
}

/** The JSON text of a job's payload, with what it carries. */
export function payloadText(payload: unknown): string {
  const trace = carriedTrace()
  return JSON.stringify(trace === undefined ? payload : { ...(payload as object), [CARRIED]: trace })
}

/** Runs a job as a step of the chain that queued it; one that the clock queued begins a chain. `tell` says how it ended. */
export async function runAsJob(
  { tracer = plainTracer, task, payload }: { tracer?: Tracer | undefined; task: string; payload: unknown },
  work: (tell: (facts: Facts, failure?: string) => void) => Promise<void>,
): Promise<void> {
  const { parent, requestId } = readCarried(payload)
  const span = tracer.start({ name: `job ${task}`, kind: 'consumer', parent, facts: { 'tributary.task': task } })
  let end: [facts: Facts, failure?: string | undefined] = [{}]
  try {
    await runInTrace({ context: span.context, requestId, tracer }, () => work((...told) => (end = told)))
  } finally {
    span.end(...end)
  }
}

function readCarried(payload: unknown): { parent: TraceContext | undefined; requestId: string | undefined } {
  const carried = fieldOf(payload, CARRIED)
  const [traceparent, requestId] = [fieldOf(carried, 'traceparent'), fieldOf(carried, 'requestId')]
  return { parent: readTraceparent(textOf(traceparent)), requestId: textOf(requestId) }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
