import { SignJWT } from 'jose'
import { describe, expect } from 'vitest'
import { createTokenVerifier } from '../../service/access/verify-token.ts'
import { actionRoutes } from '../../service/api/actions.ts'
import { metricsRoute } from '../../service/api/metrics.route.ts'
import { createServer } from '../../service/api/server.ts'
import { createAudit } from '../../service/compliance/audit/record-audit.ts'
import {
  createRefusalTrail,
  type RefusalTrail,
  type RefusalTrailOptions,
} from '../../service/compliance/audit/refusal-trail.ts'
import { createMetrics } from '../../service/monitoring/metrics.ts'
import { createLog } from '../../service/runtime/log.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { test as base, type Trail } from '../support/audit-trail.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA, BELA } from '../support/people.ts'

const SECRET = 'a'.repeat(32)
const SHARED = 'k'.repeat(40)
const NAMESPACE = 'https://hasura.io/jwt/claims'
const verifyToken = createTokenVerifier({
  keys: { type: 'HS256', key: new Secret(SHARED) },
  algorithms: ['HS256'],
  issuer: undefined,
  audience: undefined,
  claimsNamespace: NAMESPACE,
  skewSeconds: 0,
  maxLifetimeSeconds: 900,
})

interface Door {
  readonly knock: (headers?: Record<string, string>, options?: { role?: string; source?: string }) => Promise<number>
  readonly scrape: (key: string) => Promise<number>
  readonly refusals: RefusalTrail
  readonly lost: unknown[]
}

interface Fixtures {
  readonly openDoor: (options?: Partial<RefusalTrailOptions>) => Door
}

const test = base.extend<Fixtures>({
  openDoor: async ({ trail }, use) => {
    const opened: { close: () => Promise<unknown> }[] = []
    await use((options = {}) => {
      const { app, ...door } = openServer(trail, options)
      opened.push({ close: () => door.refusals.stop() }, app)
      return door
    })
    for (const { close } of opened) await close()
  },
})

function openServer({ db, origins }: Trail, options: Partial<RefusalTrailOptions>) {
  const lost: unknown[] = []
  const refusals = createRefusalTrail({
    db,
    audit: createAudit({ origins, count: () => {} }),
    onLost: (error) => void lost.push(error),
    ...options,
  })
  const metrics = createMetrics()
  const log = createLog({ level: 'silent', process: 'test' })
  const app = createServer({ listener: 'internal', log, metrics, refusals })
  app.register(actionRoutes, {
    actionSecret: new Secret(SECRET),
    actions: [{ name: 'probe', roles: ['user'], call: async () => ({}) }],
    takeRequest: async (name) => ({
      name,
      limit: { requests: 9, seconds: 60 },
      allowed: true,
      remaining: 9,
      resetSeconds: 60,
    }),
    verifyToken,
    findRestriction: async () => false,
    isErased: async () => false,
  })
  app.register(metricsRoute, { metrics, db })
  const knock: Door['knock'] = async (headers = {}, { role = 'user', source = '192.0.2.1' } = {}) => {
    const session = { 'x-hasura-user-id': ADA, 'x-hasura-role': role }
    const { statusCode } = await app.inject({
      method: 'POST',
      url: '/actions/probe',
      remoteAddress: source,
      headers: { 'x-action-secret': SECRET, ...headers },
      payload: { action: { name: 'probe' }, input: {}, session_variables: session },
    })
    return statusCode
  }
  const scrape: Door['scrape'] = async (key) =>
    (await app.inject({ method: 'GET', url: '/metrics', headers: { 'x-api-key': key } })).statusCode
  return { app, knock, scrape, refusals, lost }
}

