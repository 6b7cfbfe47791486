import { describe, expect } from 'vitest'
import { openRequest } from '../../service/compliance/requests/requests.ts'
import { runDueJobs } from '../../service/runtime/jobs.ts'
import { wireRequests } from '../../service/wire-privacy.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import { ADA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

const ACTOR = { kind: 'user', id: ADA } as const

function open(service: TestService, receivedAt: string, timeZone: string): Promise<string> {
  const requests = { ...wireRequests(service), calendar: { timeZone, holidays: new Set<string>() } }
  const asked = {
    userId: ADA,
    kind: 'access',
    channel: 'letter',
    receivedAt: new Date(receivedAt),
    actor: ACTOR,
  } as const
  return service.db.transaction((tx) => openRequest(requests, tx, asked))
}

describe('the last moment for an answer', () => {
  // Instants by the tz database's rules, written down by hand: UTC+2 in Berlin's summer, UTC+1 in its winter.
  test.for([
    [
      'the day is the operator’s, not UTC’s',
      '2026-05-04T23:30:00Z',
      'Europe/Berlin',
      '2026-05-05',
      '2026-06-05',
      '2026-06-05T22:00:00.000Z',
    ],
    [
      'west of Greenwich it is the day before',
      '2026-05-06T02:30:00Z',
      'America/New_York',
      '2026-05-05',
      '2026-06-05',
      '2026-06-06T04:00:00.000Z',
    ],
    [
      'clocks go forward in between',
      '2026-03-03T12:00:00Z',
      'Europe/Berlin',
      '2026-03-03',
      '2026-04-03',
      '2026-04-03T22:00:00.000Z',
    ],
    [
      'clocks go back in between',
      '2026-10-05T12:00:00Z',
      'Europe/Berlin',
      '2026-10-05',
      '2026-11-05',
      '2026-11-05T23:00:00.000Z',
    ],
    [
      'a midnight that does not exist',
      '2026-08-05T12:00:00Z',
      'America/Santiago',
      '2026-08-05',
      '2026-09-07',
      '2026-09-08T03:00:00.000Z',
    ],
    [
      'a day that the islands skipped',
      '2011-11-29T12:00:00Z',
      'Pacific/Apia',
      '2011-11-29',
      '2011-12-29',
      '2011-12-30T10:00:00.000Z',
    ],
    ['31 January', '2025-01-31T12:00:00Z', 'UTC', '2025-01-31', '2025-02-28', '2025-03-01T00:00:00.000Z'],
  ] as const)('%s', async ([, receivedAt, timeZone, receivedDay, dueDay, dueAt], { db, service }) => {
    await open(service, receivedAt, timeZone)
    const { rows } = await db.admin.query('select received_day::text, due_day::text, due_at from data_requests')
    expect(rows).toEqual([{ received_day: receivedDay, due_day: dueDay, due_at: new Date(dueAt) }])
  })

  test('is not that of a request from the future', async ({ db, service }) => {
    await expect(open(service, '2999-01-01T00:00:00Z', 'UTC')).rejects.toThrow('privacy/received_in_future')
    expect((await db.admin.query('select from data_requests')).rowCount).toBe(0)
  })
})

describe('a request whose end comes close', () => {
  test('is told of at seven days, two days and when it is past, each once', async ({ db, service }) => {
    await open(service, '2026-01-02T12:00:00Z', 'UTC')
    const warned: string[] = []
    const log = {
      ...service.log,
      warn: ({ warning }: { warning: string }) => warned.push(warning),
      info() {},
      error() {},
    }
    const tasks = bindTasks({ ...service, log: log as never })
    const look = async (dueIn: string) => {
      await db.admin.query('update data_requests set due_at = now() + $1::interval', [dueIn])
      for (let round = 0; round < 2; round += 1) {
        await db.admin.query("select graphile_worker.add_job('mark_due_requests')")
        await runDueJobs({ db: service.db, tasks })
      }
    }
    const seen: string[][] = []
    for (const dueIn of ['7 days 1 minute', '6 days 23 hours', '2 days 1 minute', '1 day', '1 minute', '-1 minute']) {
      warned.length = 0
      await look(dueIn)
      const gauge = await service.metrics.registry.getSingleMetric('gdpr_requests_open')?.get()
      seen.push([dueIn, ...warned, String(gauge?.values[0]?.value)])
    }
    expect(seen).toEqual([
      ['7 days 1 minute', '1'],
      ['6 days 23 hours', 'seven_days', '1'],
      ['2 days 1 minute', '1'],
      ['1 day', 'two_days', '1'],
      ['1 minute', '1'],
      ['-1 minute', 'overdue', '1'],
    ])
    const { rows } = await db.admin.query("select action from audit.events where action = 'data_request.due'")
    expect(rows).toHaveLength(3)
    await db.admin.query("update data_requests set status = 'completed', answered_at = now()")
    await look('-1 minute')
    expect(warned).toEqual(['overdue'])
  })
})
