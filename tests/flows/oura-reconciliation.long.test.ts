import { describe, expect } from 'vitest'
import { reconcileUser } from '../../service/ingestion/reconcile-user.ts'
import type { TestDatabase } from '../support/database.ts'
import { normalizeAll, OURA, told } from '../support/oura-scene.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

/** Compared, repaired and read. Answers the report and its findings. */
async function compare(service: TestService, db: TestDatabase) {
  const [begun] = await reconcileUser(service.ingestion, { userId: ADA, platform: OURA, askedBy: 'operator' })
  await service.work()
  await normalizeAll(service, db)
  const report = await db.admin.query('select * from reconciliation_reports where id = $1', [begun!.reportId])
  const findings = await db.admin.query<{ kind: string; data_type: string; source_id: string; state: string }>(
    'select kind, data_type, source_id, state from reconciliation_findings where report_id = $1 order by data_type, kind',
    [begun!.reportId],
  )
  return { report: report.rows[0] as Record<string, unknown>, findings: findings.rows }
}

const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10)
const within = { from: day(20), to: day(10) }

describe('a comparison with Oura', () => {
  test('finds sleep, workouts and the numbers of days that are missing, different or deleted, and repairs them', async ({
    db,
    service,
  }) => {
    await connect(service, { platform: OURA, query: '&simulate_person=1' })
    // No history: everything of the last thirty days is missing.
    await db.admin.query("update sync_runs set status = 'cancelled', finished_at = now() where platform = 'oura'")
    const first = await compare(service, db)
    expect(first.report).toMatchObject({
      status: 'complete',
      changed: 0,
      deleted: 0,
      not_compared: ['heartrate'],
    })
    const nights = await told(service, 'sleep', within)
    const listed = (list: string) =>
      first.findings.filter(({ data_type: type, kind }) => type === list && kind === 'missing')
    const ids = new Set(listed('sleep').map(({ source_id: id }) => id))
    expect(nights.map(({ id }) => String(id)).filter((id) => !ids.has(id))).toEqual([])
    expect(listed('daily_activity').map(({ source_id: id }) => id)).toContain(`daily_activity:${within.from}`)

    // What was repaired is not found again.
    const second = await compare(service, db)
    expect(second.findings).toEqual([])

    // Nobody tells of it: no door is open to notices here.
    const [changed, deleted, lost] = nights.map(({ id }) => String(id))
    const [workout] = await told(service, 'workout', within)
    const [steps] = await told(service, 'daily_activity', within)
    await service.simulateAt(OURA)('PATCH', `/people/1/sleep/${changed}`, { total_sleep_duration: 4321 })
    await service.simulateAt(OURA)('DELETE', `/people/1/sleep/${deleted}`)
    await service.simulateAt(OURA)('DELETE', `/people/1/workout/${String(workout!['id'])}`)
    await service.simulateAt(OURA)('PATCH', `/people/1/daily_activity/${String(steps!['id'])}`, { steps: 12_345 })
    await db.admin.query('delete from sleep_sessions where source_id = $1', [lost])
    const third = await compare(service, db)
    expect(third.findings).toEqual([
      {
        kind: 'changed',
        data_type: 'daily_activity',
        source_id: `daily_activity:${String(steps!['day'])}`,
        state: 'repaired',
      },
      { kind: 'changed', data_type: 'sleep', source_id: changed, state: 'repaired' },
      { kind: 'deleted', data_type: 'sleep', source_id: deleted, state: 'repaired' },
      { kind: 'missing', data_type: 'sleep', source_id: lost, state: 'repaired' },
      { kind: 'deleted', data_type: 'workout', source_id: String(workout!['id']), state: 'repaired' },
    ])
    const { rows } = await db.admin.query(
      `select
        (select asleep_s from sleep_sessions where source_id = $1) as changed,
        (select count(*)::int from sleep_sessions where source_id = $2) as deleted,
        (select count(*)::int from sleep_sessions where source_id = $3) as lost,
        (select count(*)::int from activities where source_id = $4) as workouts,
        (select value::int from daily_metrics where kind = 'steps' and local_day = $5) as steps`,
      [changed, deleted, lost, workout!['id'], steps!['day']],
    )
    expect(rows).toEqual([{ changed: 4321, deleted: 0, lost: 1, workouts: 0, steps: 12_345 }])
    expect((await compare(service, db)).findings).toEqual([])
  })
})
