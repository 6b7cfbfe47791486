import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerConsent, connectStrava } from '../support/connect-strava.ts'
import { type GraphqlAnswer, type Person, signIn, until } from '../support/graphql-client.ts'
import { Complete, Connect, Disconnect, Runs, Sync } from '../support/operations.ts'
import { type RunningProduct, readSettings, startProduct } from '../support/running.ts'

const ADA = '11111111-1111-4111-8111-111111111111'
const BELA = '22222222-2222-4222-8222-222222222222'

const RENEW = 'mutation Renew($platform: String!) { refreshConnection(platform: $platform) { refreshed } }'
const CHECK = 'mutation Check($platform: String!) { checkConnection(platform: $platform) { working } }'

let product: RunningProduct
let ada: Person
let bela: Person
let database: pg.Client
let settings: Readonly<Record<string, string>>
let subscription: number

beforeAll(async () => {
  product = await startProduct()
  ada = await signIn(product, ADA)
  bela = await signIn(product, BELA)
  settings = readSettings(product.dataDirectory)
  database = new pg.Client({ connectionString: settings['DATABASE_URL'] })
  await database.connect()
  subscription = Number(await until('the webhook subscription', findSubscription, { good: (id) => id !== undefined }))
})
afterAll(async () => {
  await database.end()
  await product.stop()
})

async function findSubscription(): Promise<string | undefined> {
  const { rows } = await database.query<{ id: string }>('select subscription_id as id from ops.webhook_subscriptions')
  return rows[0]?.id
}

/** How many rows each table holds that a wrong request might have touched. */
async function countRows(): Promise<unknown> {
  const { rows } = await database.query(`
    select (select count(*) from connections) as connections, (select count(*) from vault.tokens) as tokens,
      (select count(*) from ops.webhook_deliveries) as deliveries, (select count(*) from raw_fitness_data) as raw,
      (select count(*) from app_users) as people, (select count(*) from sync_runs) as runs`)
  return rows[0]
}

/** What a webhook could have stored; a history may be on its way meanwhile. */
async function countDeliveries(): Promise<unknown> {
  const { rows } = await database.query('select count(*)::int as deliveries from ops.webhook_deliveries')
  return rows[0]
}

function refusal(answer: GraphqlAnswer<unknown>): unknown {
  expect(answer.data).toBeUndefined()
  expect(answer.errors).toHaveLength(1)
  return answer.errors?.[0]
}

const HANDLE_REFUSED = {
  message: 'This attempt to connect is unknown, used or expired; call connectPlatform again.',
  extensions: { path: '$', code: 'connection/handle_invalid' },
}

describe('in the words of Hasura', () => {
  test.for([
    ['an unknown platform', Connect, { platform: 'fitbot' }, 'platform/unknown'],
    [
      'an address that is not configured',
      Connect,
      { platform: 'strava', redirectUri: 'https://evil.example/' },
      'connection/redirect_not_allowed',
    ],
    ['an unknown handle', Complete, { handle: 'A'.repeat(43) }, 'connection/handle_invalid'],
    ['neither handle nor code', Complete, {}, 'connection/handle_or_code'],
    [
      'both handle and code',
      Complete,
      { handle: 'A'.repeat(43), platform: 'strava', code: 'x', state: 'y' },
      'connection/handle_or_code',
    ],
    ['a sync without a connection', Sync, { platform: 'strava' }, 'connection/not_found'],
    ['an end without a connection', Disconnect, { platform: 'strava' }, 'connection/not_found'],
    ['new tokens without a connection', RENEW, { platform: 'strava' }, 'connection/not_found'],
    ['a check without a connection', CHECK, { platform: 'strava' }, 'connection/not_found'],
  ] as const)('%s is refused, and nothing is stored', async ([, operation, variables, code]) => {
    const before = await countRows()
    expect(refusal(await ada.ask(operation.toString(), variables))).toMatchObject({ extensions: { path: '$', code } })
    expect(await countRows()).toEqual(before)
  })

  test("another person's handle is refused like an unknown one, and is burnt", async () => {
    const handle = (await answerConsent(ada)).get('handle')
    const before = await countRows()
    expect(refusal(await bela.ask(Complete.toString(), { handle }))).toEqual(HANDLE_REFUSED)
    expect(refusal(await ada.ask(Complete.toString(), { handle }))).toEqual(HANDLE_REFUSED)
    expect(await countRows()).toEqual(before)
  })

  test('a handle is good once', async () => {
    const handle = (await answerConsent(bela)).get('handle')
    await bela.get(Complete, { handle })
    const before = await countRows()
    expect(refusal(await bela.ask(Complete.toString(), { handle }))).toEqual(HANDLE_REFUSED)
    expect(await countRows()).toMatchObject({ connections: (before as { connections: string }).connections })
  })

  test('a denied consent brings the browser back and leaves nothing', async () => {
    const fragment = await answerConsent(ada, 'deny')
    expect(Object.fromEntries(fragment)).toEqual({ error: 'access_denied' })
    const { rows } = await database.query('select from vault.oauth_states where user_id = $1 and handle_hash is null', [
      ADA,
    ])
    expect(rows).toEqual([])
  })

  test('a consent without activities is a limited connection, and says what is missing', async () => {
    expect(await connectStrava(ada, 'read_only')).toMatchObject({
      status: 'limited',
      missingScopes: ['activity:read_all'],
    })
    expect(await ada.ask('{ connections { status status_reason granted_scopes missing_scopes } }')).toEqual({
      data: {
        connections: [
          {
            status: 'limited',
            status_reason: 'connection/scope_missing',
            granted_scopes: ['read'],
            missing_scopes: ['activity:read_all'],
          },
        ],
      },
    })
    expect(await ada.ask(CHECK, { platform: 'strava' })).toEqual({ data: { checkConnection: { working: true } } })
    expect(await ada.ask(RENEW, { platform: 'strava' })).toEqual({ data: { refreshConnection: { refreshed: false } } })
    const { sync_runs: runs } = await until('the end of the import', () => ada.get(Runs, { kind: 'history' }), {
      good: ({ sync_runs: [run] }) => run?.status === 'failed',
    })
    expect(runs[0]).toMatchObject({ error_code: 'connection/scope_missing' })
  })
})

