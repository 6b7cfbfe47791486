import { describe, expect } from 'vitest'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { bindActions } from '../../service/wire-actions.ts'
import { meet } from '../support/circle.ts'
import type { TestDatabase } from '../support/database.ts'
import { decide } from '../support/decide.ts'
import { allowRequests, listRequests, runsOf, servedIds, storedIds, testWithPages } from '../support/long-history.ts'
import { ADA, BELA } from '../support/people.ts'
import { connect, type TestService } from '../support/service.ts'

const PAGES = 6
const test = testWithPages(PAGES)
/** Each page begins with the last of the one before; what is left over is a page, its last one alone is one, and an empty one ends it. */
const ALL_REQUESTS = PAGES + 3

const OPERATOR = '99999999-9999-4999-8999-999999999999'

interface Call extends Readonly<Record<string, unknown>> {
  readonly by?: { readonly userId: string; readonly role: string }
}

/** As Hasura would call it. */
function act(service: TestService, name: string, { by = { userId: ADA, role: 'user' }, ...input }: Call) {
  const action = bindActions(service).find((candidate) => candidate.name === name)
  if (action === undefined) throw new Error('no such action')
  return action.call(input, by)
}

/** So many pages arrive, then the request limit is reached. */
async function importPages(db: TestDatabase, service: TestService, pages: number): Promise<void> {
  await connect(service)
  await allowRequests(db, pages)
  await service.work()
  expect(await runsOf(db, 'history')).toMatchObject([{ status: 'running', pages_fetched: pages }])
}

async function finish(db: TestDatabase, service: TestService): Promise<void> {
  await allowRequests(db, 10_000)
  await service.work()
}

describe('a sync run', () => {
  test('of a person is cancelled by nobody else', async ({ db, service }) => {
    await importPages(db, service, 2)
    const [run] = await runsOf(db, 'history')
    await expect(act(service, 'cancelSync', { runId: run!['id'], by: { userId: BELA, role: 'user' } })).rejects.toThrow(
      'sync/run_not_found',
    )
    expect(await runsOf(db, 'history')).toMatchObject([{ status: 'running' }])
  })

  test('that is cancelled asks for no further page and says what it has', async ({ db, service }) => {
    await importPages(db, service, 2)
    const [run] = await runsOf(db, 'history')
    expect(await act(service, 'cancelSync', { runId: run!['id'] })).toEqual({
      syncRunId: run!['id'],
      status: 'cancelled',
    })
    const before = await listRequests(service)
    await finish(db, service)
    expect(await listRequests(service)).toBe(before)
    expect(await runsOf(db, 'history')).toMatchObject([
      {
        status: 'cancelled',
        results: expect.arrayContaining([
          { data_type: 'sleep_sessions', outcome: 'not_available', records: 0, reason: 'not_at_this_platform' },
          { data_type: 'activity_list', outcome: 'partial', records: 399, reason: 'cancelled' },
        ]),
      },
    ])
    expect(await act(service, 'cancelSync', { runId: run!['id'] })).toMatchObject({ status: 'cancelled' })
  })

  test('that is cancelled while a page is on its way does not keep the page', async ({ db, service }) => {
    await importPages(db, service, 2)
    const [run] = await runsOf(db, 'history')
    await service.simulate('POST', '/faults', { next: [{ match: '/athlete/activities', latency_ms: 400, count: 1 }] })
    await allowRequests(db, 10_000)
    const working = service.work()
    await new Promise((resolve) => setTimeout(resolve, 150))
    await act(service, 'cancelSync', { runId: run!['id'] })
    await working
    expect(await runsOf(db, 'history')).toMatchObject([{ status: 'cancelled', pages_fetched: 2 }])
    expect(new Set(await storedIds(db)).size).toBe(399)
  })

  test('goes on after a page that failed, with no gap and no repetition but the overlap of a second', async ({
    db,
    service,
  }) => {
    await importPages(db, service, 3)
    await service.simulate('POST', '/faults', { next: [{ match: '/athlete/activities', status: 500, count: 2 }] })
    for (let attempt = 0; attempt < 3; attempt += 1) await finish(db, service)
    expect(await runsOf(db, 'history')).toMatchObject([{ status: 'complete' }])
    const [stored, served] = [await storedIds(db), await servedIds(service)]
    expect(new Set(stored)).toEqual(new Set(served))
    expect(stored.length - served.length).toBe(PAGES)
  })

  test('reads a list that changes meanwhile without losing any of it', async ({ db, service }) => {
    await importPages(db, service, 2)
    const before = await servedIds(service)
    // One that was read and one that was not are deleted, and a new one begins the list: every place moves.
    await service.simulate('DELETE', `/activity/${before[10]}`)
    await service.simulate('DELETE', `/activity/${before[700]}`)
    await service.simulate('POST', '/activity', { athlete_id: 1 })
    await finish(db, service)
    expect(await runsOf(db, 'history')).toMatchObject([{ status: 'complete' }])
    const stored = new Set(await storedIds(db))
    const remaining = before.filter((_, index) => index !== 10 && index !== 700)
    expect(remaining.filter((id) => !stored.has(id))).toEqual([])
    expect(stored.has(before[700]!)).toBe(false)
  })
})

