import { describe, expect, onTestFinished } from 'vitest'
import { platformCheck, restrictionsIn } from '../../service/access/allowed-platforms.ts'
import { allowRole, listRestrictions, restrictRole } from '../../service/access/role-restrictions.ts'
import { actionRoutes } from '../../service/api/actions.ts'
import { createServer } from '../../service/api/server.ts'
import {
  approveEmergencyAccess,
  readAsEmergency,
  requestEmergencyAccess,
} from '../../service/compliance/emergency/emergency-access.ts'
import { acceptCallback } from '../../service/connections/accept-callback.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { bindActions } from '../../service/wire-actions.ts'
import { askOverHttp } from '../permissions/over-graphql.ts'
import { A, B, plant } from '../permissions/planted-people.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'
import { startStandIn } from '../support/stand-in.ts'

const OPERATOR = { kind: 'operator', id: null } as const
const AUDITOR_GARMIN = { role: 'auditor', platform: 'garmin' }

/** What each role sees of connections, imports and effects, over GraphQL. */
async function askAs(db: TestDatabase) {
  const adminSecret = 'an admin secret of a test'
  const engine = await startStandIn(db, {
    HASURA_GRAPHQL_ADMIN_SECRET: adminSecret,
    SERVICE_INTERNAL_URL: 'http://localhost:9',
    HASURA_ACTION_SECRET: 'unused',
    HASURA_EVENT_SECRET: 'unused',
  })
  onTestFinished(() => engine.close())
  const ask = askOverHttp(engine.url, adminSecret)
  return async (role: string, query: string) => (await ask({ role, userId: A }, query)).data
}

const CONNECTIONS = '{ connections(order_by: [{platform: asc}, {user_id: asc}]) { user_id platform } }'
const of = (userId: string, platform: string) => ({ user_id: userId, platform })

describe('a role that is kept from Garmin', () => {
  test('sees connections to Strava and none to Garmin, by every way there is', async ({ db, service }) => {
    await Promise.all([plant(db.admin, A), plant(db.admin, B)])
    const ask = await askAs(db)
    const all = [of(A, 'garmin'), of(B, 'garmin'), of(A, 'strava'), of(B, 'strava')]
    expect(await ask('auditor', CONNECTIONS)).toEqual({ connections: all })
    await restrictRole(service, OPERATOR, { ...AUDITOR_GARMIN, reason: 'contract 7' })
    expect(await ask('auditor', CONNECTIONS)).toEqual({ connections: all.slice(2) })
    expect(
      await ask(
        'auditor',
        `{ connections_aggregate { aggregate { count } } connection_statuses(where: {id: {_eq: "active"}}) { connections { platform } }
           platforms(where: {id: {_eq: "garmin"}}) { connections { id } } }`,
      ),
    ).toEqual({
      connections_aggregate: { aggregate: { count: 2 } },
      connection_statuses: [{ connections: [{ platform: 'strava' }, { platform: 'strava' }] }],
      platforms: [{ connections: [] }],
    })
    expect(await ask('operator', CONNECTIONS)).toEqual({ connections: all })
    await allowRole(service, OPERATOR, AUDITOR_GARMIN)
    expect(await ask('auditor', CONNECTIONS)).toEqual({ connections: all })
  })

  test('does not see that it is, and a person keeps the rows they have', async ({ db, service }) => {
    await plant(db.admin, A)
    const ask = await askAs(db)
    await restrictRole(service, OPERATOR, { role: 'user', platform: 'garmin', reason: undefined })
    expect(await ask('user', CONNECTIONS)).toEqual({ connections: [of(A, 'garmin'), of(A, 'strava')] })
    for (const role of ['user', 'operator', 'auditor'])
      expect(await ask(role, '{ role_platform_restrictions { role } }')).toBeUndefined()
  })
})

test('an emergency opens no platform that the role is kept from', async ({ db, service }) => {
  await plant(db.admin, B)
  const insider = { kind: 'auditor', id: A } as const
  const services = { ...service, alert: () => {} }
  const asked = { userId: B, reason: 'a call for help', minutes: 5 }
  const { id } = await requestEmergencyAccess(services, insider, asked)
  await approveEmergencyAccess(services, { kind: 'operator', id: ADA }, id)
  const read = async (dataset: string) =>
    (await readAsEmergency(services, insider, { id, dataset, limit: 10, offset: 0 })).rows
  expect([(await read('connections')).length, (await read('daily_summaries')).length]).toEqual([2, 3])
  await restrictRole(service, OPERATOR, { ...AUDITOR_GARMIN, reason: undefined })
  for (const dataset of ['connections', 'sync_runs'])
    expect(await read(dataset)).toMatchObject([{ platform: 'strava' }])
  const { rows } = await db.admin.query(
    `select count(*)::int as planted from activities where user_id = $1 and platform = 'strava'`,
    [B],
  )
  expect(await read('activities')).toHaveLength(rows[0].planted)
  expect(await read('daily_summaries')).toHaveLength(0)
})

