import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectStrava, historyImported } from '../support/connect-strava.ts'
import { type Person, until } from '../support/graphql-client.ts'
import { codeOf, field, type OwnProduct, startOwnProduct } from '../support/own-product.ts'
import { startWithCertificates, type TlsProcess } from '../support/tls-process.ts'

const ADA = '7c3e9a52-1b4d-4f6a-8c2e-5d9b0a7f3e61'
const BELA = '5f0c2a9e-6b1d-4c7e-9a35-0d8e4b7f1a26'
const OLGA = '5d6a1f0e-0000-4000-8000-0000000000f1'
const OTTO = '5d6a1f0e-0000-4000-8000-0000000000f2'
const NOBODYS = '99999999-9999-4999-8999-999999999999'
const ROOT = join(import.meta.dirname, '../..')

let product: OwnProduct
let ada: Person
let olga: Person
let otto: Person
beforeAll(async () => {
  product = await startOwnProduct({
    RETENTION_DAYS: 'sync_runs=30',
    STRAVA_SIMULATOR_ACTIVITIES: join(ROOT, 'tests/fixtures/strava-odd-activities.json'),
  })
  ada = await product.signIn(ADA)
  olga = await product.signIn(OLGA, 'operator')
  otto = await product.signIn(OTTO, 'auditor')
  await connectStrava(ada)
  await historyImported(ada)
  await until('her activities', () => count('activities'), { good: (activities) => activities === 6 })
}, 120_000)
afterAll(() => product?.stop())

const count = async (table: string) =>
  (await product.admin.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]!.n

interface Token {
  readonly lifeSeconds?: number
  readonly key?: string
  readonly role?: string
}

/** As the identity provider would issue it, or somebody who is none. */
async function issue({ lifeSeconds = 900, key, role = 'user' }: Token = {}): Promise<string> {
  const jwt = JSON.parse(product.settings['HASURA_GRAPHQL_JWT_SECRET']!) as Record<string, string>
  const claims = { 'x-hasura-allowed-roles': [role], 'x-hasura-default-role': role, 'x-hasura-user-id': ADA }
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ [jwt['claims_namespace'] ?? 'https://hasura.io/jwt/claims']: claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(ADA)
    .setIssuer(jwt['issuer']!)
    .setAudience(jwt['audience']!)
    .setIssuedAt(now)
    .setExpirationTime(now + lifeSeconds)
    .sign(new TextEncoder().encode(key ?? jwt['key']))
}

const knock = async (token: string) =>
  (await fetch(`${product.url}/exports/${NOBODYS}`, { headers: { authorization: `Bearer ${token}` } })).status

const internal = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${product.settings['SERVICE_INTERNAL_URL']}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      action: { name: 'syncNow' },
      input: { platform: 'strava' },
      session_variables: { 'x-hasura-role': 'user', 'x-hasura-user-id': ADA },
    }),
  })

describe('access', () => {
  test('is to own rows alone, and operators and auditors see no health data', async () => {
    const mine = '{ activities { id } }'
    expect(await field(ada, mine)).toHaveLength(6)
    expect(await field(await product.signIn(BELA), mine)).toEqual([])
    for (const insider of [olga, otto]) expect(codeOf(await insider.ask(mine))).toBe('validation-failed')
    expect(codeOf(await ada.ask('mutation { rotateKeys { rotationId } }'))).toBe('validation-failed')
  })

  test('is kept from a role for a platform, from the next request on', async () => {
    const all = '{ connections { platform } }'
    expect(await field(olga, all)).toEqual([{ platform: 'strava' }])
    expect((await product.tributary('access', 'restrict', '--role', 'operator', '--platform', 'strava')).code).toBe(0)
    expect(await field(olga, all)).toEqual([])
    const sync = `mutation { batchSync(userIds: ["${ADA}"], platform: "strava") { started } }`
    expect(codeOf(await olga.ask(sync))).toBe('access/platform_restricted')
    await product.tributary('access', 'allow', '--role', 'operator', '--platform', 'strava')
    expect(await field(olga, all)).toEqual([{ platform: 'strava' }])
  })

  test('ends by itself: a token that lives longer than 15 minutes is refused', async () => {
    expect(await knock(await issue({ lifeSeconds: 900 }))).toBe(404)
    expect(await knock(await issue({ lifeSeconds: 961 }))).toBe(401)
    expect(await knock(await issue({ lifeSeconds: -1 }))).toBe(401)
  })

  test('is nobody’s who signs tokens themselves, or calls past Hasura', async () => {
    expect(await knock(await issue({ key: 'x'.repeat(40) }))).toBe(401)
    expect(await knock(await issue({ role: 'operator' }))).toBe(403)
    const secret = product.settings['HASURA_ACTION_SECRET']!
    expect((await internal('/actions/syncNow')).status).toBe(401)
    expect((await internal('/actions/syncNow', { 'x-action-secret': `${secret.slice(0, -1)}!` })).status).toBe(401)
  })
})

