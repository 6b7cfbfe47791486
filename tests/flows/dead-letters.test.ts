import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { bindAction } from '../../service/api/bind-action.ts'
import { discardDeadLettersAction, retryDeadLettersAction } from '../../service/api/resolve-dead-letters.action.ts'
import { reviveDueLetters } from '../../service/failures/revive-dead-letters.task.ts'
import { AppError } from '../../service/runtime/errors.ts'
import { plainTracer, runInTrace } from '../../service/runtime/trace.ts'
import { buryLost, startHeartbeat } from '../../service/runtime/worker-heartbeat.ts'
import { ADA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'
import { tryIt as scene } from '../support/try-it.ts'

const OPERATOR = { userId: randomUUID(), role: 'operator' }
const RUN = '33333333-3333-4333-8333-333333333333'

const fail = async (): Promise<never> => {
  throw new TypeError('resting heart rate 47')
}
async function person({ db }: TestService): Promise<void> {
  await db.pool.query('insert into public.app_users (user_id) values ($1)', [ADA])
}

describe('a job that fails', () => {
  test('is repeated after about 2, then 4 seconds, and ends in dead_letters with its cause and a redacted payload', async ({
    service,
  }) => {
    const { does, queue, work, jobs, letters, dead } = scene(service)
    await person(service)
    does(fail)
    await queue({ userId: ADA, note: 'resting heart rate 47', bpm: 47, platform: 'strava' })
    for (const seconds of [2, 4]) {
      await work()
      const [job] = await jobs()
      expect(job).toMatchObject({ last_error: 'internal/unexpected', locked_by: null })
      expect(job.wait).toBeGreaterThan(seconds * 0.75 - 1)
      expect(job.wait).toBeLessThan(seconds * 1.25 + 0.1)
      expect(await letters()).toEqual([])
    }
    await work()
    expect(await jobs()).toEqual([])
    expect(await letters()).toMatchObject([
      {
        task: 'try_it',
        user_id: ADA,
        platform: 'strava',
        cause: 'internal/unexpected',
        attempts: 3,
        deaths: 1,
        state: 'waiting',
        payload: { userId: ADA, note: '[redacted]', bpm: '[redacted]', platform: 'strava' },
      },
    ])
    expect(dead).toEqual([{ task: 'try_it', cause: 'internal/unexpected' }])
  })

  test('keeps in dead_letters by which chain of work it was queued', async ({ service }) => {
    const { does, queue, work, letters } = scene(service)
    does(async () => Promise.reject(new AppError('platform/unexpected_payload')))
    const context = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: false }
    await runInTrace({ context, requestId: 'r-1', tracer: plainTracer }, () => queue({ userId: ADA }))
    await work()
    expect(await letters()).toMatchObject([{ trace_id: context.traceId, payload: { userId: ADA } }])
    expect((await letters())[0]).not.toHaveProperty('payload._trace')
  })

  test('for good at the first attempt waits for somebody; one that may mend goes back by itself after a minute', async ({
    service,
  }) => {
    const { does, queue, work, letters, admin } = scene(service)
    does(async () => Promise.reject(new AppError('platform/unexpected_payload')))
    await queue({ userId: ADA })
    await work()
    expect(await letters()).toMatchObject([
      { cause: 'platform/unexpected_payload', attempts: 1, retry_at: null, user_id: null },
    ])
    does(async () => Promise.reject(new AppError('platform/unavailable')))
    const other = randomUUID()
    await queue({ userId: other })
    for (let attempt = 0; attempt < 3; attempt += 1) await work()
    const { rows } = await admin(
      `select extract(epoch from retry_at - died_at)::int as seconds from dead_letters where cause = 'platform/unavailable'`,
    )
    expect(rows).toEqual([{ seconds: 60 }])
  })

  test.for(['connection/reauth_required', 'connection/not_found', 'consent/required'] as const)(
    'because of what its person did or has to do (%s) ends without a dead letter, and is counted',
    async (code, { service }) => {
      const { does, queue, work, letters, jobs, outcomes } = scene(service)
      does(async () => Promise.reject(new AppError(code)))
      await queue({ userId: ADA })
      await work()
      expect([await letters(), await jobs()]).toEqual([[], []])
      expect(outcomes).toEqual(['ended'])
    },
  )

  test('because its payload is not what its task reads is dead at once', async ({ service }) => {
    const { work, letters, runs } = scene(service)
    await service.db.pool.query(
      `select graphile_worker.add_job('try_it', '{"userId":"nobody"}', job_key => 'try_it:nobody')`,
    )
    await work()
    expect(await letters()).toMatchObject([
      { cause: 'job/payload_not_valid', attempts: 1, payload: { userId: '[redacted]' } },
    ])
    expect(runs()).toBe(0)
  })
})

