import { SignJWT } from 'jose'
import { describe, expect } from 'vitest'
import { createApiKey } from '../../service/access/api-keys.ts'
import { createTokenVerifier } from '../../service/access/verify-token.ts'
import { healthReportRoute, healthRoutes } from '../../service/api/health.route.ts'
import { createServer } from '../../service/api/server.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { healthChecks } from '../../service/wire-monitoring.ts'
import { startFakeHasura } from '../support/fake-hasura.ts'
import { ADA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

const KEY = 'k'.repeat(40)
const NAMESPACE = 'https://hasura.io/jwt/claims'
const verifyToken = createTokenVerifier({
  keys: { type: 'HS256', key: new Secret(KEY) },
  algorithms: ['HS256'],
  issuer: undefined,
  audience: undefined,
  claimsNamespace: NAMESPACE,
  skewSeconds: 0,
  maxLifetimeSeconds: 900,
})

async function as(role: string): Promise<{ authorization: string }> {
  const claims = { 'x-hasura-user-id': ADA, 'x-hasura-allowed-roles': [role], 'x-hasura-default-role': role }
  const jwt = new SignJWT({ [NAMESPACE]: claims }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt()
  return { authorization: `Bearer ${await jwt.setExpirationTime('5m').sign(new TextEncoder().encode(KEY))}` }
}

/** The internal listener's report, on the real parts. */
function report(service: TestService, hasuraUrl = 'http://127.0.0.1:9') {
  const { db, log, metrics } = service
  const config = { ...service.config, hasura: { ...service.config.hasura, url: hasuraUrl } }
  const app = createServer({ listener: 'internal', log, metrics })
  const checks = healthChecks({ ...service, config })
  app.register(healthReportRoute, { db, requests: metrics.requests, verifyToken, checks, version: '1.0.0' })
  app.get('/fine', () => ({}))
  app.get('/broken', () => Promise.reject(new Error('broken')))
  return app
}

describe('the detailed status', () => {
  test('is refused to everybody but operators and keys with metrics:read', async ({ service }) => {
    const app = report(service)
    const { key } = await createApiKey(
      service.apiKeys,
      { kind: 'operator', id: null },
      { name: 'scraper', scopes: ['metrics:read'], days: 1 },
    )
    const { key: other } = await createApiKey(
      service.apiKeys,
      { kind: 'operator', id: null },
      { name: 'relay', scopes: ['webhook:garmin'], days: 1 },
    )
    const ask = async (headers: Record<string, string>) => (await app.inject({ url: '/health', headers })).statusCode
    expect(await ask({})).toBe(401)
    expect(await ask({ authorization: 'Bearer x.y.z' })).toBe(401)
    expect(await ask(await as('user'))).toBe(403)
    expect(await ask(await as('auditor'))).toBe(403)
    expect(await ask({ 'x-api-key': other.reveal() })).toBe(403)
    expect(await ask({ 'x-api-key': `${key.reveal()}x` })).toBe(401)
    expect(await ask({ 'x-api-key': key.reveal() })).toBe(200)
    expect(await ask(await as('operator'))).toBe(200)
    await app.close()
  })

  test('says of each part how it is, as the decision shows it', async ({ db, service }) => {
    const hasura = await startFakeHasura('OK')
    const app = report(service, hasura.url)
    for (const url of ['/fine', '/fine', '/fine', '/broken']) await app.inject({ url })
    const ask = async () => (await app.inject({ url: '/health', headers: await as('operator') })).json()
    expect(await ask()).toEqual({
      status: 'healthy',
      version: '1.0.0',
      checks: {
        database: 'ok',
        token_vault: 'ok',
        garmin_api: 'ok',
        oura_api: 'ok',
        strava_api: 'ok',
        hasura: 'ok',
        queue: 'ok',
      },
      metrics: {
        uptime: expect.any(Number),
        requests_per_minute: 4,
        error_rate: 0.25,
        jobs_due: 0,
        oldest_job_seconds: 0,
      },
    })
    await db.admin.query("insert into ops.request_pauses values ('strava', now() + interval '1 minute')")
    await db.admin.query("select graphile_worker.add_job('x', run_at => now() - interval '2 minutes')")
    expect(await ask()).toMatchObject({
      status: 'degraded',
      checks: { strava_api: 'degraded', garmin_api: 'ok', queue: 'degraded' },
      metrics: { jobs_due: 1, oldest_job_seconds: 120 },
    })
    await Promise.all([app.close(), hasura.close()])
  })

  test.for([
    [
      'whose circuit breaker is open',
      "update ops.circuit_breakers set state = 'open', open_until = now() + interval '5 s' where platform = 'garmin'",
    ],
    [
      'whose token endpoint is paused',
      "insert into ops.token_endpoints (platform, paused_until) values ('garmin', now() + interval '5 s')",
    ],
  ] as const)('is degraded by a platform %s, and by that alone', async ([, statement], { db, service }) => {
    const hasura = await startFakeHasura('OK')
    const app = report(service, hasura.url)
    await db.admin.query(statement)
    expect((await app.inject({ url: '/health', headers: await as('operator') })).json()).toMatchObject({
      status: 'degraded',
      checks: { garmin_api: 'degraded', strava_api: 'ok', oura_api: 'ok', database: 'ok', queue: 'ok' },
    })
    await Promise.all([app.close(), hasura.close()])
  })

  test('is degraded without Hasura or with inconsistent metadata, and unhealthy without the vault', async ({
    service,
  }) => {
    const inconsistent = await startFakeHasura('WARN: inconsistent objects in schema')
    const ask = async (app: ReturnType<typeof report>) =>
      app.inject({ url: '/health', headers: await as('operator') }).then(async (answer) => {
        await app.close()
        return answer
      })
    expect((await ask(report(service, inconsistent.url))).json()).toMatchObject({
      status: 'degraded',
      checks: { hasura: 'degraded' },
    })
    expect((await ask(report(service))).json()).toMatchObject({ status: 'degraded', checks: { hasura: 'degraded' } })
    const vault = { ...service.vault, sealInbox: () => Promise.reject(new Error('no key service')) }
    const answer = await ask(report({ ...service, vault }, inconsistent.url))
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toMatchObject({ status: 'unhealthy', checks: { token_vault: 'failed', database: 'ok' } })
    await inconsistent.close()
  })
})

describe('the probes', () => {
  test('say that a process which was told to end is not ready, and that it lives', async ({ service }) => {
    const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
    let ending = false
    app.register(healthRoutes, { db: service.db, isEnding: () => ending })
    const ask = async (name: string) => (await app.inject({ url: `/health/${name}` })).statusCode
    expect([await ask('live'), await ask('ready'), await ask('startup')]).toEqual([200, 200, 200])
    ending = true
    expect([await ask('live'), await ask('ready'), await ask('startup')]).toEqual([200, 503, 200])
    await app.close()
  })

  test('live needs nothing; ready and startup need the database, and startup only once', async ({ db, service }) => {
    const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
    app.register(healthRoutes, { db: service.db })
    const ask = async (name: string) => (await app.inject({ url: `/health/${name}` })).statusCode
    const away = async () => {
      await db.admin.query(`revoke connect on database ${db.name} from public, tributary_service`)
      await db.admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'tributary_service'",
      )
    }
    await away()
    expect([await ask('live'), await ask('ready'), await ask('startup')]).toEqual([200, 503, 503])
    await db.admin.query(`grant connect on database ${db.name} to tributary_service`)
    expect([await ask('live'), await ask('ready'), await ask('startup')]).toEqual([200, 200, 200])
    await away()
    expect([await ask('live'), await ask('ready'), await ask('startup')]).toEqual([200, 503, 200])
    await app.close()
  })
})
