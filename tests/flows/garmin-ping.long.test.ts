import { describe, expect } from 'vitest'
import { followCallback } from '../../service/ingestion/follow-callback.task.ts'
import { processDelivery } from '../../service/ingestion/process-delivery.task.ts'
import { storeAnswer } from '../../service/ingestion/store-answer.ts'
import { packBody } from '../../service/runtime/packed-body.ts'
import type { TestDatabase } from '../support/database.ts'
import { connectBoth, normalizeAll, person, test } from '../support/garmin-scene.ts'
import { ADA } from '../support/people.ts'
import type { TestService } from '../support/service.ts'

async function callbacks({ admin }: TestDatabase): Promise<unknown[]> {
  return (await admin.query('select data_type, state, outcome from ops.callbacks order by created_at')).rows
}

async function raws({ admin }: TestDatabase): Promise<unknown[]> {
  const { rows } = await admin.query(
    `select data_type, metadata ->> 'from' as source, metadata -> 'verified' as verified from raw_fitness_data order by 1`,
  )
  return rows
}

const statusOf = async ({ admin }: TestDatabase) =>
  (
    await admin.query<{ status: string }>("select status from connections where platform = 'garmin' and user_id = $1", [
      ADA,
    ])
  ).rows[0]!.status

/** As the network cuts it: anywhere. */
async function* cut(text: string, bytes = 65_537): AsyncGenerator<Buffer> {
  const all = Buffer.from(text)
  for (let from = 0; from < all.length; from += bytes) yield all.subarray(from, from + bytes)
}

describe('a long answer', () => {
  const origin = (deliveryId: string) => ({
    userId: ADA,
    platform: 'garmin',
    dataType: 'epochs',
    deliveryId,
    metadata: {},
    note: async () => undefined,
  })
  const keep = ({ db }: TestService, deliveryId: string, text: string) =>
    db.transaction(async (tx) => storeAnswer(tx, origin(deliveryId), await packBody(cut(text))))
  const kept = async ({ admin }: TestDatabase) =>
    (
      await admin.query<{ items: string[]; bytes: number }>(`
      select array(select e ->> 'n' from jsonb_array_elements(case jsonb_typeof(raw_data) when 'array' then raw_data else '[]' end) as e) as items,
        octet_length(raw_data::text) as bytes
      from raw_fitness_data where data_type = 'epochs' order by received_at`)
    ).rows

  test('is kept page by page, in order, and its largest items by themselves', async ({ db, service, door }) => {
    await connectBoth(service)
    await door.post({ dailies: [] })
    const { rows } = await db.admin.query<{ id: string }>('select id from ops.webhook_deliveries')
    const items = Array.from({ length: 2000 }, (_, n) => {
      const samples = Array.from({ length: n === 500 ? 200_000 : 1 }, (_none, second) => ({ second }))
      return { n, note: 'é,]"'.repeat(n === 1000 ? 400_000 : 50), samples }
    })
    await keep(service, rows[0]!.id, ` \n${JSON.stringify(items)}`)
    const pages = await kept(db)
    expect(pages.flatMap((page) => page.items)).toEqual(items.map(({ n }) => String(n)))
    for (const large of ['500', '1000'])
      expect(pages.find((page) => page.items.includes(large))?.items).toEqual([large])
    expect(Math.max(...pages.filter((page) => page.items.length > 1).map(({ bytes }) => bytes))).toBeLessThan(200_000)
  })

  test.for([
    ['no item', '[]', 1],
    ['one thing that is no list', '{"n":1}', 1],
  ] as const)('of %s is kept as it is', async ([, text, count], { db, service }) => {
    await connectBoth(service)
    await keep(service, ADA, text)
    expect(await kept(db)).toHaveLength(count)
  })

  test.for([
    ['half a list', `[${'{"n":1},'.repeat(300_000)}`],
    ['a page of a proxy', '<html>'],
    ['nothing', ''],
    ['an item that is no JSON', `[${'{"n":1},'.repeat(30_000)}{"n":}]`],
  ] as const)('that is %s leaves nothing behind, and is asked for again', async ([, text], { db, service }) => {
    await connectBoth(service)
    await expect(keep(service, ADA, text)).rejects.toMatchObject({
      code: 'platform/unavailable',
      facts: { why: 'not_json' },
    })
    expect(await kept(db)).toEqual([])
  })
})

