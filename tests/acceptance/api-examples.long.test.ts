import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readExamples } from '../../codegen/describe-graphql.ts'
import { createTributaryClient } from '../../docs/api/client/client.ts'
import { runTributary } from '../support/command-line.ts'
import { agreeTo, answerConsent, historyImported, redirected } from '../support/connect-strava.ts'
import { type Person, signIn } from '../support/graphql-client.ts'
import { type RunningProduct, startProduct } from '../support/running.ts'

const ADA = '11111111-1111-4111-8111-111111111111'
const BELA = '22222222-2222-4222-8222-222222222222'

let product: RunningProduct
let ada: Person
beforeAll(async () => {
  product = await startProduct()
  ada = await signIn(product, ADA)
})
afterAll(() => product.stop())

/** Runs an example as it is printed, but for the values that only this run knows. */
async function run(field: string, known: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const example = readExamples().find((candidate) => candidate.field === field)
  if (example === undefined) throw new Error(`no example of ${field}`)
  const { data, errors } = await ada.ask(example.operation, { ...example.variables, ...known })
  expect(errors).toBeUndefined()
  return (data as Record<string, Record<string, unknown>>)[field] ?? {}
}

describe('the examples of docs/api/graphql.md, in the order of an app,', () => {
  test('connect, check, renew, sync and disconnect', async () => {
    expect(await run('updateConsents')).toEqual({
      consents: [{ platform: 'strava', purpose: 'collection', status: 'given' }],
    })
    expect(await run('connectPlatform')).toMatchObject({ authorizationUrl: expect.stringContaining('/strava/') })
    const handle = (await answerConsent(ada)).get('handle')
    expect(await run('completeConnection', { handle })).toMatchObject({ status: 'active', missingScopes: [] })
    await historyImported(ada)
    expect(await run('checkConnection')).toMatchObject({ status: 'active' })
    expect(await run('refreshConnection')).toMatchObject({ status: 'active' })
    expect(await run('syncNow')).toMatchObject({ syncRunId: expect.any(String) })
    expect(await run('disconnectPlatform')).toMatchObject({ status: 'disconnected' })
  })

  test('connect from an app that catches the redirect itself', async () => {
    const [, native] = readExamples().filter(({ field }) => field === 'completeConnection')
    const { authorizationUrl } = (await run('connectPlatform')) as { authorizationUrl: string }
    const caught = new URL(await redirected(`${authorizationUrl}&simulate=approve`)).searchParams
    const variables = { ...native?.variables, ...Object.fromEntries(caught) }
    expect(await ada.ask(native?.operation ?? '', variables)).toMatchObject({
      data: { completeConnection: { status: 'active', missingScopes: [] } },
    })
  })

  test('make, replace and end a key', async () => {
    const { id } = await run('createApiKey')
    const successor = await run('rotateApiKey', { id })
    expect(successor['key']).toMatch(/^\S{20,}$/)
    expect(await run('revokeApiKey', { id: successor['id'] })).toMatchObject({ id: successor['id'] })
  })

  test('order sources, upload samples and choose a time zone', async () => {
    expect(await run('orderSources')).toEqual({ kind: 'steps', sources: 2 })
    await agreeTo(ada, 'apple-health')
    expect(await run('recordDataRequest')).toEqual({ id: expect.any(String) })
    expect(await run('uploadHealthSamples')).toEqual({ accepted: 1, rejected: [] })
    expect(await run('update_app_users_by_pk')).toEqual({ time_zone: 'Europe/Berlin' })
    expect(await run('update_app_users')).toEqual({ affected_rows: 1 })
    expect(await run('update_app_users_many')).toEqual([{ affected_rows: 1 }])
  })
})

test('the typed client connects a person, reads their days and hears of changed ones', async () => {
  const bela = await signIn(product, BELA)
  await agreeTo(bela, 'strava')
  const client = createTributaryClient({ url: product.graphqlUrl, getToken: async () => bela.token })
  const { authorizationUrl } = await client.startConnecting('strava')
  const app = await redirected(await redirected(`${authorizationUrl}&simulate=approve`))
  const handle = new URLSearchParams(new URL(app).hash.slice(1)).get('handle')
  expect(await client.finishConnecting(handle ?? '')).toMatchObject({ platform: 'strava', status: 'active' })
  await historyImported(bela)
  let changed: readonly unknown[] = []
  for await (const { data } of client.changedDays('2000-01-01T00:00:00Z')) {
    changed = data?.daily_summaries_stream ?? []
    // The first batch may come before the first day has been summed up.
    if (changed.length > 0) break
  }
  expect(changed).not.toEqual([])
  // The history is summed up day by day after it was received.
  await expect.poll(async () => (await client.days('2000-01-01')).length, { timeout: 60_000 }).toBeGreaterThan(100)
  await client.close()
})

describe('the commands of the README, as they are printed,', () => {
  const ROOT = join(import.meta.dirname, '../..')
  const blocks = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^```sh\n(.*?)^```/gms)].map(
    ([, block]) => block!,
  )

  /** In a shell, but for the ports. */
  function runBlock(beginning: string): unknown {
    const ports = [
      ['http://localhost:8080/v1/graphql', product.graphqlUrl],
      ['http://localhost:4000', product.simulatorUrl],
    ] as const
    const block = blocks.find((one) => one.startsWith(beginning)) ?? 'false'
    const script = ports.reduce((text, [printed, actual]) => text.replaceAll(printed, actual), block)
    const env = { ...process.env, TRIBUTARY_DATA_DIR: product.dataDirectory, NODE_ENV: 'development' }
    return JSON.parse(execFileSync('bash', ['-euc', script], { cwd: ROOT, encoding: 'utf8', env }))
  }

  test('ask as a user', () => {
    const { data } = runBlock('TOKEN=$(npm run') as { data: { platforms: { id: string; connectable: boolean }[] } }
    expect(data.platforms).toContainEqual({ id: 'strava', display_name: 'Strava', connectable: true })
  })

  test('send an activity to whoever connected last, which is in their summary', async () => {
    const bela = await signIn(product, BELA)
    const { id } = runBlock('curl -s -X POST') as { id: number }
    const IN_SUMMARY = `{ activities(where: { source_id: { _eq: "${id}" } }) { local_day }
      daily_summaries(order_by: { local_day: desc }, limit: 1) { local_day } }`
    const seen = async () => (await bela.ask(IN_SUMMARY)).data as Record<string, { local_day: string }[]>
    await expect.poll(async () => (await seen())['activities'], { timeout: 30_000 }).toHaveLength(1)
    const [day] = (await seen())['activities']!
    await expect.poll(async () => (await seen())['daily_summaries'], { timeout: 30_000 }).toEqual([day])
    const env = { PATH: process.env['PATH'], TRIBUTARY_DATA_DIR: product.dataDirectory, NODE_ENV: 'development' }
    const { text } = await runTributary({ env }, 'status', '--user', BELA)
    expect(text).toMatch(/^connections:\n {2}strava: active, last data .*\n[^]*activities: \d+, \d+ km\n$/)
  })
})
