import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agreeTo, connectStrava } from '../support/connect-strava.ts'
import { type Person, until } from '../support/graphql-client.ts'
import { codeOf, field, type OwnProduct, startOwnProduct } from '../support/own-product.ts'

const ADA = '7c3e9a52-1b4d-4f6a-8c2e-5d9b0a7f3e61'
const OLGA = '5d6a1f0e-0000-4000-8000-0000000000f1'
const OTTO = '5d6a1f0e-0000-4000-8000-0000000000f2'
const CONNECT = 'mutation { connectPlatform(platform: "strava") { authorizationUrl } }'
const SYNC = 'mutation { syncNow(platform: "strava") { syncRunId } }'
const WITHDRAW = `mutation { updateConsents(consents: [{ platform: "strava", purpose: "collection", granted: false }]) {
  consents { status } } }`
const LONGEST_MS = 60_000

let product: OwnProduct
let ada: Person
beforeAll(async () => {
  product = await startOwnProduct()
  ada = await product.signIn(ADA)
}, 120_000)
afterAll(() => product?.stop())

const count = async (table: string) =>
  (await product.admin.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]!.n

async function calls(): Promise<number> {
  const byPath = (await product.simulate('GET', '/requests')) as Record<string, number>
  return Object.values(byPath).reduce((sum, number) => sum + number, 0)
}

const received = async () => ({ raw: await count('raw_fitness_data'), activities: await count('activities') })

async function daysOf(table: string): Promise<string[]> {
  const { rows } = await product.admin.query<{ day: string }>(
    `select distinct local_day::text as day from ${table} order by 1`,
  )
  return rows.map(({ day }) => day)
}

describe('consent, over GraphQL,', () => {
  test('is asked for before anybody is sent to a platform', async () => {
    expect(codeOf(await ada.ask(CONNECT))).toBe('consent/required')
    expect(await count('vault.oauth_states')).toBe(0)
  })

  test('is proved by text, hash, language, channel and time, and nobody can change it', async () => {
    const [text] = await field<{ version: number; body: string }[]>(
      ada,
      '{ current_consent_texts(where: { platform: { _eq: "strava" } }) { version body } }',
    )
    await agreeTo(ada, 'strava')
    expect(
      await field(
        ada,
        '{ consents { platform purpose decision text_version text_locale text_sha256 channel decided_at } }',
      ),
    ).toEqual([
      {
        platform: 'strava',
        purpose: 'collection',
        decision: 'given',
        text_version: text!.version,
        text_locale: 'en',
        text_sha256: createHash('sha256').update(text!.body).digest('hex'),
        channel: 'app',
        decided_at: expect.stringMatching(/^20\d\d-/),
      },
    ])
    const otto = await product.signIn(OTTO, 'auditor')
    for (const person of [ada, otto])
      for (const change of [
        'delete_consents(where: {})',
        'update_consents(where: {}, _set: { decision: "withdrawn" })',
      ])
        expect(codeOf(await person.ask(`mutation { ${change} { affected_rows } }`))).toBe('validation-failed')
    await expect(product.admin.query("update consents set decision = 'withdrawn'")).rejects.toMatchObject({
      code: 'TB003',
    })
  })

  test('taken back in the middle of an import: at most one further call, and nothing more is received', async () => {
    await product.simulate('POST', '/faults', {
      next: [{ match: '/athlete/activities', latency_ms: 700, count: 5 }],
    })
    await connectStrava(ada)
    await until('the third page', () => count('raw_fitness_data'), { good: (pages) => pages >= 2 })
    const before = await calls()
    expect(await field(ada, WITHDRAW)).toEqual({ consents: [{ status: 'withdrawn' }] })
    const atAnswer = await received()
    await sleep(5_000)
    expect((await calls()) - before).toBeLessThanOrEqual(1)
    expect(await received()).toEqual(atAnswer)
    // What was stored before may be merged afterwards; a day of anything else would be a day received without consent.
    await until('the merge', () => count('ops.summary_rebuilds'), { good: (waiting) => waiting === 0 })
    expect(await daysOf('daily_summaries')).toEqual(await daysOf('activities'))
    expect(await field(ada, '{ sync_runs { kind status } }')).toEqual([{ kind: 'history', status: 'cancelled' }])
    expect(codeOf(await ada.ask(SYNC))).toBe('consent/required')
  })

  test('is paused by a new text until that is accepted, and what waited is done then', async () => {
    await agreeTo(ada, 'strava')
    const synced = (run: string) =>
      until(
        `the run of ${run}`,
        () =>
          field<{ status: string }[]>(
            ada,
            '{ sync_runs(where: { status: { _eq: "running" }, kind: { _in: ["history", "incremental"] } }) { status } }',
          ),
        {
          good: (running) => running.length === 0,
          withinMs: LONGEST_MS,
        },
      )
    await synced('the consent')
    const olga = await product.signIn(OLGA, 'operator')
    const publish = `mutation ($body: String!) {
      publishConsentText(platform: "strava", purpose: "collection", locale: "en", body: $body) { version } }`
    expect(codeOf(await ada.ask(publish, { body: 'Not mine to say, and long enough.' }))).toBe('validation-failed')
    const { version } = await field<{ version: number }>(olga, publish, { body: 'I agree to more than before.' })
    expect(version).toBe(2)
    const before = await calls()
    await product.simulate('POST', '/activity', { athlete_id: 1 })
    expect(codeOf(await ada.ask(SYNC))).toBe('consent/required')
    await sleep(2_000)
    expect(await calls()).toBe(before)
    const states = '{ consent_states { status text_version current_version } }'
    expect(await field(ada, states)).toEqual([{ status: 'outdated', text_version: 1, current_version: 2 }])
    await agreeTo(ada, 'strava')
    expect(await field(ada, states)).toEqual([{ status: 'given', text_version: 2, current_version: 2 }])
    await synced('the new consent')
    expect(await calls()).toBeGreaterThan(before)
  })

  test('is noted, with everything else that was done with the data, for the person alone', async () => {
    const done = await field<{ activity: string }[]>(ada, '{ processing_activities { activity } }')
    expect(done.map(({ activity }) => activity)).toEqual(expect.arrayContaining(['connect', 'receive', 'normalize']))
    const stranger = await product.signIn('5f0c2a9e-6b1d-4c7e-9a35-0d8e4b7f1a26')
    expect(await field(stranger, '{ processing_activities { activity } }')).toEqual([])
    expect(await field(stranger, '{ consents { decision } }')).toEqual([])
  })
})