describe('a job that has to wait', () => {
  test.for([
    ['because its task says so', async () => ({ runAgainAt: new Date(Date.now() + 60_000) })],
    ['for a platform that limits', async () => Promise.reject(new AppError('platform/rate_limited'))],
    ['for a platform that is left alone', async () => Promise.reject(new AppError('platform/paused'))],
    ['for a refresh elsewhere', async () => Promise.reject(new AppError('connection/refresh_busy'))],
  ] as const)('%s burns no attempt', async ([, act], { service }) => {
    const { does, queue, work, jobs, letters, runs } = scene(service)
    does(act)
    await queue({ userId: ADA })
    for (let time = 0; time < 5; time += 1) await work()
    expect(runs()).toBe(5)
    expect(await letters()).toEqual([])
    const [job] = await jobs()
    expect(job).toMatchObject({ attempts: 0, locked_by: null })
    expect(job.wait).toBeGreaterThan(10)
  })
})

describe('a job that was queued anew while it ran', () => {
  test.for(['fails', 'waits'] as const)('leaves its place to the newer one when it %s', async (how, { service }) => {
    const { does, queue, work, jobs, letters, runs } = scene(service)
    does(async () => {
      does(async () => undefined)
      await queue({ userId: ADA })
      return how === 'fails' ? fail() : { runAgainAt: new Date(Date.now() + 60_000) }
    })
    await queue({ userId: ADA })
    await work()
    await work()
    expect(runs()).toBe(2)
    expect([await jobs(), await letters()]).toEqual([[], []])
  })
})

describe('a job whose worker is gone', () => {
  test('after its last attempt is found and buried, and one that was queued anew meanwhile is forgotten', async ({
    service,
  }) => {
    const { queue, letters, jobs, admin } = scene(service)
    await queue({ userId: ADA })
    await admin('update graphile_worker._private_jobs set attempts = max_attempts')
    await queue({ userId: randomUUID() })
    await admin(`update graphile_worker._private_jobs set attempts = max_attempts, key = null where attempts = 0`)
    expect(await buryLost(service.db, service.log)).toBe(1)
    expect(await letters()).toMatchObject([{ cause: 'job/worker_lost', attempts: 3 }])
    expect(await jobs()).toEqual([])
  })

  test('is found by the heartbeat of any worker that is left', async ({ service }) => {
    const { queue, letters, admin } = scene(service)
    await queue({ userId: ADA })
    await admin('update graphile_worker._private_jobs set attempts = max_attempts')
    const heartbeat = startHeartbeat({ db: service.db, log: service.log, poolId: 'another' })
    await heartbeat.stop()
    expect(await letters()).toMatchObject([{ cause: 'job/worker_lost' }])
  })

  test('is not touched by that worker any more when another holds it', async ({ service }) => {
    const { does, queue, work, jobs, letters, admin } = scene(service)
    await queue({ userId: ADA })
    does(async () => {
      await admin(`update graphile_worker._private_jobs set locked_by = 'another', attempts = max_attempts`)
      return fail()
    })
    await work()
    expect(await letters()).toEqual([])
    expect(await jobs()).toMatchObject([{ locked_by: 'another' }])
  })
})