async function tokenOf(userId: string): Promise<string> {
  const claims = { 'x-hasura-user-id': userId, 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' }
  const jwt = new SignJWT({ [NAMESPACE]: claims }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt()
  return jwt.setExpirationTime('10m').sign(new TextEncoder().encode(SHARED))
}

async function linesIn({ admin }: TestDatabase): Promise<string[]> {
  const { rows } = await admin.query<{ line: string }>(
    `select concat_ws(' ', action, actor_kind, coalesce(v.actor_id, 'unknown'), outcome, v.source_address,
       v.details::json->>'error', v.details::json->>'operation', v.details::json->>'repeated') as line
     from audit.events e join audit.personal_values v on v.event_id = e.id order by e.occurred_at`,
  )
  return rows.map(({ line }) => line)
}

async function everythingIn({ admin }: TestDatabase): Promise<string> {
  const { rows } = await admin.query('select e::text, v::text from audit.events e, audit.personal_values v')
  return JSON.stringify(rows)
}

const WRONG = { 'x-action-secret': 'canary-wrong-secret' }

describe('a refusal at the door leaves a line, without the wrong value', () => {
  test('of a wrong action secret, by somebody unknown', async ({ db, openDoor }) => {
    expect(await openDoor().knock(WRONG)).toBe(401)
    expect(await linesIn(db)).toEqual([
      'request.refused user unknown refused 192.0.2.1 request/not_authorized POST /actions/probe',
    ])
    expect(await everythingIn(db)).not.toContain('canary')
  })

  test('of a role that may not', async ({ db, openDoor }) => {
    expect(await openDoor().knock({}, { role: 'auditor' })).toBe(403)
    expect(await linesIn(db)).toEqual([
      `request.refused auditor ${ADA} refused 192.0.2.1 request/role_not_allowed POST /actions/probe`,
    ])
  })

  test("of a token that is somebody else's", async ({ db, openDoor }) => {
    const token = await tokenOf(BELA)
    expect(await openDoor().knock({ authorization: `Bearer ${token}` })).toBe(401)
    expect(await linesIn(db)).toEqual([
      `request.refused user ${ADA} refused 192.0.2.1 request/identity_mismatch POST /actions/probe`,
    ])
    expect(await everythingIn(db)).not.toContain(token.slice(-20))
  })

  test('of an API key that is not accepted', async ({ db, openDoor }) => {
    expect(await openDoor().scrape('trib_canary_key')).toBe(401)
    expect(await linesIn(db)).toEqual([
      'request.refused api_key unknown refused 127.0.0.1 access/key_not_accepted GET /metrics',
    ])
    expect(await everythingIn(db)).not.toContain('canary')
  })

  test('and what is let in, or refused for what it asks, leaves none', async ({ db, openDoor }) => {
    const door = openDoor()
    expect(await door.knock()).toBe(200)
    expect(await door.knock({ 'content-type': 'text/csv' })).toBe(400)
    expect(await linesIn(db)).toEqual([])
  })
})

describe('who knocks a hundred times', () => {
  test('leaves two lines, the second with the number', async ({ db, openDoor }) => {
    const door = openDoor({ windowMs: 3_600_000 })
    expect(new Set(await Promise.all(Array.from({ length: 100 }, () => door.knock(WRONG))))).toEqual(new Set([401]))
    await door.knock(WRONG, { source: '192.0.2.2' })
    expect(await linesIn(db)).toHaveLength(2)
    await door.refusals.stop()
    expect((await linesIn(db)).slice(2)).toEqual([
      'request.refused user unknown refused 192.0.2.1 request/not_authorized POST /actions/probe 99',
    ])
  })

  test('is told of when the minute is over, without another knock', async ({ db, openDoor }) => {
    const door = openDoor({ windowMs: 500 })
    await Promise.all([door.knock(WRONG), door.knock(WRONG), door.knock(WRONG)])
    await expect.poll(async () => (await linesIn(db)).at(-1), { timeout: 20_000 }).toMatch(/ \d$/)
  })

  test('from ever new addresses shares a line, and from one IPv6 network is one source', async ({ db, openDoor }) => {
    const door = openDoor({ windowMs: 3_600_000, mostWindows: 2 })
    for (const host of [1, 2, 3, 4, 5]) await door.knock(WRONG, { source: `2001:db8:0:1::${host}` })
    for (const host of [1, 2, 3, 4, 5]) await door.knock(WRONG, { source: `192.0.2.${host}` })
    expect((await linesIn(db)).map((line) => line.split(' ')[4])).toEqual(['2001:db8:0:1::1', '192.0.2.1', 'many'])
  })
})

test('a refusal stays one when it cannot be told of', async ({ db, openDoor }) => {
  await db.admin.query('revoke insert on audit.events from tributary_service')
  const door = openDoor()
  expect(await door.knock(WRONG)).toBe(401)
  expect(door.lost).toHaveLength(1)
})
