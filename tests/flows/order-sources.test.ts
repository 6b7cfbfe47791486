import { describe, expect } from 'vitest'
import { bindActions } from '../../service/wire-actions.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA, BELA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

/** As Hasura would call it. */
function order(service: TestService, input: object, userId = ADA): Promise<unknown> {
  const action = bindActions(service).find(({ name }) => name === 'orderSources')
  if (action === undefined) throw new Error('no such action')
  return action.call(input, { userId, role: 'user' })
}

async function prepare(db: TestDatabase): Promise<void> {
  await db.admin.query(
    "insert into platforms (id, display_name) values ('garmin', ''), ('oura', '') on conflict do nothing",
  )
  for (const userId of [ADA, BELA]) {
    await db.admin.query('insert into app_users (user_id) values ($1)', [userId])
    await db.admin.query(
      `insert into daily_metrics (user_id, local_day, platform, kind, value, observed_at) values
       ($1, '2026-03-01', 'garmin', 'steps', 9000, now()), ($1, '2026-03-01', 'oura', 'steps', 8000, now())`,
      [userId],
    )
    await db.admin.query("select ops.rebuild_daily_summaries($1, '{2026-03-01}')", [userId])
  }
}

const steps = async (db: TestDatabase) =>
  (await db.admin.query('select steps::integer from daily_summaries order by user_id')).rows.map((row) => row.steps)

describe("a person's order of devices", () => {
  test.for([
    ['a metric that is not there', { kind: 'mood', sources: [] }, 'summaries/unknown_kind'],
    ['a platform that is not there', { sources: [{ platform: 'acme' }] }, 'platform/unknown'],
    [
      'a source named twice',
      { sources: [{ platform: 'oura' }, { platform: 'oura', source: null }] },
      'request/malformed',
    ],
  ] as const)('is refused with %s', async ([, input, code], { db, service }) => {
    await prepare(db)
    await expect(order(service, input)).rejects.toThrow(code)
    expect((await db.admin.query('select from source_priorities')).rowCount).toBe(0)
  })

  test('has all their days merged again, theirs alone, until they take it back', async ({ db, service }) => {
    await prepare(db)
    const sweep = async () => {
      do {
        await db.service.query("select graphile_worker.add_job('sweep_rebuilds', '{}')")
        await service.work()
      } while ((await db.admin.query('select from ops.summary_rebuilds')).rowCount! > 0)
    }
    expect(await steps(db)).toEqual([9000, 9000])
    expect(await order(service, { kind: 'steps', sources: [{ platform: 'oura' }, { platform: 'garmin' }] })).toEqual({
      kind: 'steps',
      sources: 2,
    })
    const { rows } = await db.admin.query('select user_id, local_day::text from ops.summary_rebuilds')
    expect(rows).toEqual([{ user_id: ADA, local_day: '2026-03-01' }])
    await sweep()
    expect(await steps(db)).toEqual([8000, 9000])
    await order(service, { kind: 'steps', sources: [{ platform: 'strava' }, { platform: 'garmin' }] })
    await order(service, { sources: [{ platform: 'oura' }] })
    await sweep()
    expect(await steps(db)).toEqual([9000, 9000])
    await order(service, { kind: 'steps', sources: [] })
    await sweep()
    expect(await steps(db)).toEqual([8000, 9000])
  })
})
