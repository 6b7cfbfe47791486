import { EventEmitter } from 'node:events'
import type { WorkerPool } from 'graphile-worker'
import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { createNudges } from './job-nudges.ts'

const QUEUE_OF: Readonly<Record<string, string>> = { fetch: 'webhooks', compare: 'reconciliation', add_up: 'general' }

function scene() {
  const nudges = createNudges((task) => QUEUE_OF[task])
  const woken: string[] = []
  const [events, webhookEvents] = [new EventEmitter(), new EventEmitter()]
  const pool = (name: string) =>
    ({ nudge: (jobs: number) => void woken.push(`${name} ${jobs}`) }) as unknown as WorkerPool
  nudges.hear(events)
  nudges.passOn('webhooks', pool('webhooks'), webhookEvents)
  nudges.passOn('reconciliation', pool('reconciliation'), new EventEmitter())
  const say = (payload: string | undefined) => events.emit('pool:listen:notification', { message: { payload } })
  return { nudges, woken, say, end: () => webhookEvents.emit('pool:gracefulShutdown') }
}

describe('of new jobs', () => {
  test('the pool that runs their task is told, how many there are, and no other', () => {
    const { woken, say } = scene()
    say('{"count": 0, "task": "fetch", "jobs": 3, "first": 7}')
    say('{"count": 0, "task": "compare", "jobs": 1, "first": 8}')
    expect(woken).toEqual(['webhooks 3', 'reconciliation 1'])
  })

  test('nobody is told where it is the listening pool itself, or nobody knows the task, or the queue said it', () => {
    const { woken, say } = scene()
    for (const task of ['add_up', 'of_a_newer_build']) say(`{"count": 0, "task": "${task}", "jobs": 1, "first": 7}`)
    for (const payload of ['{"r": 0.5, "count": 1}', '', 'no json', undefined]) say(payload)
    expect(woken).toEqual([])
  })

  test('a pool that ends is not told any more: woken then, it would fail', () => {
    const { woken, say, end } = scene()
    end()
    say('{"count": 0, "task": "fetch", "jobs": 1, "first": 7}')
    expect(woken).toEqual([])
  })
})

test('a pool that does not listen has connections, and is never handed one to listen on', async () => {
  const pool = {
    options: { max: 7 },
    connect: (callback?: (error: undefined, client: string) => void) =>
      callback === undefined ? Promise.resolve('a client') : callback(undefined, 'a client'),
    query() {
      return new Promise((resolve) => void this.connect((_error, client) => resolve(`answered by ${client}`)))
    },
  }
  const deaf = scene().nudges.deaf(pool as unknown as pg.Pool)
  const listened: unknown[] = []
  deaf.connect((_error, client) => void listened.push(client))
  expect(await deaf.connect()).toBe('a client')
  expect(await deaf.query('select 1')).toBe('answered by a client')
  expect(deaf.options.max).toBe(7)
  expect(listened).toEqual([])
})
