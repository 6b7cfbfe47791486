import { METHODS } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect } from 'vitest'
import { healthRoutes } from '../../service/api/health.route.ts'
import { metricsRoute } from '../../service/api/metrics.route.ts'
import { oauthCallbackRoute } from '../../service/api/oauth-callback.route.ts'
import { platformWebhook } from '../../service/api/platform.webhook.ts'
import { createServer } from '../../service/api/server.ts'
import { hasPromtool, promtool } from '../support/promtool.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

const HOOK = `/webhooks/strava/${'w'.repeat(32)}`

/** The listener with routes of every kind, on the service's own registry. */
function listener(service: TestService) {
  const { db, log, metrics, ingestion, connections, takeRequest } = service
  const app = createServer({ listener: 'public', log, metrics })
  app.register(healthRoutes, { db })
  app.register(platformWebhook, { ...ingestion, takeRequest })
  app.register(oauthCallbackRoute, connections)
  app.register(metricsRoute, { metrics })
  return app
}

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: string
}

async function scrape(service: TestService): Promise<Sample[]> {
  const text = await service.metrics.registry.metrics()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [, name = '', labels = '', value = ''] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? []
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1], match[2]])
    return { name, labels: Object.fromEntries(pairs), value }
  })
}

const valueOf = (samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}) =>
  samples.find((sample) => sample.name === name && isDeepStrictEqual(sample.labels, labels))?.value

/** Everything that the product does with a platform once, so that every metric has a series. */
async function live(service: TestService): Promise<void> {
  await connect(service)
  await service.work()
  const app = listener(service)
  await app.inject({ url: '/health/ready' })
  await app.inject({ method: 'POST', url: HOOK, payload: {} })
  await app.inject({ url: '/oauth/strava/callback?state=x&code=y' })
  await app.close()
}