describe('a reconnect', () => {
  test('asks for the gap alone, and for everything once the data is gone', async ({ db, service }) => {
    await connect(service)
    await finish(db, service)
    await disconnectPlatform(service.connections, { userId: ADA, platform: 'strava' })
    await service.work()
    const first = await listRequests(service)
    await connect(service, { query: '&simulate_athlete=1' })
    await finish(db, service)
    expect((await listRequests(service)) - first).toBe(2)
    await disconnectPlatform(service.connections, { userId: ADA, platform: 'strava' })
    await db.admin.query("update connections set disconnected_at = now() - interval '31 days'")
    await db.admin.query("select ops.enforce_policy($1, 'strava')", [ADA])
    const second = await listRequests(service)
    await connect(service, { query: '&simulate_athlete=1' })
    await finish(db, service)
    expect((await listRequests(service)) - second).toBe(ALL_REQUESTS)
  })

  test('of another account asks for everything', async ({ db, service }) => {
    await connect(service)
    await finish(db, service)
    await disconnectPlatform(service.connections, { userId: ADA, platform: 'strava' })
    const before = await listRequests(service)
    await connect(service, { query: '&simulate_athlete=2' })
    await finish(db, service)
    expect((await listRequests(service)) - before).toBe(ALL_REQUESTS)
  })
})

describe('asking for a sync', () => {
  test.for([0, 101, 1.5])('of %s years is refused', async (years, { service }) => {
    await expect(act(service, 'importHistory', { platform: 'strava', years })).rejects.toThrow('request/malformed')
  })

  test('of one year after a cancelled import reads what that had not', async ({ db, service }) => {
    await importPages(db, service, 2)
    const [run] = await runsOf(db, 'history')
    await act(service, 'cancelSync', { runId: run!['id'] })
    await finish(db, service)
    const before = await listRequests(service)
    await act(service, 'importHistory', { platform: 'strava', years: 1 })
    await finish(db, service)
    const runs = await runsOf(db, 'history')
    expect(runs.at(-1)).toMatchObject({ status: 'complete', asked_by: 'person' })
    expect((await listRequests(service)) - before).toBeLessThan(ALL_REQUESTS)
    expect(new Set(await storedIds(db))).toEqual(new Set(await servedIds(service)))
  })

  test.for([
    ['more history', (service: TestService) => act(service, 'importHistory', { platform: 'strava', years: 1 })],
    ['an end', (service: TestService) => disconnectPlatform(service.connections, { userId: ADA, platform: 'strava' })],
    ['nothing more', (service: TestService) => decide(service, { granted: false })],
  ] as const)(
    'for %s while a page is being kept waits for it, and not both for each other',
    async ([, ask], { db, service }) => {
      await connect(service)
      expect(await meet({ db, service }, () => ask(service))).toEqual([])
      expect(
        (await db.admin.query("select from sync_runs where status = 'failed' or error_code = 'internal/unexpected'"))
          .rowCount,
      ).toBe(0)
    },
  )

  test('for many people names those who cannot be synced', async ({ db, service }) => {
    await connect(service)
    await finish(db, service)
    const by = { userId: OPERATOR, role: 'operator' }
    const answer = await act(service, 'batchSync', { userIds: [ADA, BELA, ADA], platform: 'strava', by })
    expect(answer).toEqual({ started: 1, rejected: [{ userId: BELA, reason: 'connection/not_found' }] })
    await finish(db, service)
    expect(await runsOf(db, 'incremental')).toMatchObject([
      { status: 'complete', asked_by: 'operator', pages_fetched: 1 },
    ])
    await expect(act(service, 'batchSync', { userIds: [ADA], platform: 'nowhere', by })).rejects.toThrow(
      'platform/unknown',
    )
  })

  test('looks back from the last complete look, whatever webhooks came since', async ({ db, service }) => {
    await connect(service)
    await finish(db, service)
    await db.admin.query(`
      update connections set synced_through = now() - interval '40 days', last_synced_at = now(), last_webhook_at = now()`)
    await act(service, 'syncNow', { platform: 'strava' })
    await finish(db, service)
    const [run] = await runsOf(db, 'incremental')
    const days = (Date.now() - (run!['since'] as Date).getTime()) / 86_400_000
    expect(Math.round(days)).toBe(54)
    const { rows } = await db.admin.query(
      "select synced_through > now() - interval '1 minute' as recent from connections",
    )
    expect(rows).toEqual([{ recent: true }])
  })
})
