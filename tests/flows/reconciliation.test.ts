import { describe, expect } from 'vitest'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { planNight } from '../../service/ingestion/plan-reconciliations.task.ts'
import { bindActions } from '../../service/wire-actions.ts'
import { meet } from '../support/circle.ts'
import type { TestDatabase } from '../support/database.ts'
import { decide } from '../support/decide.ts'
import { normalizeAll } from '../support/garmin-scene.ts'
import { simulateMonth } from '../support/lossy-month.ts'
import { ADA, BELA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

const OPERATOR = { userId: '99999999-9999-4999-8999-999999999999', role: 'operator' }

function reconcile(service: TestService, userId = ADA) {
  const action = bindActions(service).find(({ name }) => name === 'reconcileUser')
  return action!.call({ userId }, OPERATOR) as Promise<
    { platform: string; reportId: string | null; reason: string | null }[]
  >
}

async function settle(service: TestService, db: TestDatabase): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await service.work()
    await normalizeAll(service, db)
    await db.admin.query('update graphile_worker._private_jobs set run_at = now() where run_at > now()')
  }
}

const report = async (db: TestDatabase) =>
  (await db.admin.query('select * from reconciliation_reports order by started_at desc limit 1')).rows[0]
const findings = async (db: TestDatabase, reportId: string) =>
  (
    await db.admin.query<{ kind: string; source_id: string; cause: string; state: string }>(
      'select kind, source_id, cause, state from reconciliation_findings where report_id = $1 order by 1, 2',
      [reportId],
    )
  ).rows