describe('restrictions', () => {
  test('are told in the audit trail when something changed, and only then', async ({ db, service }) => {
    const restrict = (reason: string) => restrictRole(service, OPERATOR, { ...AUDITOR_GARMIN, reason })
    expect(await restrict('contract 7')).toBe(true)
    expect(await restrict('another reason')).toBe(false)
    expect(await listRestrictions(service.db)).toMatchObject([{ ...AUDITOR_GARMIN, reason: 'contract 7' }])
    expect(await allowRole(service, OPERATOR, AUDITOR_GARMIN)).toBe(true)
    expect(await allowRole(service, OPERATOR, AUDITOR_GARMIN)).toBe(false)
    const { rows } = await db.admin.query(
      `select action, actor_kind, platform, reason, details from audit.events join audit.personal_values on event_id = id
       where action like 'role.%' order by occurred_at`,
    )
    const about = { actor_kind: 'operator', platform: 'garmin', details: '{"role":"auditor"}' }
    expect(rows).toEqual([
      { action: 'role.restricted', reason: 'contract 7', ...about },
      { action: 'role.allowed', reason: null, ...about },
    ])
  })

  test('hold for that role and platform alone', async ({ service }) => {
    await restrictRole(service, OPERATOR, { ...AUDITOR_GARMIN, reason: undefined })
    const check = (role: string) => platformCheck({ variables: {}, role }, restrictionsIn(service.db))
    await expect(check('auditor')('garmin')).rejects.toThrow('access/platform_restricted')
    await check('auditor')('strava')
    await check('user')('garmin')
  })
})

/** As far as the browser's way back with a handle. */
async function beginAtStrava({ connections }: TestService): Promise<string> {
  const { authorizationUrl } = await startConnection(connections, { userId: ADA, platform: 'strava' })
  const consent = await fetch(`${authorizationUrl}&simulate=approve`, { redirect: 'manual' })
  const callback = new URL(consent.headers.get('location')!).searchParams
  const { location } = await acceptCallback(connections, {
    platform: 'strava',
    state: callback.get('state')!,
    code: callback.get('code')!,
    error: undefined,
    scope: callback.get('scope')!,
  })
  return new URLSearchParams(new URL(location).hash.slice(1)).get('handle')!
}

/** The real actions, called as Hasura would. */
async function complete(service: TestService, handle: string, session: Record<string, string> = {}) {
  const { log, metrics, config, takeRequest } = service
  const app = createServer({ listener: 'internal', log, metrics })
  app.register(actionRoutes, {
    actionSecret: config.hasura.actionSecret,
    actions: bindActions(service),
    verifyToken: undefined,
    takeRequest,
    findRestriction: restrictionsIn(service.db),
    isErased: async () => false,
  })
  const response = await app.inject({
    method: 'POST',
    url: '/actions/completeConnection',
    headers: { 'x-action-secret': config.hasura.actionSecret.reveal() },
    payload: {
      action: { name: 'completeConnection' },
      input: { handle },
      session_variables: { 'x-hasura-user-id': ADA, 'x-hasura-role': 'user', ...session },
    },
  })
  await app.close()
  return response.json<{ platform?: string; extensions?: { code: string } }>()
}

describe('a handle, which names no platform,', () => {
  test('is not redeemed for a sign-in that does not cover the platform it turns out to be of', async ({ service }) => {
    const session = { 'x-hasura-allowed-platforms': '{garmin}' }
    const refused = await complete(service, await beginAtStrava(service), session)
    expect(refused.extensions?.code).toBe('access/platform_not_allowed')
    const covered = { 'x-hasura-allowed-platforms': '{garmin,strava}' }
    expect(await complete(service, await beginAtStrava(service), covered)).toMatchObject({ platform: 'strava' })
  })

  test('is not redeemed for a role that is kept from that platform', async ({ db, service }) => {
    await restrictRole(service, OPERATOR, { role: 'user', platform: 'strava', reason: undefined })
    const refused = await complete(service, await beginAtStrava(service))
    expect(refused.extensions?.code).toBe('access/platform_restricted')
    expect((await db.admin.query('select from public.connections')).rowCount).toBe(0)
  })
})
