import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../service/config.ts'
import { createLog } from '../../service/runtime/log.ts'
import { openTracer } from '../../service/runtime/open-tracer.ts'
import { plainTracer } from '../../service/runtime/trace.ts'
import { startCollector } from '../support/collector.ts'
import { leastSettings } from '../support/settings.ts'

const ROOT = join(import.meta.dirname, '../..')
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = { traceId: TRACE, spanId: '00f067aa0ba902b7', sampled: false }

async function open(environment: NodeJS.ProcessEnv) {
  const { tracing } = await loadConfig({ ...leastSettings('postgres://unused'), ...environment })
  const lines: string[] = []
  const log = createLog({ level: 'info', process: 'test', destination: { write: (line) => void lines.push(line) } })
  return { tracer: await openTracer({ settings: tracing, log, process: 'service', version: '1.2.3' }), lines }
}

/** Starts spans and ends them; answers the ids of the traces that arrived. */
async function arrived(environment: NodeJS.ProcessEnv, parents: readonly (typeof PARENT | undefined)[]) {
  const collector = await startCollector()
  onTestFinished(() => collector.close())
  const { tracer } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment })
  for (const parent of parents) tracer.start({ name: 'x', kind: 'client', parent }).end()
  await tracer.stop()
  return collector
}

describe('traces', () => {
  test.for([{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' }])(
    'are off by default and by OTEL_SDK_DISABLED: %j',
    async (environment) => {
      expect((await open(environment)).tracer).toBe(plainTracer)
    },
  )

  test('load nothing of OpenTelemetry while they are off: only a dynamic import knows it', () => {
    const importing = globSync('service/**/*.ts', { cwd: ROOT }).filter((file) =>
      /^import (?!type\b)[^\n]*'@opentelemetry/m.test(readFileSync(join(ROOT, file), 'utf8')),
    )
    expect(importing).toEqual([])
  })

  test('go to the address below the endpoint, with what the collector asks for', async () => {
    const { spans, requests } = await arrived(
      { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x=y,other=z', OTEL_SERVICE_NAME: 'mine' },
      [PARENT],
    )
    expect(requests).toEqual([{ path: '/v1/traces', authorization: 'Bearer x=y' }])
    expect(spans).toMatchObject([{ service: 'mine', traceId: TRACE, parentSpanId: PARENT.spanId }])
  })

  const sampled = { ...PARENT, sampled: true }
  test.for([
    ['always_on', '1', [undefined, PARENT, sampled], 3],
    ['always_off', '1', [undefined, PARENT, sampled], 0],
    ['traceidratio', '0', [undefined, PARENT, sampled], 0],
    ['traceidratio', '1', [undefined, PARENT, sampled], 3],
    ['parentbased_always_on', '1', [undefined, PARENT, sampled], 3],
    ['parentbased_always_off', '1', [undefined, PARENT, sampled], 1],
    ['parentbased_traceidratio', '0', [undefined, PARENT, sampled], 1],
  ] as const)('are kept as %s of %s says', async ([OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, parents, kept]) => {
    const { spans } = await arrived({ OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG }, parents)
    expect(spans).toHaveLength(kept)
  })

  test('that the collector does not take are told of in the log, and stop nothing', async () => {
    const collector = await startCollector({ status: 400 })
    onTestFinished(() => collector.close())
    const { tracer, lines } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
    tracer.start({ name: 'x', kind: 'client', parent: undefined }).end()
    await tracer.stop()
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { operation: 'traces', spans: 1, level: 40 },
    ])
  })
})

describe('a failed step', () => {
  test('ends with the code of its failure and no more', async () => {
    const collector = await startCollector()
    onTestFinished(() => collector.close())
    const { tracer } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
    tracer.start({ name: 'x', kind: 'consumer', parent: undefined }).end({ outcome: 'failure' }, 'platform/unavailable')
    await tracer.stop()
    expect(collector.spans).toMatchObject([
      { status: { code: 2, message: 'platform/unavailable' }, attributes: { outcome: 'failure' } },
    ])
  })
})