describe('what a ping announces', () => {
  test('is fetched with the owner’s token, is verified by that, and becomes rows', async ({ db, service, door }) => {
    expect(door.url).toContain('garmin')
    await connectBoth(service)
    await service.simulateGarmin('POST', '/settings', { mode: 'ping' })
    await service.simulateGarmin('POST', '/people/1/sync')
    await service.simulateGarmin('POST', '/settle')
    await service.work()
    const stored = await raws(db)
    expect(stored).toEqual(expect.arrayContaining([{ data_type: 'dailies', source: 'callback', verified: true }]))
    expect(stored).not.toContainEqual(expect.objectContaining({ source: 'push' }))
    await normalizeAll(service, db)
    expect((await db.admin.query("select from daily_metrics where kind = 'steps'")).rowCount).toBeGreaterThan(0)
  })

  test('of a file is downloaded whole, and the run in it has its series', async ({ db, service, door }) => {
    expect(door.url).toContain('garmin')
    await connectBoth(service)
    const file = (await service.simulateGarmin('POST', '/people/1/file')) as { activityId: number; startS: number }
    await service.work()
    await normalizeAll(service, db)
    const { rows } = await db.admin.query(
      `select a.source_id, a.sport, a.distance_m::int, extract(epoch from a.started_at)::int as start, a.start_offset_seconds,
        cardinality(s."values") as beats, s."values"[60]::int as last
      from activities a join activity_streams s on s.activity_id = a.id and s.kind = 'heart_rate_bpm'`,
    )
    // A minute at three metres a second; the heart beats 100 times at first, and once more each second.
    expect(rows).toEqual([
      {
        source_id: String(file.activityId),
        sport: 'run',
        distance_m: 180,
        start: file.startS,
        start_offset_seconds: 3600,
        beats: 60,
        last: 159,
      },
    ])
  })

  test('waits for a new access token where the old one has ended', async ({ db, service, door }) => {
    expect(door.url).toContain('garmin')
    await connectBoth(service)
    await service.simulateGarmin('POST', '/people/1/expire')
    await service.simulateGarmin('POST', '/people/1/file')
    await service.work()
    expect(await callbacks(db)).toEqual([{ data_type: 'activityFiles', state: 'stored', outcome: null }])
    expect(await statusOf(db)).toBe('active')
  })

  test.for([
    [410, 'fetched before'],
    [412, 'switched off by the person'],
    [404, 'not there'],
  ] as const)('and is refused with %i, %s, fails alone', async ([status], { db, service, door }) => {
    expect(door.url).toContain('garmin')
    await connectBoth(service)
    await service.simulateGarmin('POST', '/faults', { statuses: [status] })
    await service.simulateGarmin('POST', '/people/1/file')
    await service.work()
    expect(await callbacks(db)).toEqual([{ data_type: 'activityFiles', state: 'failed', outcome: 'not_there' }])
    expect(await statusOf(db)).toBe('active')
    expect(await raws(db)).toEqual([])
  })

  test('is asked for again after a failure of Garmin’s', async ({ db, service, door }) => {
    expect(door.url).toContain('garmin')
    await connectBoth(service)
    await service.simulateGarmin('POST', '/faults', { statuses: [503] })
    await service.simulateGarmin('POST', '/people/1/file')
    await service.work()
    expect(await callbacks(db)).toEqual([{ data_type: 'activityFiles', state: 'waiting', outcome: null }])
    await db.admin.query('update graphile_worker._private_jobs set run_at = now() where last_error is not null')
    await service.work()
    expect(await callbacks(db)).toEqual([{ data_type: 'activityFiles', state: 'stored', outcome: null }])
  })

  test('is not fetched while others leave no room, and waits for its turn when it is large', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    await door.post({
      epochs: [{ userId: person.ada, callbackURL: `${service.simulatorsUrl}/garmin/wellness-api/rest/epochs?token=1` }],
    })
    const { rows: deliveries } = await db.admin.query<{ id: string }>('select id from ops.webhook_deliveries')
    await processDelivery.run({ deliveryId: deliveries[0]!.id }, service.ingestion)
    const { rows } = await db.admin.query<{ id: string }>('select id from ops.callbacks')
    let [asked, turns] = [0, 0]
    const send = async () => {
      asked += 1
      const packed = await packBody(cut(JSON.stringify([{ summaryId: 'x', note: 'é'.repeat(300_000) }])))
      return { status: 200, headers: new Headers(), text: '', packed }
    }
    const wait = <Result>(work: () => Promise<Result>) => {
      turns += 1
      return work()
    }
    const services = { ...service.ingestion, send, turns: { ...service.ingestion.turns, wait } }
    const follow = (holdAnswer = services.holdAnswer) =>
      followCallback.run({ userId: ADA, callbackId: rows[0]!.id }, { ...services, holdAnswer })
    expect(await follow(async () => 'busy')).toEqual({ runAgainAt: expect.any(Date) })
    expect([asked, await callbacks(db)]).toEqual([0, [{ data_type: 'epochs', state: 'waiting', outcome: null }]])
    expect(await follow()).toBeUndefined()
    expect([asked, turns, await callbacks(db)]).toEqual([
      1,
      1,
      [{ data_type: 'epochs', state: 'stored', outcome: null }],
    ])
    expect(await raws(db)).toEqual([{ data_type: 'epochs', source: 'callback', verified: true }])
  })

  test('twice at one address is fetched once, and what was fetched elsewhere is gone', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    const { callbackURL } = (await service.simulateGarmin('POST', '/people/1/file')) as { callbackURL: string }
    await door.post({ activityFiles: [{ userId: person.ada, callbackURL, again: true }] })
    await door.post({ activityFiles: [{ userId: person.ada, callbackURL: `${callbackURL}&x=1`, fileType: 'FIT' }] })
    await service.work()
    expect(await callbacks(db)).toEqual([
      { data_type: 'activityFiles', state: 'stored', outcome: null },
      { data_type: 'activityFiles', state: 'failed', outcome: 'not_there' },
    ])
  })
})