describe('dead letters', () => {
  test('are retried with the run they ended, die again as the same letter, and are discarded for good', async ({
    service,
  }) => {
    const { does, queue, work, jobs, letters, admin } = scene(service)
    await person(service)
    await admin(
      `insert into public.sync_runs (user_id, id, platform, kind, since, until, reached, results)
       values ($1, $2, 'strava', 'history', now(), now(), now(), '[{"data_type": "activities", "outcome": "running", "records": 3, "reason": null}]')`,
      [ADA, RUN],
    )
    await admin(
      `insert into public.connections (user_id, platform, status, platform_user_id, connected_at) values ($1, 'strava', 'active', '1', now())`,
      [ADA],
    )
    const run = async () => (await admin('select status, error_code from public.sync_runs')).rows
    const result = async () => (await admin('select results -> 0 as result from public.sync_runs')).rows[0].result
    does(async () => Promise.reject(new AppError('platform/unexpected_payload')))
    await queue({ userId: ADA, runId: RUN })
    await work()
    expect(await run()).toEqual([{ status: 'failed', error_code: 'platform/unexpected_payload' }])
    expect(await result()).toMatchObject({ outcome: 'partial', reason: 'platform/unexpected_payload', records: 3 })
    const [letter] = await letters()
    const retry = bindAction(retryDeadLettersAction, service)
    const discard = bindAction(discardDeadLettersAction, service)
    expect(await retry.call({ ids: [letter.id, randomUUID()] }, OPERATOR)).toEqual({
      changed: 1,
      skipped: 1,
      more: false,
    })
    expect(await run()).toEqual([{ status: 'running', error_code: null }])
    expect(await result()).toMatchObject({ outcome: 'running', reason: null, records: 3 })
    expect(await jobs()).toMatchObject([{ attempts: 0 }])
    expect(await retry.call({ ids: [letter.id] }, OPERATOR)).toEqual({ changed: 0, skipped: 1, more: false })
    await work()
    expect(await letters()).toMatchObject([{ id: letter.id, state: 'waiting', deaths: 2, attempts: 2 }])
    expect(await discard.call({ filter: { task: 'try_it', platform: 'strava' } }, OPERATOR)).toEqual({
      changed: 1,
      skipped: 0,
      more: false,
    })
    expect(await letters()).toMatchObject([{ id: letter.id, state: 'discarded' }])
    await expect(admin(`update public.dead_letters set state = 'waiting', resolved_at = null`)).rejects.toMatchObject({
      code: 'TB010',
    })
    const { rows } = await admin(
      `select action, actor_kind, subject_user_id as subject from audit.events join audit.personal_values on id = event_id
       where action like 'dead_letter.%' order by occurred_at`,
    )
    expect(rows).toEqual([
      { action: 'dead_letter.retried', actor_kind: 'operator', subject: ADA },
      { action: 'dead_letter.discarded', actor_kind: 'operator', subject: ADA },
    ])
  })

  test('go back by themselves when their time has come, five times', async ({ service }) => {
    const { does, queue, work, letters, jobs, admin } = scene(service)
    does(async () => Promise.reject(new AppError('platform/unavailable')))
    await queue({ userId: ADA })
    const waits: (number | null)[] = []
    for (let death = 0; death < 6; death += 1) {
      for (let attempt = 0; attempt < 3; attempt += 1) await work()
      const { rows } = await admin('select extract(epoch from retry_at - died_at)::int as seconds from dead_letters')
      waits.push(rows[0].seconds)
      await reviveDueLetters.run({}, service)
      expect(await jobs()).toEqual([])
      await admin(`update public.dead_letters set retry_at = now() where retry_at is not null`)
      await reviveDueLetters.run({}, service)
    }
    expect(waits).toEqual([60, 300, 1_800, 7_200, 43_200, null])
    expect(await letters()).toMatchObject([{ state: 'waiting', deaths: 6, attempts: 18 }])
  })

  test.for([[{}], [{ ids: [RUN], filter: { task: 'x' } }], [{ filter: {} }], [{ filter: { task: null } }]] as const)(
    'are not chosen by %j',
    async ([input], { service }) => {
      await expect(bindAction(discardDeadLettersAction, service).call(input, OPERATOR)).rejects.toThrow(
        'dead_letters/choice_missing',
      )
    },
  )

  test('of platforms that the operator is kept from are refused', async ({ service }) => {
    const { does, queue, work, letters } = scene(service)
    does(async () => Promise.reject(new AppError('platform/unexpected_payload')))
    await queue({ userId: ADA, platform: 'strava' })
    await work()
    const checkPlatform = async (): Promise<void> => {
      throw new AppError('access/platform_restricted')
    }
    const retry = bindAction(retryDeadLettersAction, service).call(
      { filter: { task: 'try_it' } },
      { ...OPERATOR, checkPlatform },
    )
    await expect(retry).rejects.toThrow('access/platform_restricted')
    expect(await letters()).toMatchObject([{ state: 'waiting' }])
  })
})