describe('break-glass', () => {
  const ASK =
    'mutation ($userId: uuid!, $reason: String!) { requestEmergencyAccess(userId: $userId, reason: $reason, minutes: 5) { id } }'
  const APPROVE = 'mutation ($id: uuid!) { approveEmergencyAccess(id: $id) { id } }'
  const READ = 'mutation ($id: uuid!) { readAsEmergency(id: $id, dataset: "activities") { rows } }'

  test('needs a reason and another person, is for who asked, ends by itself, and is listed to the person', async () => {
    expect(codeOf(await olga.ask(ASK, { userId: ADA, reason: 'short' }))).toBe('request/malformed')
    const { id } = await field<{ id: string }>(olga, ASK, { userId: ADA, reason: 'found unconscious' })
    expect(codeOf(await olga.ask(READ, { id }))).toBe('emergency/no_access')
    expect(codeOf(await olga.ask(APPROVE, { id }))).toBe('emergency/not_approvable')
    await field(otto, APPROVE, { id })
    expect(codeOf(await otto.ask(READ, { id }))).toBe('emergency/no_access')
    expect((await field<{ rows: unknown[] }>(olga, READ, { id })).rows).toHaveLength(6)
    await product.admin.query("update emergency_accesses set expires_at = now() - interval '1 second'")
    expect(codeOf(await olga.ask(READ, { id }))).toBe('emergency/no_access')
    const log = await field<object[]>(
      ada,
      '{ access_log(where: { action: { _like: "emergency.%" } }, order_by: { occurred_at: asc }) { action actor_kind reason } }',
    )
    expect(log).toEqual([
      { action: 'emergency.requested', actor_kind: 'operator', reason: 'found unconscious' },
      { action: 'emergency.approved', actor_kind: 'auditor', reason: 'found unconscious' },
      { action: 'emergency.read', actor_kind: 'operator', reason: 'found unconscious' },
    ])
  })
})

describe('the trail', () => {
  test('has every step of a connection for the person to see, each with who it was', async () => {
    const log = await field<{ action: string; by_myself: boolean }[]>(ada, '{ access_log { action by_myself } }')
    const actions = log.map(({ action }) => action)
    expect(actions).toEqual(
      expect.arrayContaining(['connection.started', 'connection.completed', 'token.opened', 'consent.given']),
    )
    const { text } = await product.tributary('audit', 'show', '--user', ADA)
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { action: string; actor: string })
    expect(lines.find(({ action }) => action === 'emergency.requested')?.actor).toBe(`operator ${OLGA}`)
    expect(lines.filter(({ actor }) => actor === undefined)).toEqual([])
  })

  test('has who was turned away at the door, and the review that looked at it', async () => {
    await internal('/actions/syncNow', { 'x-action-secret': 'guessed' })
    // At once: the number of the repeated ones follows after a minute.
    await until('the line', () => count("audit.events where action = 'request.refused'"), {
      good: (lines) => lines > 0,
      withinMs: 5_000,
    })
    const review = await product.tributary('audit', 'review', '--days', '1', '--conclude', 'a guess of the secret')
    expect((JSON.parse(review.text) as { findings: string[] }).findings.join()).toContain('break-glass was used')
    expect((await product.admin.query("select from audit.events where action = 'audit.reviewed'")).rowCount).toBe(1)
  })

  test('cannot be changed, and what an administrator changes nevertheless is found', async () => {
    await product.admin.query("select graphile_worker.add_job('seal_audit_trail')")
    await until('a signed head', () => count('audit.unsealed'), { good: (waiting) => waiting === 0 })
    expect((await product.tributary('audit', 'verify')).code).toBe(0)
    const change = (outcome: string) => `update audit.events set outcome = '${outcome}' where action = 'consent.given'`
    await expect(product.admin.query(change('refused'))).rejects.toThrow('append-only')
    const past = (statement: string) => `begin; set local session_replication_role = replica; ${statement}; commit`
    await product.admin.query(past(change('refused')))
    const { code, text } = await product.tributary('audit', 'verify')
    expect([code, text]).toEqual([1, expect.stringContaining('NOT whole')])
    await product.admin.query(past(change('success')))
    expect((await product.tributary('audit', 'verify')).code).toBe(0)
  })
})

