import { SignJWT } from 'jose'
import { describe, expect } from 'vitest'
import { createApiKey } from '../../service/access/api-keys.ts'
import { authenticatePerson, type CallerServices } from '../../service/access/identity.ts'
import { restrictRole } from '../../service/access/role-restrictions.ts'
import type { Scope } from '../../service/access/scopes.ts'
import { createTokenVerifier } from '../../service/access/verify-token.ts'
import { type Database, openDatabase } from '../../service/runtime/db.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { test as base } from '../support/database.ts'
import { ADA } from '../support/people.ts'

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
const PLATFORMS = new Map([
  ['apple-health', {}],
  ['garmin', {}],
])
const noAudit = async () => {}

const test = base.extend<{ callers: CallerServices & { db: Database } }>({
  callers: async ({ db }, use) => {
    const database = openDatabase({
      url: new Secret(db.serviceUrl),
      maxConnections: 2,
      applicationName: 'test',
      onIdleError: () => {},
    })
    await use({ db: database, verifyToken })
    await database.close()
  },
})

async function bearer(claims: Record<string, unknown> = {}): Promise<{ authorization: string }> {
  const iat = Math.floor(Date.now() / 1000)
  const identity = { 'x-hasura-user-id': ADA, 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' }
  const jwt = new SignJWT({ [NAMESPACE]: { ...identity, ...claims } }).setProtectedHeader({ alg: 'HS256' })
  const signed = await jwt
    .setIssuedAt(iat)
    .setExpirationTime(iat + 600)
    .sign(new TextEncoder().encode(SHARED))
  return { authorization: `Bearer ${signed}` }
}

const makeKey = async ({ db }: { db: Database }, owner: 'person' | 'machine', scopes: string[]) => {
  const manager = owner === 'person' ? ({ kind: 'user', id: ADA } as const) : ({ kind: 'operator', id: null } as const)
  const services = { db, platforms: PLATFORMS, audit: noAudit }
  const { id, key } = await createApiKey(services, manager, { name: 'mine', scopes, days: 1 })
  return { id, headers: { 'x-api-key': key.reveal() } }
}
const APPLE: Scope = 'upload:apple-health'

describe('a person is known', () => {
  test('by a token', async ({ callers }) => {
    const headers = await bearer({ 'x-hasura-allowed-platforms': '{garmin,apple-health}' })
    expect(await authenticatePerson(callers, { headers, scope: APPLE })).toEqual({ userId: ADA, keyId: null })
  })

  test('by a key of theirs with the scope', async ({ callers }) => {
    const { id, headers } = await makeKey(callers, 'person', [APPLE])
    expect(await authenticatePerson(callers, { headers, scope: APPLE })).toEqual({ userId: ADA, keyId: id })
  })
})

describe('a person is not known', () => {
  test.for([
    ['nothing', {}, 'request/token_not_accepted'],
    ['another way to sign in', { authorization: 'Basic YTpi' }, 'request/token_not_accepted'],
    ['a token nobody signed', { authorization: 'Bearer a.b.c' }, 'request/token_not_accepted'],
    ['a user id in a header', { 'x-hasura-user-id': ADA }, 'request/token_not_accepted'],
    ['a key nobody made', { 'x-api-key': `trib_${'0'.repeat(16)}_${'A'.repeat(43)}` }, 'access/key_not_accepted'],
  ] as const)('by %s', async ([, headers, code], { callers }) => {
    await expect(authenticatePerson(callers, { headers, scope: APPLE })).rejects.toThrow(code)
  })

  test('by a token where none can be checked', async ({ callers }) => {
    const nowhere = { ...callers, verifyToken: undefined }
    const headers = await bearer()
    await expect(authenticatePerson(nowhere, { headers, scope: APPLE })).rejects.toThrow('request/token_not_accepted')
  })

  test.for([
    ['without the role user', { 'x-hasura-allowed-roles': ['operator'] }, 'request/role_not_allowed'],
    ['that covers another platform', { 'x-hasura-allowed-platforms': '{garmin}' }, 'access/platform_not_allowed'],
  ] as const)('by a token %s', async ([, claims, code], { callers }) => {
    const headers = await bearer(claims)
    await expect(authenticatePerson(callers, { headers, scope: APPLE })).rejects.toThrow(code)
  })

  test('by a key of another scope, of a machine, or beside a good token', async ({ callers }) => {
    const garmin = await makeKey(callers, 'person', ['upload:garmin'])
    const machine = await makeKey(callers, 'machine', ['webhook:garmin'])
    const bad = { ...(await bearer()), 'x-api-key': 'trib_none' }
    const attempts = [
      [garmin.headers, APPLE, 'access/scope_missing'],
      [machine.headers, APPLE, 'access/scope_missing'],
      [machine.headers, 'webhook:garmin', 'access/scope_missing'],
      [bad, APPLE, 'access/key_not_accepted'],
    ] as const
    for (const [headers, scope, code] of attempts)
      await expect(authenticatePerson(callers, { headers, scope })).rejects.toThrow(code)
  })

  test('for a platform that people are kept from, by neither', async ({ callers }) => {
    const { headers } = await makeKey(callers, 'person', [APPLE, 'upload:garmin'])
    const services = { ...callers, audit: noAudit }
    const kept = { role: 'user', platform: 'apple-health', reason: undefined }
    await restrictRole(services, { kind: 'operator', id: null }, kept)
    for (const given of [headers, await bearer()]) {
      const asked = authenticatePerson(callers, { headers: given, scope: APPLE })
      await expect(asked).rejects.toThrow('access/platform_restricted')
      const elsewhere = authenticatePerson(callers, { headers: given, scope: 'upload:garmin' })
      expect(await elsewhere).toMatchObject({ userId: ADA })
    }
  })
})
