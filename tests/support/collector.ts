import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

interface OtlpValue {
  readonly stringValue?: string
  readonly intValue?: number
  readonly boolValue?: boolean
}

/** As OTLP has it in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: readonly { readonly key: string; readonly value: OtlpValue }[]
  readonly status: { readonly code?: number; readonly message?: string }
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpSpan['attributes'] }
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}

export interface CollectedSpan extends Omit<OtlpSpan, 'attributes'> {
  readonly service: string | undefined
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>
}

/** What stands for an OTLP collector: takes spans over HTTP, and remembers them. */
export interface Collector {
  readonly url: string
  readonly spans: readonly CollectedSpan[]
  /** Every byte that it was sent. */
  readonly texts: readonly string[]
  /** Where they were sent to, and with which authorization. */
  readonly requests: readonly { readonly path: string; readonly authorization: string | undefined }[]
  close(): Promise<void>
}

export async function startCollector({ status = 200 } = {}): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const texts: string[] = []
  const requests: Collector['requests'][number][] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      texts.push(body)
      requests.push({ path: request.url ?? '', authorization: request.headers.authorization })
      spans.push(...spansOf(JSON.parse(body) as OtlpRequest))
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    texts,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function spansOf({ resourceSpans }: OtlpRequest): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = plain(resource.attributes)['service.name'] as string | undefined
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, ...span }) => ({ ...span, service, attributes: plain(attributes) })),
    )
  })
}

function plain(attributes: OtlpSpan['attributes']): CollectedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.boolValue]),
  )
}
