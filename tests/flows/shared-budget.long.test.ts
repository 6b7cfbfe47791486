import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { declareBudget } from '../../service/ingestion/budget.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { test as base } from '../support/database.ts'

const SCRIPT = join(import.meta.dirname, '../support/asking-process.ts')

/** A platform that counts who asks, and three processes that ask it as often as they are let. */
interface Scene {
  readonly asked: { at: number; atOnce: number }[]
  answerWith(status: number, delayMs?: number): void
  start(windows: Parameters<typeof declareBudget>[2]): Promise<void>
  breaker(): Promise<string>
}

const test = base.extend<{ scene: Scene }>({
  scene: async ({ db }, use) => {
    const asked: { at: number; atOnce: number }[] = []
    let [status, delayMs, atOnce] = [200, 0, 0]
    const server = createServer((_request, response) => {
      atOnce += 1
      asked.push({ at: performance.now(), atOnce })
      setTimeout(() => {
        atOnce -= 1
        response.writeHead(status).end('{}')
      }, delayMs)
    })
    const children: ChildProcess[] = []
    await use({
      asked,
      answerWith: (next, delay = 0) => ([status, delayMs] = [next, delay]),
      async start(windows) {
        const database = openDatabase({
          url: new Secret(db.serviceUrl),
          maxConnections: 1,
          applicationName: 'test',
          onIdleError: () => {},
        })
        await db.admin.query("insert into public.platforms (id, display_name) values ('acme', 'Acme')")
        await declareBudget(database, 'acme', windows)
        await database.close()
        const platformUrl = await listen(server)
        for (let index = 0; index < 3; index += 1) {
          const order = JSON.stringify({ serviceUrl: db.serviceUrl, platformUrl, callers: 6 })
          children.push(spawn(process.execPath, [SCRIPT, order], { stdio: ['pipe', 'pipe', 'inherit'] }))
        }
        await Promise.all(children.map((child) => once(child.stdout!, 'data')))
      },
      async breaker() {
        const { rows } = await db.admin.query<{ state: string }>(
          "select state from ops.circuit_breakers where platform = 'acme'",
        )
        return rows[0]!.state
      },
    })
    for (const child of children) child.stdin!.write('over\n')
    await Promise.all(children.map(async (child) => child.exitCode === null && (await once(child, 'exit'))))
    server.close()
  },
})

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function until(what: string, good: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  for (const deadline = performance.now() + withinMs; !(await good()); ) {
    if (performance.now() > deadline) throw new Error(`${what} did not come`)
    await sleep(20)
  }
}

describe('three processes that share a budget', () => {
  test('never ask more often than the platform allows, and use what it allows', async ({ db, scene }) => {
    await scene.start([
      { name: 'day', seconds: 86_400, quota: 60 },
      { name: 'quarter_hour', seconds: 900, quota: 40 },
    ])
    await until('forty requests', async () => scene.asked.length >= 40)
    await sleep(300)
    expect(scene.asked).toHaveLength(40)
    // The quarter of an hour is over; the day is not, and lets twenty more through.
    await db.admin.query("update ops.request_budgets set resets_at = now() where window_name = 'quarter_hour'")
    await until('sixty requests', async () => scene.asked.length >= 60)
    await sleep(300)
    expect(scene.asked).toHaveLength(60)
  })
})

describe('three processes and a platform that fails', () => {
  test('leave it alone, probe it one at a time, and all go on when it is well', async ({ db, scene }) => {
    await scene.start([{ name: 'day', seconds: 86_400, quota: 100_000 }])
    await until('some traffic', async () => scene.asked.length >= 20)
    // Before this, requests were well: it has to notice in the middle of that.
    scene.answerWith(503)
    await until('the breaker to open', async () => (await scene.breaker()) === 'open')
    await sleep(200) // what was on its way
    const whenOpen = scene.asked.length
    await sleep(1_500)
    expect(scene.asked).toHaveLength(whenOpen)
    const status = await db.hasura.query(
      "select state, breaker, retry_at > now() as later from public.platform_status where platform = 'acme'",
    )
    expect(status.rows).toEqual([{ state: 'failing', breaker: 'open', later: true }])
    // Its time is over: one probe, and nobody beside it.
    scene.answerWith(503, 400)
    await db.admin.query('update ops.circuit_breakers set open_until = now()')
    await until('the probe', async () => scene.asked.length > whenOpen)
    await sleep(300)
    expect(scene.asked).toHaveLength(whenOpen + 1)
    expect(await scene.breaker()).toBe('half_open')
    await until('the breaker to open again', async () => (await scene.breaker()) === 'open')
    const again = await db.admin.query(
      'select openings, extract(epoch from open_until - changed_at)::float8 as seconds from ops.circuit_breakers',
    )
    expect(again.rows[0]).toMatchObject({ openings: 2 })
    expect(again.rows[0].seconds).toBeGreaterThan(7.9)
    expect(again.rows[0].seconds).toBeLessThan(12.1)
    scene.answerWith(200, 0)
    await db.admin.query('update ops.circuit_breakers set open_until = now()')
    await until('the breaker to close', async () => (await scene.breaker()) === 'closed')
    const whenClosed = scene.asked.length
    await until('traffic again', async () => scene.asked.length > whenClosed + 50)
  })

  test("do not open the breaker for what is one person's fault", async ({ scene }) => {
    scene.answerWith(404)
    await scene.start([{ name: 'day', seconds: 86_400, quota: 100_000 }])
    await until('refusals', async () => scene.asked.length >= 60)
    expect(await scene.breaker()).toBe('closed')
  })
})
