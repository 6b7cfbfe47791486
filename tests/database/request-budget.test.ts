import { describe, expect } from 'vitest'
import {
  declareBudget,
  exhaustBudget,
  learnBudget,
  pauseRequests,
  takeRequest,
} from '../../service/ingestion/budget.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { test as base, type TestDatabase } from '../support/database.ts'

const test = base.extend<{ budget: ReturnType<typeof openDatabase> }>({
  budget: async ({ db }, use) => {
    const database = open(db)
    await db.admin.query("insert into platforms (id, display_name) values ('strava', 'Strava')")
    await declareBudget(database, 'strava', [
      { name: 'quarter_hour', seconds: 900, quota: 10 },
      { name: 'day', seconds: 86_400, quota: 100 },
    ])
    await use(database)
    await database.close()
  },
})

function open(db: TestDatabase): ReturnType<typeof openDatabase> {
  return openDatabase({
    url: new Secret(db.serviceUrl),
    maxConnections: 10,
    applicationName: 'test',
    onIdleError: () => undefined,
  })
}

describe('the request budget of a platform', () => {
  test('ten callers at once get exactly the five that are left', async ({ db, budget }) => {
    await db.admin.query('update ops.request_budgets set used = quota - 5')
    // Held until all ten have come as far as they can: whoever looks before it locks then sees five left, ten times.
    const held = await db.admin.connect()
    await held.query('begin; select from ops.request_budgets for update')
    const answers = Promise.all(Array.from({ length: 10 }, () => takeRequest(budget, 'strava', 'interactive')))
    await new Promise((resolve) => setTimeout(resolve, 500))
    await held.query('commit')
    held.release()
    expect((await answers).filter((waitUntil) => waitUntil === undefined)).toHaveLength(5)
  })

  test('waits for an answer that is just being learnt from, and goes by what it says', async ({ db, budget }) => {
    const learning = await db.admin.connect()
    await learning.query('begin; update ops.request_budgets set used = quota')
    const answer = takeRequest(budget, 'strava', 'interactive')
    await new Promise((resolve) => setTimeout(resolve, 200))
    await learning.query('commit')
    learning.release()
    expect(await answer).toBeInstanceOf(Date)
  })

  test('leaves room for what is more urgent', async ({ budget }) => {
    for (let taken = 0; taken < 5; taken++) expect(await takeRequest(budget, 'strava', 'enrichment')).toBeUndefined()
    expect(await takeRequest(budget, 'strava', 'enrichment')).toBeInstanceOf(Date)
    expect(await takeRequest(budget, 'strava', 'history')).toBeUndefined()
  })

  test('keeps more the more urgent what waits is: people, webhooks, polls, history, details', async ({
    db,
    budget,
  }) => {
    await db.admin.query("update ops.request_budgets set quota = 100 where window_name = 'quarter_hour'")
    const admitted = async (used: number) => {
      const urgencies = ['interactive', 'webhook', 'polling', 'history', 'enrichment'] as const
      const answers: string[] = []
      for (const urgency of urgencies) {
        await db.admin.query("update ops.request_budgets set used = case window_name when 'day' then 0 else $1 end", [
          used,
        ])
        if ((await takeRequest(budget, 'strava', urgency)) === undefined) answers.push(urgency)
      }
      return answers.join(' ')
    }
    // Of a hundred: 50 for details, 80 for history, 90 for polls, 95 for webhooks, all for people.
    const used = [49, 50, 79, 80, 89, 90, 94, 95, 99, 100]
    const seen: string[] = []
    for (const one of used) seen.push(await admitted(one))
    const [all, four, three, two] = [
      'interactive webhook polling history enrichment',
      'interactive webhook polling history',
      'interactive webhook polling',
      'interactive webhook',
    ]
    expect(seen).toEqual([all, four, four, three, three, two, two, 'interactive', 'interactive', ''])
  })

  test('waits for the longer of two windows that are used up', async ({ db, budget }) => {
    await db.admin.query('update ops.request_budgets set used = quota')
    const waitUntil = await takeRequest(budget, 'strava', 'interactive')
    expect(waitUntil!.getTime() % 86_400_000).toBe(0)
  })

  test('is whole again in a window that begins, and that one ends when natural ones do', async ({ db, budget }) => {
    await db.admin.query('update ops.request_budgets set used = quota, resets_at = now()')
    expect(await takeRequest(budget, 'strava', 'interactive')).toBeUndefined()
    const { rows } = await db.admin.query<{ name: string; used: number; resets_at: Date }>(
      'select window_name as name, used, resets_at from ops.request_budgets order by 1',
    )
    expect(rows.map(({ name, used }) => [name, used])).toEqual([
      ['day', 1],
      ['quarter_hour', 1],
    ])
    expect(rows.map(({ resets_at: at }) => at.getTime() % 900_000)).toEqual([0, 0])
  })

  test('is not taken for emptier by a late answer, of when less was used', async ({ db, budget }) => {
    await db.admin.query("update ops.request_budgets set used = 9 where window_name = 'quarter_hour'")
    await learnBudget(budget, 'strava', {
      windows: [{ name: 'quarter_hour', quota: 20, used: 3 }],
      askedAt: new Date(),
    })
    const { rows } = await db.admin.query(
      "select quota, used from ops.request_budgets where window_name = 'quarter_hour'",
    )
    expect(rows).toEqual([{ quota: 20, used: 9 }])
  })

  test('names the start of the next natural quarter of an hour', async ({ budget }) => {
    await learnBudget(budget, 'strava', {
      windows: [{ name: 'quarter_hour', quota: 10, used: 10 }],
      askedAt: new Date(),
    })
    const waitUntil = await takeRequest(budget, 'strava', 'interactive')
    expect(waitUntil!.getTime() % 900_000).toBe(0)
    expect(waitUntil!.getTime()).toBeGreaterThan(Date.now())
  })

  test('learns a higher limit from headers', async ({ budget }) => {
    await learnBudget(budget, 'strava', {
      windows: [{ name: 'quarter_hour', quota: 200, used: 150 }],
      askedAt: new Date(),
    })
    expect(await takeRequest(budget, 'strava', 'history')).toBeUndefined()
  })

  test('does not take the usage of an earlier window for that of this one', async ({ budget }) => {
    const anHourAgo = new Date(Date.now() - 3_600_000)
    await learnBudget(budget, 'strava', {
      windows: [{ name: 'quarter_hour', quota: 10, used: 10 }],
      askedAt: anHourAgo,
    })
    expect(await takeRequest(budget, 'strava', 'interactive')).toBeUndefined()
  })

  test('is empty after a refusal, whatever was counted', async ({ db, budget }) => {
    const waitUntil = await exhaustBudget(budget, 'strava')
    expect(await takeRequest(budget, 'strava', 'interactive')).toEqual(waitUntil)
    // The shortest window alone: one refusal does not cost the day.
    expect(waitUntil.getTime() - Date.now()).toBeLessThan(900_001)
    const { rows } = await db.admin.query("select used from ops.request_budgets where window_name = 'day'")
    expect(rows).toEqual([{ used: 0 }])
  })

  test('is closed for as long as the platform asked, whatever was counted, and no longer', async ({ db, budget }) => {
    const until = await pauseRequests(budget, 'strava', { seconds: 60 })
    expect(await takeRequest(budget, 'strava', 'interactive')).toEqual(until)
    await db.admin.query("update ops.request_pauses set paused_until = now() - interval '1 ms'")
    expect(await takeRequest(budget, 'strava', 'interactive')).toBeUndefined()
  })

  test('keeps the longest of the pauses that were asked for', async ({ budget }) => {
    const until = await pauseRequests(budget, 'strava', { seconds: 60 })
    expect(await pauseRequests(budget, 'strava', { seconds: 5 })).toEqual(until)
    expect(await takeRequest(budget, 'strava', 'interactive')).toEqual(until)
  })
})