describe('keys', () => {
  test('are replaced while everything works on, by operators alone', async () => {
    const { rotationId: id } = await field<{ rotationId: string }>(olga, 'mutation { rotateKeys { rotationId } }')
    await until(
      'the rotation',
      () => field<{ status: string }[]>(olga, `{ key_rotations(where: { id: { _eq: "${id}" } }) { status } }`),
      {
        good: ([rotation]) => rotation?.status === 'complete',
      },
    )
    const check = 'mutation { checkConnection(platform: "strava") { working } }'
    expect(await field(ada, check)).toEqual({ working: true })
  })

  test('of a machine or a phone end at once when they are revoked', async () => {
    const make = 'mutation { createApiKey(name: "phone", scopes: ["upload:apple-health"]) { id key } }'
    const { id, key } = await field<{ id: string; key: string }>(ada, make)
    const upload = async () =>
      (
        await fetch(`${product.url}/uploads/apple-health`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}` },
        })
      ).status
    expect(await upload()).not.toBe(401)
    await field(ada, 'mutation ($id: uuid!) { revokeApiKey(id: $id) { id } }', { id })
    expect(await upload()).toBe(401)
  })

  test('open a backup that is whole, and none that was altered', async () => {
    expect((await product.tributary('backup')).code).toBe(0)
    expect((await product.tributary('verify')).text).toMatch(/^whole: /)
    const store = fileURLToPath(product.settings['BACKUP_STORE']!)
    const files = readdirSync(store, { recursive: true, encoding: 'utf8' }).map((name) => join(store, name))
    const largest = files
      .filter((path) => statSync(path).isFile())
      .toSorted((a, b) => statSync(b).size - statSync(a).size)[0]!
    const bytes = readFileSync(largest)
    bytes[bytes.length - 20]! ^= 1
    writeFileSync(largest, bytes)
    const { code, text } = await product.tributary('verify')
    expect([code, text]).toEqual([1, expect.stringContaining('backup/altered')])
  })

  test('of a person are no use once an operator ended their connection', async () => {
    await field(olga, `mutation { revokeUserTokens(userId: "${ADA}", platform: "strava") { status } }`)
    expect((await product.admin.query('select from vault.tokens where user_id = $1', [ADA])).rowCount).toBe(0)
    expect(codeOf(await ada.ask('mutation { syncNow(platform: "strava") { syncRunId } }'))).toBe('connection/not_found')
  })
})

test('what is older than its retention goes, and nothing that a legal hold keeps', async () => {
  const old = "update sync_runs set started_at = now() - interval '40 days', finished_at = now() - interval '31 days'"
  await product.admin.query(`begin; set local session_replication_role = replica; ${old}; commit`)
  const apply = async () => {
    await product.admin.query("select graphile_worker.add_job('apply_retention')")
    await until(
      'retention',
      async () =>
        (await product.admin.query("select from graphile_worker.jobs where task_identifier = 'apply_retention'"))
          .rowCount,
      { good: (jobs) => jobs === 0 },
    )
    return field(ada, '{ sync_runs { id } }')
  }
  const { holdId } = await field<{ holdId: string }>(
    olga,
    'mutation { placeLegalHold(reason: "court order 12") { holdId } }',
  )
  expect(await apply()).not.toEqual([])
  await field(
    olga,
    'mutation ($id: uuid!) { releaseLegalHold(holdId: $id, reason: "the case is closed") { holdId } }',
    { id: holdId },
  )
  expect(await apply()).toEqual([])
})

describe('the internal listener of a process with certificates', () => {
  let listener: TlsProcess
  beforeAll(async () => {
    listener = await startWithCertificates(product.settings)
  })
  afterAll(() => listener?.stop())

  test('answers Hasura over TLS 1.3, and nobody without its certificate, over older TLS or without any', async () => {
    const { hasura, other, port } = listener
    const ask: TlsProcess['ask'] = (...client) => listener.ask(...client)
    expect(await ask(hasura)).toMatch(/^\d+$/)
    expect(await ask({})).toMatch(/^refused/)
    expect(await ask(other)).toMatch(/^refused/)
    expect(await ask(hasura, { maxVersion: 'TLSv1.2' })).toMatch(/^refused/)
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow('fetch failed')
  })
})
