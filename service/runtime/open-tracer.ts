import type * as Api from '@opentelemetry/api'
import type * as Sdk from '@opentelemetry/sdk-trace'
import type { Log } from './log.ts'
import { plainTracer, type Span, type SpanStart, type Tracer } from './trace.ts'
import type { TracingSettings } from './tracing-settings.ts'

export interface TracerOptions {
  readonly settings: TracingSettings
  readonly log: Log
  /** Which process speaks: service, worker. */
  readonly process: string
  readonly version: string
}

/** Spans by OTLP where an address is set. Without one, nothing of OpenTelemetry is even loaded. */
export async function openTracer(options: TracerOptions): Promise<Tracer> {
  const { address } = options.settings
  if (address === undefined) return plainTracer
  const [api, sdk] = await Promise.all([import('@opentelemetry/api'), import('@opentelemetry/sdk-trace')])
  const { resourceFromAttributes } = await import('@opentelemetry/resources')
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.settings.serviceName ?? `tributary-${options.process}`,
      'service.version': options.version,
      'tributary.process': options.process,
    }),
    sampler: samplerOf(sdk, options.settings),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: await openExporter(address, options),
        scheduledDelayMillis: options.settings.delayMs,
      }),
    ],
  })
  const tracer = provider.getTracer('tributary', options.version)
  return {
    records: true,
    start: (span) => startSpan({ api, tracer }, span),
    stop: () => provider.shutdown().catch(() => {}),
  }
}

/** A collector that does not take spans is told of in the log; work goes on. */
async function openExporter(url: string, { settings, log }: TracerOptions): Promise<Sdk.SpanExporter> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  const exporter = new OTLPTraceExporter({ url, headers: headersOf(settings), timeoutMillis: 5_000 })
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code !== 0) log.warn({ operation: 'traces', spans: spans.length }, 'the collector took no traces')
        done(result)
      }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  }
}

function headersOf({ headers }: TracingSettings): Record<string, string> {
  const pairs = headers === undefined ? [] : headers.reveal().split(',')
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]
    }),
  )
}

/**
 * A caller that keeps a trace has it kept here too. One that does not, does not decide for us: Hasura, as long as it exports nothing
 * itself, leaves the question open, and W3C's header has no word for that. The ratio goes by the trace's id, so all processes agree.
 */
function samplerOf(sdk: typeof Sdk, { sampler, ratio }: TracingSettings) {
  const name = sampler.replace('parentbased_', '')
  const root =
    name === 'always_off'
      ? new sdk.AlwaysOffSampler()
      : new sdk.TraceIdRatioBasedSampler(name === 'traceidratio' ? ratio : 1)
  return name === sampler ? root : new sdk.ParentBasedSampler({ root, remoteParentNotSampled: root })
}

interface Parts {
  readonly api: typeof Api
  readonly tracer: Api.Tracer
}

function startSpan({ api, tracer }: Parts, { name, kind, parent, facts }: SpanStart): Span {
  const before: Api.SpanContext | undefined = parent && {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.sampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE,
    isRemote: true,
  }
  const context = before === undefined ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, before)
  const kinds = { server: api.SpanKind.SERVER, consumer: api.SpanKind.CONSUMER, client: api.SpanKind.CLIENT }
  const span = tracer.startSpan(name, { kind: kinds[kind], ...(facts && { attributes: facts }) }, context)
  const { traceId, spanId, traceFlags } = span.spanContext()
  return {
    context: { traceId, spanId, sampled: (traceFlags & api.TraceFlags.SAMPLED) !== 0 },
    end(more = {}, failure) {
      span.setAttributes(more)
      if (failure !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR, message: failure })
      span.end()
    },
  }
}