describe('a comparison with the platform', () => {
  test('finds every record whose webhook was lost in a month, repairs it and says why; the next one finds nothing', async ({
    db,
    service,
  }) => {
    const month = await simulateMonth(service, db, { activities: 30, seed: 1 })
    await settle(service, db)
    const [answer] = await reconcile(service)
    expect(answer).toMatchObject({ platform: 'strava', reason: null })
    await settle(service, db)
    const expected = [...month.lost].map(([id, kind]) => ({
      kind,
      source_id: id,
      cause: 'webhook_never_came',
      state: 'repaired',
    }))
    expect(await findings(db, answer!.reportId!)).toEqual(
      expected.toSorted((a, b) => a.kind.localeCompare(b.kind) || a.source_id.localeCompare(b.source_id)),
    )
    const count = (kind: string) => expected.filter((finding) => finding.kind === kind).length
    // Of 39 webhooks 8 were lost, and each kind of event among them.
    expect(['missing', 'changed', 'deleted'].map(count)).toEqual([4, 1, 3])
    expect(await report(db)).toMatchObject({
      status: 'complete',
      missing: 4,
      changed: 1,
      deleted: 3,
      repaired: 8,
      causes: { webhook_never_came: 8 },
    })
    expect(await month.differences()).toEqual([])
    await reconcile(service)
    await settle(service, db)
    expect(await report(db)).toMatchObject({ status: 'complete', missing: 0, changed: 0, deleted: 0, repaired: 0 })
    await month.close()
  })

  test('that is going on is answered to whoever asks again, and goes on when it would have', async ({
    db,
    service,
  }) => {
    await connect(service)
    const [first] = await reconcile(service)
    await db.admin.query(
      `update graphile_worker._private_jobs set run_at = '2040-01-01', attempts = 2 where key like 'reconcile_connection:%'`,
    )
    const [second] = await reconcile(service)
    expect(second!.reportId).toBe(first!.reportId)
    const { rows } = await db.admin.query(
      "select run_at, attempts from graphile_worker.jobs where task_identifier = 'reconcile_connection'",
    )
    expect(rows).toEqual([{ run_at: new Date('2040-01-01T00:00:00Z'), attempts: 2 }])
  })

  test('tells a delivery that failed, and one that nobody acted on, from one that never came', async ({
    db,
    service,
  }) => {
    const month = await simulateMonth(service, db, { activities: 6, seed: 2, loseEvery: 2 })
    await settle(service, db)
    const ids = [...month.lost.keys()]
    await db.admin.query(
      "insert into ops.failed_notices (user_id, platform, source_id, cause) values ($1, 'strava', $2, 'platform/refused')",
      [ADA, ids[0]],
    )
    await month.deliver(ids[1]!)
    await db.admin.query('delete from graphile_worker._private_jobs')
    const [answer] = await reconcile(service)
    await settle(service, db)
    const causes = Object.fromEntries(
      (await findings(db, answer!.reportId!)).map((found) => [found.source_id, found.cause]),
    )
    expect(causes).toEqual({
      [ids[0]!]: 'delivery_failed',
      [ids[1]!]: 'delivery_waiting',
      [ids[2]!]: 'webhook_never_came',
    })
    await month.close()
  })

  test('runs once at a time, and goes on after a page that failed', async ({ db, service }) => {
    const month = await simulateMonth(service, db, { activities: 4, seed: 0 })
    await settle(service, db)
    await service.simulate('POST', '/faults', { next: [{ match: '/athlete/activities', status: 500, count: 1 }] })
    // Many at once, and two nights that are planned at the same moment: still one.
    const asked = [1, 2, 3].map(() => reconcile(service))
    const planned = [1, 2].map(() => planNight.run({}, service.ingestion))
    const [[first]] = (await Promise.all([...asked, ...planned])) as [Awaited<(typeof asked)[0]>]
    await db.admin.query('update graphile_worker._private_jobs set run_at = now()')
    await service.work()
    expect((await db.admin.query('select distinct id from reconciliation_reports')).rows).toEqual([
      { id: first!.reportId },
    ])
    const [second] = await reconcile(service)
    expect(second!.reportId).toBe(first!.reportId)
    await settle(service, db)
    await settle(service, db)
    expect(await report(db)).toMatchObject({
      status: 'complete',
      missing: [...month.lost.values()].filter((k) => k === 'missing').length,
    })
    await month.close()
  })

  test('of somebody who withdraws their consent meanwhile does not wait in a circle with that', async ({
    db,
    service,
  }) => {
    await connect(service)
    await settle(service, db)
    await db.admin.query('delete from graphile_worker._private_jobs')
    // Something is missing, so that there is something to keep.
    await service.simulate('POST', '/activity', { athlete_id: 1 })
    await reconcile(service)
    expect(await meet({ db, service }, () => decide(service, { granted: false }))).toEqual([])
    expect(await report(db)).toMatchObject({ status: 'failed', listed: 0 })
  })

  test('names whom it cannot compare, and says where a platform has no list', async ({ db, service }) => {
    await expect(reconcile(service, BELA)).rejects.toThrow('connection/not_found')
    await connect(service, { platform: 'garmin', simulate: 'read_only', query: '&simulate_person=1' })
    expect(await reconcile(service)).toMatchObject([{ platform: 'garmin', reason: null }])
    expect(await report(db)).toMatchObject({
      platform: 'garmin',
      status: 'not_available',
      reason: 'no_list_to_compare',
    })
    await connect(service)
    await db.admin.query("update connections set status = 'needs_reauth' where platform = 'strava'")
    expect(await reconcile(service)).toMatchObject([
      { platform: 'garmin' },
      { platform: 'strava', reportId: null, reason: 'connection/reauth_required' },
    ])
  })
})

describe("the night's comparisons", () => {
  test('are each at a time of their own within two hours, and leave out who is gone', async ({ db, service }) => {
    await connect(service)
    await connect(service, { userId: BELA, query: '&simulate_athlete=2' })
    await service.work()
    await disconnectPlatform(service.connections, { userId: BELA, platform: 'strava' })
    await db.admin.query("select graphile_worker.add_job('plan_reconciliations', job_key => 'plan_reconciliations')")
    await service.work()
    const { rows } = await db.admin.query(`
      select key, run_at between now() - interval '1 minute' and now() + interval '2 hours' as in_time
      from graphile_worker.jobs where task_identifier = 'start_reconciliation'`)
    expect(rows).toEqual([{ key: `start_reconciliation:strava:${ADA}`, in_time: true }])
    await settle(service, db)
    expect(await report(db)).toMatchObject({ user_id: ADA, status: 'complete' })
  })
})
