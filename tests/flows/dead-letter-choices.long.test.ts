import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { bindAction } from '../../service/api/bind-action.ts'
import { discardDeadLettersAction, retryDeadLettersAction } from '../../service/api/resolve-dead-letters.action.ts'
import { reviveDueLetters } from '../../service/failures/revive-dead-letters.task.ts'
import { AppError } from '../../service/runtime/errors.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA, BELA } from '../support/people.ts'
import { testWithFew as test } from '../support/service.ts'
import { tryIt as scene } from '../support/try-it.ts'

const OPERATOR = { userId: randomUUID(), role: 'operator' }
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000)

interface Letter {
  readonly task: string
  readonly platform: string
  readonly cause: string
  readonly userId: string
  readonly diedAt: Date
}
const OLD: Letter = { task: 'one', platform: 'strava', cause: 'platform/refused', userId: ADA, diedAt: ago(120) }
const NEW: Letter = { task: 'two', platform: 'garmin', cause: 'job/worker_lost', userId: BELA, diedAt: ago(60) }

async function plant({ admin }: TestDatabase, letters: readonly Letter[]): Promise<void> {
  await admin.query('insert into app_users (user_id) values ($1), ($2) on conflict do nothing', [ADA, BELA])
  for (const { task, platform, cause, userId, diedAt } of letters)
    await admin.query(
      `with letter as (
         insert into dead_letters (user_id, platform, task, cause, attempts, queued_at, died_at) values ($1, $2, $3, $4, 1, $5, $5) returning id)
       insert into ops.dead_jobs (dead_letter_id, task, job_key, payload, priority, max_attempts) select id, $3, $3 || id, '{}', 0, 3 from letter`,
      [userId, platform, task, cause, diedAt],
    )
}

const waiting = async ({ admin }: TestDatabase) =>
  (await admin.query<{ task: string }>("select task from dead_letters where state = 'waiting' order by task")).rows.map(
    ({ task }) => task,
  )

describe('dead letters that are chosen', () => {
  test.for([
    ['task', { task: 'one' }],
    ['platform', { platform: 'strava' }],
    ['cause', { cause: 'platform/refused' }],
    ['person', { userId: ADA }],
    ['the time before which they died', { diedBefore: ago(90).toISOString() }],
  ] as const)('by %s are these and no others', async ([, filter], { db, service }) => {
    await plant(db, [OLD, NEW])
    expect(await bindAction(discardDeadLettersAction, service).call({ filter }, OPERATOR)).toMatchObject({ changed: 1 })
    expect(await waiting(db)).toEqual(['two'])
  })

  test('by a range of time are those that died in it', async ({ db, service }) => {
    await plant(db, [OLD, { ...NEW, task: 'middle', diedAt: ago(90) }, NEW])
    const filter = { diedFrom: ago(100).toISOString(), diedBefore: ago(80).toISOString() }
    expect(await bindAction(retryDeadLettersAction, service).call({ filter }, OPERATOR)).toMatchObject({ changed: 1 })
    expect(await waiting(db)).toEqual(['one', 'two'])
  })

  test('by all that is given have to fit all of it', async ({ db, service }) => {
    await plant(db, [OLD, NEW])
    const filter = { task: 'one', platform: 'garmin' }
    expect(await bindAction(discardDeadLettersAction, service).call({ filter }, OPERATOR)).toMatchObject({ changed: 0 })
  })

  test('beyond a thousand are left for the next call, which is told', async ({ db, service }) => {
    await plant(db, [OLD])
    await db.admin.query(`
      insert into dead_letters (task, cause, attempts, queued_at) select 'one', 'job/worker_lost', 1, now() from generate_series(1, 1000)`)
    const discard = () => bindAction(discardDeadLettersAction, service).call({ filter: { task: 'one' } }, OPERATOR)
    expect(await discard()).toEqual({ changed: 1000, skipped: 0, more: true })
    expect(await discard()).toEqual({ changed: 1, skipped: 0, more: false })
  })
})

