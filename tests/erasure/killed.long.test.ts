import { createHash } from 'node:crypto'
import { describe, expect } from 'vitest'
import { erasePerson } from '../../service/compliance/erasure/erase-person.task.ts'
import { countPerson } from '../../service/compliance/erasure/purge-queries.ts'
import { findErasure } from '../../service/compliance/erasure/register-queries.ts'
import { withAccessToken } from '../../service/connections/with-access-token.ts'
import type { Database, Db, Tx } from '../../service/runtime/db.ts'
import { CANARY_PERSON, erasureOf, plantEverywhere, request, runErasure } from '../support/erasure-scene.ts'
import { ADA } from '../support/people.ts'
import { connect, testWithFew as test } from '../support/service.ts'

class Killed extends Error {}

/** As if the process died at its nth statement: that one is not sent, and what was not committed is gone. */
function dyingAt(db: Database, nth: number): { db: Database; statements: () => number } {
  let seen = 0
  const watch = <Inner extends Db>(inner: Inner): Inner => ({
    ...inner,
    query(query: Parameters<Db['query']>[0]) {
      seen += 1
      return seen >= nth ? Promise.reject(new Killed()) : inner.query(query)
    },
  })
  const transaction: Database['transaction'] = (work) => db.transaction((tx: Tx) => work(watch(tx)))
  return { db: { ...watch(db), transaction }, statements: () => seen }
}

describe('an erasure whose process dies', () => {
  test('at ten points spread over all its statements ends in the same state with one report', async ({
    service,
    db,
  }) => {
    await plantEverywhere(service, db)
    const services = erasureOf(service)
    const { requestId } = await request(services)
    // How many statements there are is only known at the end: the points are spread over what an undisturbed run of that size takes.
    const ends: string[] = []
    let kills = 0
    for (const nth of [2, 9, 23, 47, 71, 95, 119, 150, 180, 210]) {
      const dying = dyingAt(service.db, nth)
      try {
        await erasePerson.run({ erasureId: requestId }, { ...services, db: dying.db })
      } catch (error) {
        if (!(error instanceof Killed)) throw error
        kills += 1
      }
      ends.push((await findErasure(service.db, requestId))!.status)
    }
    const erasure = await runErasure(services, requestId)
    expect(erasure.status).toBe('complete')
    expect([...new Set(ends)]).toEqual(expect.arrayContaining(['requested', 'erasing']))
    expect(kills).toBeGreaterThanOrEqual(5)
    expect(await countPerson(service.db, CANARY_PERSON)).toEqual({})
    const { rows } = await db.admin.query<{ report: string }>('select report from erasures where report is not null')
    expect(rows).toHaveLength(1)
    const digest = createHash('sha256').update(rows[0]!.report).digest('hex')
    // Queued again by mistake, it changes nothing.
    await erasePerson.run({ erasureId: requestId }, services)
    const { rows: again } = await db.admin.query<{ report: string }>(
      'select report from erasures where report is not null',
    )
    expect(again.map(({ report }) => createHash('sha256').update(report).digest('hex'))).toEqual([digest])
    const report = JSON.parse(rows[0]!.report) as { stores: { store: string; before: number; after: number }[] }
    expect(report.stores.find(({ store }) => store === 'public.samples')).toMatchObject({ before: 3, after: 0 })
    expect((await db.admin.query("select from audit.events where action = 'erasure.completed'")).rowCount).toBe(1)
  })
})

describe('two workers at the last step', () => {
  test('sign one report', async ({ service, db }) => {
    await connect(service, { userId: ADA })
    const services = erasureOf(service)
    const { requestId } = await request(services, ADA)
    await runErasure(services, requestId)
    await db.admin.query("update erasures set status = 'confirming', report = null")
    await Promise.all([1, 2, 3].map(() => erasePerson.run({ erasureId: requestId }, services)))
    expect((await db.admin.query("select from audit.events where action = 'erasure.completed'")).rowCount).toBe(2)
  })
})

/** Calls `act` once, right before the first statement that begins so. */
function interrupted(db: Database, text: string, act: () => Promise<unknown>): Database {
  let done = false
  const watch = <Inner extends Db>(inner: Inner): Inner => ({
    ...inner,
    async query(query: Parameters<Db['query']>[0]) {
      if (!done && query.text.trimStart().startsWith(text)) {
        done = true
        await act()
      }
      return inner.query(query)
    },
  })
  return { ...watch(db), transaction: (work) => db.transaction((tx: Tx) => work(watch(tx))) }
}

describe('an erasure wins', () => {
  test('against a job that comes at the last moment, which is no failure', async ({ service, db }) => {
    await connect(service, { userId: ADA })
    const services = erasureOf(service)
    const late = () =>
      db.admin.query(`select graphile_worker.add_job('normalize_raw_data', json_build_object('userId', $1::text))`, [
        ADA,
      ])
    const { requestId } = await request(services, ADA)
    const crossed = { ...services, db: interrupted(service.db, 'delete from public.app_users', late) }
    expect(await erasePerson.run({ erasureId: requestId }, crossed)).toHaveProperty('runAgainAt')
    expect((await runErasure(services, requestId)).status).toBe('complete')
    expect(
      (await db.admin.query("select from graphile_worker._private_jobs where payload::text like '%userId%'")).rowCount,
    ).toBe(0)
  })

  test('against a refresh whose answer comes afterwards', async ({ service, db }) => {
    await connect(service, { userId: ADA })
    await db.admin.query(
      "update vault.tokens set access_expires_at = now() - interval '1 second', updated_at = now() - interval '1 hour'",
    )
    await service.simulate('POST', '/faults', { next: [{ match: '/oauth/token', latency_ms: 1500, count: 1 }] })
    const lent: string[] = []
    const borrowing = withAccessToken(
      service.connections,
      { userId: ADA, platform: 'strava' },
      async () => void lent.push('lent'),
    ).catch((error: Error) => error.message)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const services = erasureOf(service)
    const erasure = await runErasure(services, (await request(services, ADA)).requestId)
    expect(erasure.status).toBe('complete')
    expect(await borrowing).toMatch(/connection\/not_found|vault\/unreadable/)
    expect(lent).toEqual([])
    for (const table of ['app_users', 'connections', 'vault.tokens', 'vault.user_keys'])
      expect([table, (await db.admin.query(`select from ${table}`)).rowCount]).toEqual([table, 0])
    // What the platform granted meanwhile is given back.
    expect((await db.admin.query('select from vault.pending_revocations')).rowCount).toBe(0)
  })

  test('against a sync in the middle of its pages', async ({ service, db }) => {
    await connect(service, { userId: ADA })
    await service.simulate('POST', '/faults', { next: [{ match: '/athlete/activities', latency_ms: 600, count: 20 }] })
    const syncing = service.work().catch((error: Error) => error)
    await new Promise((resolve) => setTimeout(resolve, 250))
    const services = erasureOf(service)
    const erasure = await runErasure(services, (await request(services, ADA)).requestId)
    await syncing
    const again = await runErasure(services, erasure.id)
    expect(again.status).toBe('complete')
    for (const table of [
      'app_users',
      'raw_fitness_data',
      'activities',
      'sync_runs',
      'user_fitness_summary',
      'vault.tokens',
    ])
      expect([table, (await db.admin.query(`select from ${table}`)).rowCount]).toEqual([table, 0])
  })
})
