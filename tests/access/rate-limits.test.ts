import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { createRateLimiter, type TakeRequest } from '../../service/access/rate-limit.ts'
import { actionRoutes } from '../../service/api/actions.ts'
import { createServer } from '../../service/api/server.ts'
import { webhookGate } from '../../service/api/webhook-gate.ts'
import { createMetrics } from '../../service/monitoring/metrics.ts'
import type { Platforms } from '../../service/platforms/contract.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { createLog } from '../../service/runtime/log.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { test as base } from '../support/database.ts'
import type { LimitingOrder } from '../support/limiting-process.ts'
import { ADA, BELA } from '../support/people.ts'

const LIMITS = {
  user: { requests: 20, seconds: 600 },
  'user-platform': { requests: 6, seconds: 600 },
  uploads: { requests: 5, seconds: 600 },
  'webhook-source': { requests: 4, seconds: 600 },
}
const SECRET = 'a'.repeat(32)
const HOOK = 'w'.repeat(32)
const OLD_HOOK = 'o'.repeat(32)

interface Instances {
  /** Three processes' limiters, each with a pool of its own. */
  readonly three: readonly TakeRequest[]
  readonly storeDown: () => number
}

const test = base.extend<{ instances: Instances }>({
  instances: async ({ db }, use) => {
    let down = 0
    const open = () =>
      openDatabase({
        url: new Secret(db.serviceUrl),
        maxConnections: 4,
        applicationName: 'test',
        onIdleError: () => {},
      })
    const pools = [open(), open(), open()]
    const three = pools.map((pool) => createRateLimiter({ db: pool, limits: LIMITS, onStoreDown: () => (down += 1) }))
    await use({ three, storeDown: () => down })
    await Promise.all(pools.map((pool) => pool.close()))
  },
})

function serve(takeRequest: TakeRequest) {
  const metrics = createMetrics()
  const app = createServer({ listener: 'public', log: createLog({ level: 'silent', process: 'test' }), metrics })
  const names = ['syncNow', 'listThings']
  const actions = names.map((name) => ({ name, roles: ['user'], call: async () => ({ done: true }) }))
  app.register(actionRoutes, {
    actionSecret: new Secret(SECRET),
    actions,
    verifyToken: undefined,
    takeRequest,
    findRestriction: async () => false,
    isErased: async () => false,
  })
  const platforms = new Map([
    ['strava', { webhook: { pathSecret: new Secret(HOOK), previousPathSecret: new Secret(OLD_HOOK) } }],
  ]) as unknown as Platforms
  app.register(async (gated) => {
    gated.addHook('onRequest', webhookGate({ platforms, takeRequest }))
    gated.post('/webhooks/:platform/:secret', async () => 'stored')
  })
  const act = (userId: string, { name = 'syncNow', platform }: { name?: string; platform?: string } = {}) =>
    app.inject({
      method: 'POST',
      url: `/actions/${name}`,
      headers: { 'x-action-secret': SECRET },
      payload: {
        action: { name },
        input: { platform },
        session_variables: { 'x-hasura-user-id': userId, 'x-hasura-role': 'user' },
      },
    })
  const hook = (secret: string, { platform = 'strava', remoteAddress = '203.0.113.5' } = {}) =>
    app.inject({ method: 'POST', url: `/webhooks/${platform}/${secret}`, remoteAddress, payload: {} })
  return { act, hook, close: () => app.close() }
}

async function times<Result>(count: number, call: (index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let index = 0; index < count; index += 1) results.push(await call(index))
  return results
}
const statuses = (answers: readonly { statusCode: number }[]) => answers.map(({ statusCode }) => statusCode)

/** A process of its own that asks when it is told to; what it was allowed. */
async function startProcess(order: LimitingOrder) {
  const script = join(import.meta.dirname, '../support/limiting-process.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(order)], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return async () => {
    const told = once(child.stdout, 'data')
    child.stdin.write('go\n')
    const [line] = (await told) as [Buffer]
    await once(child, 'exit')
    return JSON.parse(line.toString()) as { allowed: number; storeWasDown: boolean }
  }
}