describe('a job whose dead letter was discarded', () => {
  test('and that is queued and dies again has another', async ({ service }) => {
    const { does, queue, work, letters } = scene(service)
    does(async () => Promise.reject(new AppError('platform/refused')))
    await queue({ userId: ADA })
    await work()
    const [first] = await letters()
    await bindAction(discardDeadLettersAction, service).call({ ids: [first.id] }, OPERATOR)
    await queue({ userId: ADA })
    await work()
    expect(await letters()).toMatchObject([
      { id: first.id, state: 'discarded', deaths: 1 },
      { state: 'waiting', deaths: 1 },
    ])
  })
})

describe('dead letters that were dealt with', () => {
  test('are deleted after ninety days, those that wait never', async ({ db, service }) => {
    await plant(db, [
      { ...OLD, task: 'dealt with long ago' },
      { ...OLD, task: 'dealt with lately' },
      { ...OLD, task: 'waits', diedAt: ago(200 * 24 * 60) },
    ])
    await db.admin.query(`
      update dead_letters set state = 'discarded', resolved_at = now() - interval '91 days' where task = 'dealt with long ago';
      update dead_letters set state = 'discarded', resolved_at = now() - interval '89 days' where task = 'dealt with lately'`)
    await reviveDueLetters.run({}, service)
    const { rows } = await db.admin.query('select task from dead_letters order by task')
    expect(rows).toEqual([{ task: 'dealt with lately' }, { task: 'waits' }])
  })
})

describe('a dead letter that is retried', () => {
  const RUN = '33333333-3333-4333-8333-333333333333'

  test.for([
    ['another run of its kind goes on', 'active', 'running'],
    ['the connection has ended', 'disconnected', 'complete'],
  ] as const)('leaves its run as it ended where %s', async ([, status, other], { db, service }) => {
    const { does, queue, work, letters } = scene(service)
    await plant(db, [])
    await db.admin.query(
      `insert into connections (user_id, platform, status, platform_user_id) values ($1, 'strava', $2, '1')`,
      [ADA, status],
    )
    const run = `insert into sync_runs (user_id, id, platform, kind, since, until, reached, status, finished_at)
      values ($1, $2, 'strava', 'history', now(), now(), now(), $3, case when $3 <> 'running' then now() end)`
    await db.admin.query(run, [ADA, RUN, 'running'])
    does(async () => Promise.reject(new AppError('platform/refused')))
    await queue({ userId: ADA, runId: RUN })
    await work()
    await db.admin.query(run, [ADA, randomUUID(), other])
    const [letter] = await letters()
    // The run was of Strava, which the payload does not say.
    expect(letter).toMatchObject({ platform: 'strava' })
    await bindAction(retryDeadLettersAction, service).call({ ids: [letter.id] }, OPERATOR)
    const { rows } = await db.admin.query('select status from sync_runs where id = $1', [RUN])
    expect(rows).toEqual([{ status: 'failed' }])
  })

  test('takes the address that was to be fetched along, there and back', async ({ db, service }) => {
    const { does, queue, work, letters } = scene(service)
    await plant(db, [])
    await db.admin.query(
      `insert into ops.callbacks (user_id, id, platform, data_type, url_sealed, url_digest, delivery_id)
       values ($1, $2, 'garmin', 'dailies', '', '', gen_random_uuid())`,
      [ADA, RUN],
    )
    const callback = async () => (await db.admin.query('select state, outcome from ops.callbacks')).rows
    does(async () => Promise.reject(new AppError('platform/refused')))
    await queue({ userId: ADA, callbackId: RUN })
    await work()
    expect(await callback()).toEqual([{ state: 'failed', outcome: 'platform/refused' }])
    const [letter] = await letters()
    await bindAction(retryDeadLettersAction, service).call({ ids: [letter.id] }, OPERATOR)
    expect(await callback()).toEqual([{ state: 'waiting', outcome: null }])
  })
})
