import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import Fastify, { type FastifyInstance } from 'fastify'
import { jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createLog } from '../runtime/log.ts'
import { Secret } from '../runtime/secret.ts'
import { type DemoOptions, demoRoutes } from './demo.route.ts'
import { handleErrors } from './error-handler.ts'

const ADA = '11111111-1111-4111-8111-111111111111'
const BELA = '22222222-2222-4222-8222-222222222222'
const KEY = 'a key of at least thirty-two bytes'
const SERVICES = [{ name: 'Service', description: 'Does the work' }]

/** Stands where the simulator does; remembers what it was asked. */
const simulator = {
  status: 201,
  asked: [] as unknown[],
  server: createServer((request, response) => {
    void json(request)
      .catch(() => undefined)
      .then((body) => {
        simulator.asked.push({ method: request.method, url: request.url, body })
        response
          .writeHead(simulator.status, { 'content-type': 'application/json' })
          .end('{"id": 7, "name": "Evening Run"}')
      })
  }),
  url: '',
}

beforeAll(async () => {
  await new Promise<void>((resolve) => simulator.server.listen(0, '127.0.0.1', resolve))
  simulator.url = `http://127.0.0.1:${(simulator.server.address() as AddressInfo).port}`
})
afterAll(() => simulator.server.close())
beforeEach(() => {
  simulator.status = 201
  simulator.asked = []
})

async function createApp(options: Partial<DemoOptions> = {}): Promise<FastifyInstance> {
  const app = Fastify()
  handleErrors(app, { log: createLog({ level: 'silent', process: 'test' }) })
  await app.register(demoRoutes, {
    jwt: {
      key: new Secret(KEY),
      issuer: 'tributary-local',
      audience: 'tributary',
      claimsNamespace: 'https://hasura.io/jwt/claims',
    },
    graphqlUrl: 'http://localhost:8080/v1/graphql',
    simulatorUrl: simulator.url,
    findAccount: async (userId) => (userId === ADA ? '12' : undefined),
    others: [{ id: 'garmin', name: 'Garmin' }],
    services: SERVICES,
    notes: [],
    ...options,
  })
  return app
}

async function post(
  url: string,
  {
    headers = {},
    userId = ADA as unknown,
    ...options
  }: Partial<DemoOptions> & { headers?: Record<string, string>; userId?: unknown } = {},
) {
  const app = await createApp(options)
  return app.inject({ method: 'POST', url, headers: { host: 'localhost:3000', ...headers }, payload: { userId } })
}

describe('the demo', () => {
  test.each([
    ['from a page of another origin', { origin: 'http://evil.example' }],
    ['from a page on another port', { origin: 'http://localhost:4000' }],
    ['from a page without an origin', { origin: 'null' }],
    ['that the browser calls cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['that the browser calls same-site', { 'sec-fetch-site': 'same-site' }],
    ['under a name that only points here', { host: 'evil.example:3000' }],
    ['under that name, from its own page', { host: 'evil.example:3000', origin: 'http://evil.example:3000' }],
  ])('refuses a request %s', async (_what, headers) => {
    for (const url of ['/demo/session', '/demo/activity']) {
      const response = await post(url, { headers })
      expect(response.statusCode).toBe(401)
      expect(response.json()).toMatchObject({ extensions: { code: 'request/not_authorized' } })
    }
    expect(simulator.asked).toEqual([])
  })

  test('refuses to be read under a name that only points here', async () => {
    const response = await (await createApp()).inject({ url: '/demo/config.json', headers: { host: 'evil.example' } })
    expect(response.statusCode).toBe(401)
  })

  test.each([['33333333-3333-4333-8333-333333333333'], [''], [undefined], [{ id: ADA }]])(
    'signs nobody in as %j',
    async (userId) => {
      const app = await createApp()
      const response = await app.inject({
        method: 'POST',
        url: '/demo/session',
        headers: { host: 'localhost' },
        payload: { userId },
      })
      expect(response.json()).toMatchObject({ extensions: { code: 'request/malformed' } })
    },
  )

  test.each([ADA, BELA])('signs %s in for fifteen minutes, as a user and nothing more', async (userId) => {
    const headers = { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' }
    const response = await post('/demo/session', { userId, headers })
    const { token, expiresAt } = response.json<{ token: string; expiresAt: string }>()
    const { payload } = await jwtVerify(token, new TextEncoder().encode(KEY), {
      algorithms: ['HS256'],
      issuer: 'tributary-local',
      audience: 'tributary',
    })
    expect(payload['https://hasura.io/jwt/claims']).toEqual({
      'x-hasura-allowed-roles': ['user'],
      'x-hasura-default-role': 'user',
      'x-hasura-user-id': userId,
    })
    expect(payload.exp! - payload.iat!).toBe(900)
    expect(Date.parse(expiresAt)).toBe(payload.exp! * 1000)
    expect(response.headers['cache-control']).toBe('no-store')
  })

  test('has the connected athlete finish an activity', async () => {
    expect((await post('/demo/activity')).json()).toEqual({ name: 'Evening Run' })
    expect(simulator.asked).toEqual([{ method: 'POST', url: '/strava/simulate/activity', body: { athlete_id: 12 } }])
  })

  test('sends no activity for a person who is not connected', async () => {
    expect((await post('/demo/activity', { userId: BELA })).json()).toMatchObject({
      extensions: { code: 'connection/not_found' },
    })
    expect(simulator.asked).toEqual([])
  })

  test.each([
    ['fails', () => (simulator.status = 500)],
    ['is gone', () => undefined],
  ])('says so when the simulator %s', async (what, arrange) => {
    arrange()
    const response = await post('/demo/activity', what === 'is gone' ? { simulatorUrl: 'http://127.0.0.1:1' } : {})
    expect(response.json()).toMatchObject({ extensions: { code: 'platform/unavailable' } })
  })

  test('tells the page where everything is', async () => {
    const response = await (await createApp({ simulatorUrl: undefined })).inject({ url: '/demo/config.json' })
    expect(response.json()).toEqual({
      others: [{ id: 'garmin', name: 'Garmin' }],
      graphqlUrl: 'http://localhost:8080/v1/graphql',
      subscriptionsUrl: 'ws://localhost:8080/v1/graphql',
      simulatorUrl: null,
      users: [
        { id: ADA, name: 'Ada' },
        { id: BELA, name: 'Bela' },
      ],
      services: SERVICES,
      platform: 'strava',
      notes: [],
    })
  })

  test.each([
    ['runs', {}, 200],
    ['is gone', { simulatorUrl: 'http://127.0.0.1:1' }, 503],
    ['is not used', { simulatorUrl: undefined }, 503],
  ])('knows whether the simulator %s', async (_what, options, status) => {
    expect((await (await createApp(options)).inject({ url: '/demo/simulator' })).statusCode).toBe(status)
  })
})
