import { describe, expect } from 'vitest'
import { saveSubscriptionId } from '../../service/ingestion/queries.ts'
import { ADA } from '../support/people.ts'
import { connect } from '../support/service.ts'
import { test as base, type TracedProduct } from '../support/traced-product.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLER_SPAN = '00f067aa0ba902b7'
const TRACEPARENT = `00-${TRACE}-${CALLER_SPAN}-01`

const test = base.extend<{ settings: NodeJS.ProcessEnv }>({
  settings: async ({ db: _db }, use) => use({ TRACES_REACH_PLATFORMS: 'true' }),
})

/** Ada's Strava is connected and imported; what came before is forgotten. */
async function begin(product: TracedProduct): Promise<void> {
  await connect(product)
  await settle(product)
  await saveSubscriptionId(product.db, 'strava', '77')
  product.lines.length = 0
  product.platform.exchanges.length = 0
}

/** Until no payload waits: the event of Hasura's stand-in comes after the row, and queues a job. */
async function settle(product: TracedProduct): Promise<void> {
  await expect
    .poll(
      async () => {
        await product.work()
        const { rows } = await product.db.pool.query<{ left: number }>(`
          select (select count(*) from raw_fitness_data where processed_at is null)::integer
            + (select count(*) from hdb_catalog.event_log where not delivered)::integer as left`)
        return rows[0]!.left
      },
      { timeout: 10_000, interval: 50 },
    )
    .toBe(0)
}

const linesOf = ({ lines }: TracedProduct, operation: string) => lines.filter((line) => line['operation'] === operation)

async function deliver(product: TracedProduct, headers: Record<string, string>): Promise<Response> {
  const [newest] = (await product.simulate('/athletes/1/activities')) as readonly { id: number }[]
  const event = { object_type: 'activity', object_id: newest!.id, aspect_type: 'update', updates: { title: 'x' } }
  return fetch(`${product.publicUrl}/webhooks/strava/${'w'.repeat(32)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...event, owner_id: 1, event_time: 1_790_000_000, subscription_id: 77 }),
  })
}

describe('what a webhook sets going', () => {
  test('carries its ids to the last line of the last job, and to the platform', async ({ product, db }) => {
    await begin(product)
    const answer = await deliver(product, { traceparent: TRACEPARENT, 'x-request-id': 'relay-17' })
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([200, 'relay-17'])
    await settle(product)
    const ids = { trace_id: TRACE, request_id: 'relay-17' }
    expect(linesOf(product, 'POST /webhooks/:platform/:secret')).toMatchObject([ids])
    expect(linesOf(product, 'process_delivery')).toMatchObject([{ ...ids, outcome: 'success' }])
    expect(linesOf(product, 'enrich_activity')).toMatchObject([{ ...ids, outcome: 'success' }])
    // Its series came with the history.
    expect(linesOf(product, 'platform_call')).toMatchObject([{ ...ids, platform: 'strava', outcome: 'ok' }])
    expect(linesOf(product, 'POST /events/raw_data_inserted')).toMatchObject([{ trace_id: TRACE }])
    // It was normalized as it came.
    expect(linesOf(product, 'normalize_raw_data')).toEqual([])
    expect(linesOf(product, 'rebuild_summaries')).toMatchObject([{ ...ids, outcome: 'success' }])
    expect(product.lines.filter((line) => line['trace_id'] !== TRACE)).toEqual([])
    const [first] = product.platform.exchanges
    expect(first!.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
    const { rows } = await db.admin.query(
      "select payload #>> '{trace_context,trace_id}' as id from hdb_catalog.event_log order by created_at desc limit 1",
    )
    expect(rows).toEqual([{ id: TRACE }])
  })

  test('is one trace at the collector, each step below the one that set it going', async ({ product }) => {
    await begin(product)
    await deliver(product, { traceparent: TRACEPARENT })
    await settle(product)
    const spans = () => product.collector.spans.filter(({ traceId }) => traceId === TRACE)
    // They come in no order, some at a time.
    const last = ['job process_delivery', 'job rebuild_summaries', 'job enrich_activity']
    await expect
      .poll(() => spans().map(({ name }) => name), { timeout: 5_000 })
      .toEqual(expect.arrayContaining(['POST /webhooks/:platform/:secret', ...last]))
    const find = (name: string) => spans().find((span) => span.name === name)!
    const edge = find('POST /webhooks/:platform/:secret')
    const job = find('job process_delivery')
    const call = spans().find(
      ({ attributes, parentSpanId }) => attributes['server.address'] === '127.0.0.1' && parentSpanId === job.spanId,
    )!
    expect(edge).toMatchObject({
      parentSpanId: CALLER_SPAN,
      kind: 2, // server
      service: 'tributary-worker',
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/webhooks/:platform/:secret',
        'http.response.status_code': 200,
      },
    })
    expect(job).toMatchObject({ parentSpanId: edge.spanId, kind: 5, attributes: { outcome: 'success' } }) // consumer
    expect(call).toMatchObject({ parentSpanId: job.spanId, kind: 3, name: 'GET' }) // client
    expect(call.spanId).toBe(product.platform.exchanges[0]!.traceparent!.split('-')[2])
    const writes = spans().filter(({ name }) => name === 'transaction')
    const ofJob = writes.filter(({ parentSpanId }) => parentSpanId === job.spanId).map(({ spanId }) => spanId)
    expect(ofJob).toContain(find('job rebuild_summaries').parentSpanId)
    expect(ofJob).toContain(find('job enrich_activity').parentSpanId)
    // Neither the secret of the path, nor what a query or a token would bring.
    expect(product.collector.texts.join()).not.toMatch(/w{32}|access_token|Bearer|\?|per_page/)
  })
})

describe('what a mutation sets going', () => {
  test('carries its trace through the action to the run, its job and the platform', async ({ product, db }) => {
    await begin(product)
    const answer = await fetch(product.graphqlUrl, {
      method: 'POST',
      headers: {
        traceparent: TRACEPARENT,
        'x-hasura-admin-secret': product.adminSecret,
        'x-hasura-role': 'user',
        'x-hasura-user-id': ADA,
      },
      body: JSON.stringify({ query: 'mutation { syncNow(platform: "strava") { syncRunId } }' }),
    })
    expect(await answer.json()).toEqual({ data: { syncNow: { syncRunId: expect.any(String) } } })
    await settle(product)
    const steps = ['import_history', 'platform_call', 'POST /events/raw_data_inserted', 'normalize_raw_data']
    for (const operation of ['POST /actions/syncNow', ...steps])
      expect([operation, linesOf(product, operation)[0]]).toMatchObject([operation, { trace_id: TRACE }])
    expect(product.lines.filter((line) => line['trace_id'] !== TRACE)).toEqual([])
    const requestId = linesOf(product, 'POST /actions/syncNow')[0]!['request_id']
    expect(linesOf(product, 'import_history')[0]).toMatchObject({ request_id: requestId })
    expect(product.platform.exchanges.at(-1)!.traceparent).toContain(TRACE)
    const { rows } = await db.admin.query('select trace_id from sync_runs order by started_at desc limit 1')
    expect(rows).toEqual([{ trace_id: TRACE }])
  })
})

describe('a platform', () => {
  base('is told of no trace, unless the operator says so', async ({ product }) => {
    await begin(product)
    await deliver(product, { traceparent: TRACEPARENT })
    await settle(product)
    expect(product.platform.exchanges.map(({ traceparent }) => traceparent)).toEqual([undefined])
    expect(linesOf(product, 'platform_call')).toMatchObject([{ trace_id: TRACE }])
  })
})
