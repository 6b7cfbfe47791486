import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { runTributary } from '../support/command-line.ts'
import { test } from '../support/database.ts'
import { leastSettings } from '../support/settings.ts'

/** As an operator calls it; what goes to the terminal, errors included. */
const tributary = async (serviceUrl: string, ...args: string[]) =>
  (await runTributary({ env: leastSettings(serviceUrl) }, ...args)).text

const FILL = `
  select graphile_worker.add_job('import_history', run_at => now() - interval '10 minutes', job_key => 'a');
  select graphile_worker.add_job('import_history', run_at => now() + interval '1 hour', job_key => 'b');
  update graphile_worker._private_jobs set last_error = 'platform/unavailable' where key = 'b';
  insert into ops.workers (pool_id) values ('worker-1');
  insert into platforms (id, display_name) values ('strava', 'Strava');
  insert into dead_letters (id, task, cause, platform, attempts, queued_at, died_at)
  select ('00000000-0000-4000-8000-00000000000' || k)::uuid, 'normalize_raw_data', 'platform/unexpected_payload', 'strava', 1, now(), now() - k * interval '1 hour'
  from generate_series(1, 3) as k;
  insert into ops.dead_jobs (dead_letter_id, task, job_key, payload, priority, max_attempts)
  select id, task, 'normalize:' || id, '{}', 0, 25 from dead_letters`

describe('tributary jobs', () => {
  test('shows what waits by task, as a table and as JSON', async ({ db }) => {
    expect(await tributary(db.serviceUrl, 'jobs')).toBe('the queue is empty; 0 pools of workers alive\n')
    await db.admin.query(FILL)
    expect(await tributary(db.serviceUrl, 'jobs')).toBe(
      [
        'task                due  locked  later  failing  dead  oldest due  last error',
        'import_history        1       0      1        1     0      10 min  platform/unavailable',
        'normalize_raw_data    0       0      0        0     3           –',
        '1 pool of workers alive\n',
      ].join('\n'),
    )
    expect(JSON.parse(await tributary(db.serviceUrl, 'jobs', '--json'))).toMatchObject({
      workers: 1,
      tasks: [
        { task: 'import_history', due: 1, later: 1, failing: 1 },
        { task: 'normalize_raw_data', dead: 3 },
      ],
    })
  })
})

describe('tributary dead-letters', () => {
  test("lists, queues again and discards, one or by filter, in the operator's trail", async ({ db }) => {
    await db.admin.query(FILL)
    const list = await tributary(db.serviceUrl, 'dead-letters', 'list')
    expect(list).toMatch(
      /^task +cause +platform +tries +died +state\nnormalize_raw_data +platform\/unexpected_payload /,
    )
    expect(list.split('\n')).toHaveLength(8)
    expect(list).toContain('\n  00000000-0000-4000-8000-000000000001\n')
    for (const line of list.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    const first = '00000000-0000-4000-8000-000000000001'
    expect(await tributary(db.serviceUrl, 'dead-letters', 'retry', first, randomUUID())).toBe(
      '1 queued again, 1 unknown or waiting no more\n',
    )
    // They died one, two and three hours ago; the first is queued again.
    const [from, before] = [3.5, 2.5].map((hours) => new Date(Date.now() - hours * 3_600_000).toISOString()) as [
      string,
      string,
    ]
    expect(await tributary(db.serviceUrl, 'dead-letters', 'discard', '--from', from, '--before', before)).toBe(
      '1 discarded\n',
    )
    expect(await tributary(db.serviceUrl, 'dead-letters', 'discard', '--task', 'normalize_raw_data')).toBe(
      '1 discarded\n',
    )
    const { rows } = await db.admin.query(
      'select state, count(*)::int as letters from dead_letters group by state order by state',
    )
    expect(rows).toEqual([
      { state: 'discarded', letters: 2 },
      { state: 'retried', letters: 1 },
    ])
    expect(
      (await db.admin.query("select from graphile_worker.jobs where task_identifier = 'normalize_raw_data'")).rowCount,
    ).toBe(1)
    expect((await db.admin.query("select from audit.events where action like 'dead_letter.%'")).rowCount).toBe(3)
    expect(await tributary(db.serviceUrl, 'dead-letters', 'list')).toBe('no such dead letters\n')
    expect(
      JSON.parse(await tributary(db.serviceUrl, 'dead-letters', 'list', '--state', 'retried', '--json')),
    ).toMatchObject([{ id: first }])
  })

  test.for([
    [['jobs', 'extra'], /jobs has no place for "extra"; see npm run tributary -- help/],
    [['dead-letters', 'list', 'all'], /dead-letters has no place for "all"/],
    [['dead-letters'], /give dead-letters list, retry or discard/],
    [['dead-letters', 'discard', '--from', 'yesterday'], /--from yesterday: is no time such as 2026-03-01T12:00:00Z/],
    [['dead-letters', 'retry', 'seven'], /seven: is no id/],
    [['dead-letters', 'list', '--state', 'lost'], /--state lost: is none of waiting, retried, discarded, all/],
  ] as const)('refuses %j in one line', async ([args, why], { db }) => {
    const printed = await tributary(db.serviceUrl, ...args)
    expect(printed).toMatch(why)
    expect(printed.split('\n')).toHaveLength(2)
  })
})