describe('the metrics', () => {
  test.skipIf(!hasPromtool)('please promtool', async ({ service }) => {
    await live(service)
    expect(promtool(['check', 'metrics'], await service.metrics.registry.metrics())).toEqual({ ok: true, said: '' })
  })

  test('have no more series after a thousand hostile requests', async ({ service }) => {
    await live(service)
    const app = listener(service)
    const hostile = async (round: number) => {
      for (let index = 0; index < 250; index += 1) {
        const word = `${round}-${index}-${'x'.repeat(index % 40)}`
        await app.inject({ url: `/${word}?token=${word}` })
        await app.inject({ method: 'POST', url: `/webhooks/${word}/${word}`, payload: { word } })
        await app.inject({ url: `/oauth/${word}/callback?state=${word}&error=${word}` })
        await app.inject({ url: '/health/ready', headers: { host: word, 'x-request-id': word } })
      }
      for (const method of METHODS.filter((name) => name !== 'CONNECT'))
        await app.inject({ method: method as 'GET', url: `/oauth/strava/callback?${round}` })
    }
    await hostile(1)
    const before = await scrape(service)
    await hostile(2)
    const after = await scrape(service)
    await app.close()
    const own = (samples: Sample[]) => samples.filter(({ name }) => !name.startsWith('nodejs_'))
    const names = (samples: Sample[]) =>
      own(samples)
        .map(({ name, labels }) => `${name}${JSON.stringify(labels)}`)
        .sort()
    expect(names(after)).toEqual(names(before))
    expect(after.length).toBeLessThan(2_000)
  })

  test('have labels whose values are words of ours, never of a request or a person', async ({ service }) => {
    await live(service)
    const values: Record<string, Set<string>> = {}
    for (const { labels } of await scrape(service))
      for (const [label, value] of Object.entries(labels)) (values[label] ??= new Set()).add(value)
    const allowed: Readonly<Record<string, RegExp>> = {
      cause: /^[a-z]+\/[a-z_]+$/,
      platform: /^(strava|garmin|apple-health|oura|acme|all)$/,
      route: /^(unknown|\/[a-z:/-]+)$/,
      method: /^[A-Z]+$/,
      status: /^(\d{3}|[a-z_]+)$/,
      listener: /^(public|internal|worker)$/,
      le: /^(\d+(\.\d+)?|\+Inf)$/,
    }
    const word = /^[a-z][a-z0-9_.-]*$/
    const technical = ['version', 'major', 'minor', 'patch', 'quantile', 'space', 'kind', 'type']
    for (const [label, found] of Object.entries(values)) {
      if (technical.includes(label)) continue
      const strange = [...found].filter((value) => !(allowed[label] ?? word).test(value))
      expect({ label, strange }).toEqual({ label, strange: [] })
    }
    expect([...values['route']!]).toEqual(
      expect.arrayContaining(['/health/ready', '/webhooks/:platform/:secret', '/oauth/:platform/callback']),
    )
  })

  test('tell what waits, what is left of the budget and who is silent, as the tables have it', async ({
    db,
    service,
  }) => {
    await connect(service)
    await db.admin.query(`
      update graphile_worker._private_jobs set run_at = now() + interval '1 day';
      select graphile_worker.add_job('process_delivery', run_at => now() - interval '2 minutes');
      select graphile_worker.add_job('process_delivery', run_at => now() - interval '1 minute');
      update public.connections set last_webhook_at = now() - interval '8 days';
      insert into ops.webhook_deliveries (platform, dedupe_key, received_at) values ('strava', 'k', now() - interval '90 seconds');
      insert into ops.request_budgets (platform, window_name, window_seconds, quota, used, resets_at)
        values ('garmin', 'fiction', 60, 200, 50, now() + interval '1 hour'),
          ('garmin', 'over', 60, 200, 200, now() - interval '1 second');
      insert into ops.request_pauses values ('garmin', now() + interval '1 hour')
        on conflict (platform) do update set paused_until = excluded.paused_until;
      insert into ops.workers (pool_id, seen_at) values ('alive', now()), ('dead', now() - interval '1 minute')`)
    const samples = await scrape(service)
    const read = (name: string, labels?: Readonly<Record<string, string>>) => Number(valueOf(samples, name, labels))
    expect(read('queue_jobs', { task: 'process_delivery', state: 'due' })).toBe(2)
    expect(read('queue_oldest_seconds', { task: 'process_delivery' })).toBeCloseTo(120, -1)
    expect(read('pipeline_waiting', { platform: 'strava', stage: 'webhook' })).toBe(1)
    expect(read('pipeline_lag_seconds', { platform: 'strava', stage: 'webhook' })).toBeCloseTo(90, -1)
    expect(read('pipeline_waiting', { platform: 'garmin', stage: 'webhook' })).toBe(0)
    expect(read('request_budget_remaining_ratio', { platform: 'garmin', window: 'fiction' })).toBe(0.75)
    expect(read('request_budget_remaining_ratio', { platform: 'garmin', window: 'over' })).toBe(1)
    expect(read('request_pause_seconds', { platform: 'garmin' })).toBeCloseTo(3600, -1)
    expect(read('connections_silent', { platform: 'strava' })).toBe(1)
    expect(read('webhook_silence_seconds', { platform: 'strava' })).toBeCloseTo(8 * 86_400, -2)
    expect(read('active_integrations', { platform: 'strava' })).toBe(1)
    expect(read('workers_alive')).toBe(1)
    expect(read('database_up')).toBe(1)
    expect(read('hasura_up')).toBe(0)
    expect(read('partitions_ahead_seconds', { table: 'raw_fitness_data' })).toBeGreaterThan(85 * 86_400)
    expect(read('database_pool_size', { pool: 'main' })).toBe(20)
    expect(samples.filter(({ name }) => name === 'state_read_failures_total')).toEqual([])
  })

  test('count calls of the platform and the delay of a delivery', async ({ db, service }) => {
    await connect(service)
    await service.work()
    const ids = (await service.simulate('GET', '/athletes/1/activities')) as readonly { id: number }[]
    const app = listener(service)
    const event = { object_type: 'activity', aspect_type: 'create', updates: {}, owner_id: 1, event_time: 1 }
    const { rows } = await db.admin.query<{ id: string }>('select subscription_id as id from ops.webhook_subscriptions')
    const payload = { ...event, object_id: ids[0]!.id, subscription_id: Number(rows[0]?.id ?? 77) }
    await db.admin.query(
      "insert into ops.webhook_subscriptions (platform, subscription_id) values ('strava', '77') on conflict do nothing",
    )
    expect((await app.inject({ method: 'POST', url: HOOK, payload })).statusCode).toBe(200)
    await app.close()
    await db.admin.query("update ops.webhook_deliveries set received_at = now() - interval '20 seconds'")
    await service.work()
    const samples = await scrape(service)
    expect(valueOf(samples, 'webhook_delay_seconds_count', { platform: 'strava' })).toBe('1')
    expect(Number(valueOf(samples, 'webhook_delay_seconds_sum', { platform: 'strava' }))).toBeCloseTo(20, -1)
    const calls = samples.find(
      ({ name, labels }) => name === 'platform_request_duration_seconds_count' && labels['outcome'] === 'ok',
    )
    expect(calls?.labels['platform']).toBe('strava')
    expect(Number(calls?.value)).toBeGreaterThan(2)
  })

  test('are still there while the database is not, and say so', async ({ db, service }) => {
    const app = listener(service)
    await app.inject({ url: '/health/live' })
    await db.admin.query(`revoke connect on database ${db.name} from public, tributary_service`)
    await db.admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'tributary_service'",
    )
    const response = await app.inject({ url: '/metrics' })
    expect(response.statusCode).toBe(200)
    expect(response.body).toContain('database_up 0')
    expect(response.body).not.toMatch(/^(queue_jobs|active_integrations|workers_alive \d)/m)
    expect(response.body).toContain('api_request_duration_seconds_count{')
    await app.close()
  })
})