function event(fields: object = {}): string {
  const plain = { object_type: 'activity', object_id: 1, aspect_type: 'create', updates: {}, owner_id: 987_654 }
  return JSON.stringify({ ...plain, subscription_id: subscription, event_time: 1_700_000_000, ...fields })
}

async function webhook(body: string, secret = settings['STRAVA_WEBHOOK_SECRET']): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${product.url}/webhooks/strava/${secret}`, { method: 'POST', headers, body })
}

describe('in the words of HTTP, a webhook', () => {
  test.for([
    ['that is not JSON', (): string => '{"object_type":', 400, 'webhook/malformed'],
    ['without an owner', (): string => event({ owner_id: undefined }), 400, 'webhook/malformed'],
    [
      'for another subscription',
      () => event({ subscription_id: subscription + 1 }),
      403,
      'webhook/unknown_subscription',
    ],
    ['over the limit', (): string => event({ updates: { title: 'x'.repeat(70_000) } }), 413, 'request/too_large'],
  ] as const)('%s is refused and not stored', async ([, body, status, code]) => {
    const before = await countDeliveries()
    const response = await webhook(body())
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ extensions: { code } })
    expect(await countDeliveries()).toEqual(before)
  })

  test('says which field is wrong and never its value', async () => {
    const answer = (await (await webhook(event({ owner_id: 'canary-value' }))).json()) as { message: string }
    expect(answer.message).toContain('owner_id')
    expect(answer.message).not.toContain('canary-value')
  })

  test('at a wrong address is answered like any address that does not exist', async () => {
    const wrong = await webhook(event(), 'w'.repeat(40))
    const nowhere = await fetch(`${product.url}/nowhere`)
    expect([wrong.status, await wrong.text()]).toEqual([nowhere.status, await nowhere.text()])
    expect(wrong.status).toBe(404)
  })

  test('of an account nobody connected is taken and dropped', async () => {
    expect((await webhook(event({ event_time: 1_700_000_001 }))).status).toBe(200)
    const outcome = async () =>
      (await database.query<{ outcome: string }>("select outcome from ops.webhook_deliveries where state = 'dropped'"))
        .rows
    expect(await until('the delivery', outcome, { good: (rows) => rows.length > 0 })).toEqual([
      { outcome: 'unknown_owner' },
    ])
  })

  test('handshake needs our verify token', async () => {
    const ask = (token: string | undefined): Promise<Response> =>
      fetch(
        `${product.url}/webhooks/strava/${settings['STRAVA_WEBHOOK_SECRET']}?${new URLSearchParams({
          'hub.mode': 'subscribe',
          'hub.challenge': 'c1',
          'hub.verify_token': token ?? '',
        })}`,
      )
    const refused = await ask('wrong')
    expect(refused.status).toBe(403)
    expect(await refused.text()).not.toContain('c1')
    const accepted = await ask(settings['STRAVA_WEBHOOK_VERIFY_TOKEN'])
    expect([accepted.status, await accepted.json()]).toEqual([200, { 'hub.challenge': 'c1' }])
  })
})

describe('the internal listener', () => {
  test.for([
    ['/actions/connectPlatform', 'x-action-secret'],
    ['/events/raw_data_inserted', 'x-event-secret'],
  ] as const)('%s refuses a caller without the secret', async ([path, header]) => {
    for (const secret of [undefined, 'wrong']) {
      const response = await fetch(`${settings['SERVICE_INTERNAL_URL']}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(secret === undefined ? {} : { [header]: secret }) },
        body: '{}',
      })
      expect(response.status).toBe(401)
    }
  })

  test('is where the metrics are, and the public one has none', async () => {
    const metrics = await fetch(`${settings['SERVICE_INTERNAL_URL']}/metrics`)
    expect(await metrics.text()).toContain('active_integrations{platform="strava"}')
    expect((await fetch(`${product.url}/metrics`)).status).toBe(404)
  })
})