describe('a limit', () => {
  test('holds for three processes that ask at the same time', async ({ db }) => {
    const order = { serviceUrl: db.serviceUrl, limit: { requests: 20, seconds: 600 }, key: ADA, requests: 15 }
    const processes = await Promise.all([startProcess(order), startProcess(order), startProcess(order)])
    const told = await Promise.all(processes.map((ask) => ask()))
    expect(told.map(({ storeWasDown }) => storeWasDown)).toEqual([false, false, false])
    expect(told.reduce((sum, { allowed }) => sum + allowed, 0)).toBe(20)
  })

  test('is one for all processes together, even when they count at once', async ({
    instances: { three, storeDown },
  }) => {
    const taken = await Promise.all(Array.from({ length: 30 }, (_, index) => three[index % 3]!('user', ADA)))
    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(20)
    expect(await three[0]!('user', BELA)).toMatchObject({ allowed: true, remaining: 19 })
    expect(storeDown()).toBe(0)
  })

  test('of a person ends their actions alone, with 429 and when to come back', async ({ instances: { three } }) => {
    const { act, close } = serve(three[0]!)
    const answers = await times(21, () => act(ADA, { name: 'listThings' }))
    expect(statuses(answers)).toEqual([...Array<number>(20).fill(200), 429])
    const [first, last] = [answers[0]!, answers[20]!]
    expect(first.headers['ratelimit-policy']).toBe('"user";q=20;w=600')
    expect(first.headers['ratelimit']).toMatch(/^"user";r=19;t=(600|59\d)$/)
    expect(first.headers['retry-after']).toBeUndefined()
    expect(last.headers['ratelimit']).toMatch(/^"user";r=0;t=\d+$/)
    const wait = Number(last.headers['retry-after'])
    expect(wait).toBeGreaterThan(500)
    expect(last.json()).toEqual({
      message: `Too many requests: try again in ${wait} s`,
      extensions: { path: '$', code: 'request/too_many' },
    })
    expect((await act(BELA, { name: 'listThings' })).statusCode).toBe(200)
    await close()
  })

  test('of a platform leaves the other platforms alone', async ({ instances: { three } }) => {
    const { act, close } = serve(three[0]!)
    expect(statuses(await times(7, () => act(ADA, { platform: 'strava' })))).toEqual([
      ...Array<number>(6).fill(200),
      429,
    ])
    const other = await act(ADA, { platform: 'garmin' })
    expect(other.headers['ratelimit-policy']).toBe('"user";q=20;w=600, "user-platform";q=6;w=600')
    expect([other.statusCode, (await act(BELA, { platform: 'strava' })).statusCode]).toEqual([200, 200])
    await close()
  })

  test('begins again when its window is over', async ({ db, instances: { three } }) => {
    await Promise.all(Array.from({ length: 5 }, () => three[0]!('uploads', ADA)))
    expect(await three[1]!('uploads', ADA)).toMatchObject({ allowed: false })
    await db.admin.query('update ops.rate_limits set expire = expire - 600_000')
    expect(await three[2]!('uploads', ADA)).toMatchObject({ allowed: true, remaining: 4 })
  })
})

describe('a webhook', () => {
  test('with the right secret, or the one before it, is never refused for its rate', async ({
    instances: { three },
  }) => {
    const { hook, close } = serve(three[0]!)
    await times(6, () => hook('x'.repeat(32)))
    expect(statuses(await times(40, (index) => hook(index % 2 === 0 ? HOOK : OLD_HOOK)))).toEqual(
      Array<number>(40).fill(200),
    )
    await close()
  })

  test('with a wrong secret is an unknown address, and after a few of them 429, for that source alone', async ({
    instances: { three },
  }) => {
    const { hook, close } = serve(three[0]!)
    const guesses = await times(5, (index) =>
      hook(`guess-${index}`, { platform: index % 2 === 0 ? 'strava' : 'fitbot' }),
    )
    expect(statuses(guesses)).toEqual([404, 404, 404, 404, 429])
    expect(guesses[0]!.headers['ratelimit']).toBeUndefined()
    expect((await hook('guess', { remoteAddress: '203.0.113.6' })).statusCode).toBe(404)
    await close()
  })

  test('from one IPv6 network is of one source', async ({ instances: { three } }) => {
    const { hook, close } = serve(three[0]!)
    const answers = await times(5, (index) => hook('guess', { remoteAddress: `2001:db8:1:2:${index}::1` }))
    expect(statuses(answers)).toEqual([404, 404, 404, 404, 429])
    expect((await hook('guess', { remoteAddress: '2001:db8:1:3::1' })).statusCode).toBe(404)
    await close()
  })
})

describe('while the store is down', () => {
  test('each process counts for itself, and says so', async ({ db, instances: { three, storeDown } }) => {
    await db.admin.query('drop table ops.rate_limits')
    const taken = await times(8, () => three[0]!('uploads', ADA))
    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(5)
    expect(await three[1]!('uploads', ADA)).toMatchObject({ allowed: true })
    expect(storeDown()).toBe(9)
  })

  test('and hangs, nobody waits for long', async () => {
    const silent = createTcpServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    const url = new Secret(`postgres://nobody:x@127.0.0.1:${port}/none`)
    const hanging = openDatabase({ url, maxConnections: 1, applicationName: 'test', onIdleError: () => {} })
    const take = createRateLimiter({ db: hanging, limits: LIMITS, onStoreDown: () => {} })
    const started = performance.now()
    expect(await take('user', ADA)).toMatchObject({ allowed: true, remaining: 19 })
    // Less than the ten seconds that a connection may take.
    expect(performance.now() - started).toBeLessThan(8_000)
    silent.close()
  })
})
