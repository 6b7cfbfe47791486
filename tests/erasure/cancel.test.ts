import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { cancelErasure, deleteMyData } from '../../service/compliance/erasure/request-erasure.ts'
import type { ErasureServices } from '../../service/compliance/erasure/services.ts'
import { openRequest } from '../../service/compliance/requests/requests.ts'
import type { AppError } from '../../service/runtime/errors.ts'
import type { TestDatabase } from '../support/database.ts'
import { erasureOf, runErasure } from '../support/erasure-scene.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

const ACTOR = { kind: 'user', id: ADA } as const
const MIGRATION = '../../database/migrations/default/20261127194200_link_erasures_to_requests'

const ask = (services: ErasureServices) => deleteMyData(services, { userId: ADA, confirm: 'DELETE MY DATA' })
const cancel = (services: ErasureServices, id: string) => cancelErasure(services, { id, userId: ADA, actor: ACTOR })

/** What they asked for by letter, beside the app. */
const askByLetter = ({ db }: TestService, { requests }: ErasureServices) =>
  db.transaction((tx) => openRequest(requests, tx, { userId: ADA, kind: 'erasure', channel: 'letter', actor: ACTOR }))

async function requestsIn({ admin }: TestDatabase): Promise<unknown[]> {
  const { rows } = await admin.query(
    'select channel, status, answered_at is not null as answered from data_requests order by channel',
  )
  return rows.map(({ channel, status, answered }) => `${channel} ${status}${answered ? ', answered' : ''}`)
}

async function untilWaiting({ admin }: TestDatabase, count: number): Promise<void> {
  for (let turn = 0; turn < 400; turn += 1) {
    const { rows } = await admin.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    )
    if (rows[0]!.waiting === count) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('nobody waits')
}

/** Somebody else holds these rows while `work` goes on. */
async function whileHeld({ admin }: TestDatabase, statement: string, work: () => Promise<unknown>): Promise<void> {
  const client = await admin.connect()
  try {
    await client.query(`begin; ${statement} for update`)
    await work()
  } finally {
    await client.query('rollback')
    client.release()
  }
}

describe('a deletion that is taken back', () => {
  test('leaves nothing to be answered, and what was asked for otherwise open', async ({ service, db }) => {
    const services = { ...erasureOf(service), graceHours: 72 }
    await askByLetter(service, services)
    const { requestId } = await ask(services)
    await expect(
      cancelErasure(services, { id: requestId, userId: ADA.replace(/^./, '0'), actor: ACTOR }),
    ).rejects.toThrow('erasure/not_found')
    expect(await requestsIn(db)).toEqual(['app received', 'letter received'])
    await cancel(services, requestId)
    expect(await requestsIn(db)).toEqual(['app cancelled, answered', 'letter received'])
    const { rows } = await db.admin.query('select action from audit.events order by occurred_at')
    expect(rows.map(({ action }) => action).slice(-2)).toEqual(['erasure.cancelled', 'data_request.answered'])
    const together = 'select e.xmin = r.xmin as same from erasures e join data_requests r on r.id = e.request_id'
    expect((await db.admin.query(together)).rows).toEqual([{ same: true }])
    const counted = await service.metrics.registry.getSingleMetric('gdpr_requests_total')?.get()
    expect(counted?.values.filter(({ labels }) => labels['outcome'] === 'cancelled')).toMatchObject([
      { labels: { kind: 'erasure' }, value: 1 },
    ])
  })

  test('is not when its request cannot be closed', async ({ service, db }) => {
    const services = { ...erasureOf(service), graceHours: 72 }
    const { requestId } = await ask(services)
    const broken = { ...services.requests, audit: () => Promise.reject(new Error('no trail')) }
    await expect(cancel({ ...services, requests: broken }, requestId)).rejects.toThrow('no trail')
    expect(await requestsIn(db)).toEqual(['app received'])
    expect((await runErasure({ ...services }, requestId)).status).toBe('requested')
  })

  test('leaves the answer that an operator gave before', async ({ service, db }) => {
    const services = { ...erasureOf(service), graceHours: 72 }
    const { requestId } = await ask(services)
    await db.admin.query(
      "update data_requests set status = 'refused', refusal_reason = 'a court wants it', answered_at = now()",
    )
    await cancel(services, requestId)
    expect(await requestsIn(db)).toEqual(['app refused, answered'])
  })

  test('at the moment it begins is too late', async ({ service, db }) => {
    await connect(service, { userId: ADA })
    const services = erasureOf(service)
    const { requestId } = await ask(services)
    const work: Promise<unknown>[] = []
    await whileHeld(db, 'select from app_users', async () => {
      work.push(runErasure(services, requestId))
      await untilWaiting(db, 1)
      work.push(cancel(services, requestId).catch((error: AppError) => error.code))
      await untilWaiting(db, 2)
    })
    expect(await Promise.all(work)).toMatchObject([{ status: 'complete' }, 'erasure/not_found'])
    expect((await db.admin.query('select from app_users')).rowCount).toBe(0)
  })

  test('a moment before it begins is in time', async ({ service, db }) => {
    await connect(service, { userId: ADA })
    const services = erasureOf(service)
    const { requestId } = await ask(services)
    const work: Promise<unknown>[] = []
    await whileHeld(db, 'select from data_requests', async () => {
      work.push(cancel(services, requestId))
      await untilWaiting(db, 1)
      work.push(runErasure(services, requestId))
      await untilWaiting(db, 2)
    })
    expect(await Promise.all(work)).toMatchObject([{ status: 'cancelled' }, { status: 'cancelled' }])
    expect(await requestsIn(db)).toEqual(['app cancelled, answered'])
    expect((await db.admin.query('select from vault.tokens')).rowCount).toBe(1)
  })
})

test('a deletion asked for by ten at once is one', async ({ service, db }) => {
  await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
  const services = { ...erasureOf(service), graceHours: 72 }
  const asked = await Promise.all(Array.from({ length: 10 }, () => ask(services)))
  expect(new Set(asked.map(({ requestId }) => requestId)).size).toBe(1)
  expect(await requestsIn(db)).toEqual(['app received'])
})

test('the migration closes what earlier versions left open', async ({ service, db }) => {
  const services = { ...erasureOf(service), graceHours: 72 }
  await askByLetter(service, services)
  const { requestId } = await ask(services)
  await db.admin.query(
    `update erasures set status = 'cancelled', finished_at = '2026-03-01T12:00Z'; alter table erasures drop column request_id`,
  )
  await db.admin.query(
    readFileSync(join(import.meta.dirname, MIGRATION, 'up.sql'), 'utf8').replaceAll('set local', '-- '),
  )
  expect(await requestsIn(db)).toEqual(['app cancelled, answered', 'letter received'])
  const { rows } = await db.admin.query(
    'select e.id, r.channel, r.answered_at from erasures e join data_requests r on r.id = e.request_id',
  )
  expect(rows).toEqual([{ id: requestId, channel: 'app', answered_at: new Date('2026-03-01T12:00Z') }])
})
