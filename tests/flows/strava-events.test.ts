import { describe, expect } from 'vitest'
import { enrichActivity } from '../../service/ingestion/enrich-activity.task.ts'
import { processDelivery } from '../../service/ingestion/process-delivery.task.ts'
import { storeRaw } from '../../service/ingestion/store-raw.ts'
import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import type { RawKey } from '../../service/normalization/raw-key.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { connect, testWithFew as test } from '../support/service.ts'
import { deliver, deliveries, newestActivity, normalizeAll, rawTypes } from '../support/strava-deliveries.ts'

async function shown(db: TestDatabase, id: number): Promise<string> {
  const { rows } = await db.admin.query<{ private: boolean }>('select private from activities where source_id = $1', [
    String(id),
  ])
  const [row] = rows
  return row === undefined ? 'gone' : row.private ? 'private' : 'visible'
}

describe('events about one activity', () => {
  test('in whatever order leave what Strava answers: gone, here again, private, visible', async ({ db, service }) => {
    await connect(service)
    await service.work()
    const { id } = (await service.simulate('POST', '/activity', { private: false })) as { id: number }
    let second = 0
    const after = async (event: object) => {
      second += 1
      await deliver(service, { object_id: id, event_time: second, ...event })
      await service.work()
      await normalizeAll(db)
      await service.work()
      return shown(db, id)
    }
    const hide = () => service.simulate('POST', '/faults', { next: [{ match: `/activities/${id}`, status: 404 }] })
    const update = { aspect_type: 'update' }
    expect(await after({ aspect_type: 'create' })).toBe('visible')
    // With activity:read alone "Only You" is told as a deletion; the way back as a creation.
    await hide()
    expect(await after({ aspect_type: 'delete' })).toBe('gone')
    await hide()
    expect(await after({ ...update, updates: { title: 'Late' } })).toBe('gone')
    expect(await after({ aspect_type: 'create' })).toBe('visible')
    await service.simulate('PATCH', `/activity/${id}`, { private: true })
    expect(await after({ ...update, updates: { private: 'true' } })).toBe('private')
    // An old event that comes last changes nothing, and neither does one that says the opposite.
    expect(await after({ ...update, updates: { private: 'false' }, event_time: 0 })).toBe('private')
    expect(await after({ aspect_type: 'delete', event_time: 0 })).toBe('private')
    await service.simulate('PATCH', `/activity/${id}`, { private: false })
    expect(await after({ ...update, updates: { private: 'false' } })).toBe('visible')
    const { rows } = await db.admin.query('select status from connections')
    expect(rows).toEqual([{ status: 'active' }])
  })

  test('have the series kept as the text that came, from which they become the same rows again', async ({
    db,
    service,
  }) => {
    await connect(service)
    await service.work()
    const { id } = (await service.simulate('POST', '/activity')) as { id: number }
    await deliver(service, { object_id: id })
    await service.work()
    await db.admin.query("update graphile_worker._private_jobs set run_at = now() where key like 'enrich_activity:%'")
    await service.work()
    const { rows: raws } = await db.admin.query<{ type: string; text: string; key: RawKey }>(
      `select jsonb_typeof(raw_data) as type, raw_data #>> '{}' as text,
        jsonb_build_object('userId', user_id, 'createdAt', created_at, 'rawId', id) as key
      from raw_fitness_data where data_type = 'activity_streams'`,
    )
    expect(raws.map(({ type }) => type)).toEqual(['string'])
    const { heartrate } = JSON.parse(raws[0]!.text) as { heartrate: { data: number[] } }
    const series = async () =>
      (await db.admin.query(`select kind, offsets_s, "values"::text from activity_streams order by kind`)).rows
    const before = await series()
    expect(before).toContainEqual(
      expect.objectContaining({ kind: 'heart_rate_bpm', values: `{${heartrate.data.join(',')}}` }),
    )
    await db.admin.query('delete from activity_streams')
    expect(await normalizeRaw(service.normalization, raws[0]!.key, { replay: true })).toMatchObject({ rejected: 0 })
    expect(await series()).toEqual(before)
  })

  test('bring no half of an answer: series that are no JSON are not kept', async ({ db, service }) => {
    await connect(service)
    const half = { dataType: 'activity_streams', text: '{"time":{"data":[0,1', metadata: {}, isRecording: true }
    const storing = service.db.transaction((tx) => storeRaw(tx, { userId: ADA, platform: 'strava', ...half }))
    await expect(storing).rejects.toMatchObject({ code: 'platform/unavailable' })
    expect(await rawTypes(db)).not.toContain('activity_streams')
  })

  test('are waited for until they are a row, but not for ever', async ({ db, service }) => {
    await connect(service)
    const key = { userId: ADA, platform: 'strava', sourceId: '7', dataTypes: ['activity_streams'] }
    const look = () => enrichActivity.run(key, service.ingestion)
    expect(await look()).toBeUndefined()
    await db.admin.query(
      `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata)
       values ($1, 'strava', 'activity', '{}', '{"source_id": "7"}')`,
      [ADA],
    )
    expect((await look())?.runAgainAt).toBeInstanceOf(Date)
    await db.admin.query("update raw_fitness_data set created_at = created_at - interval '11 minutes'")
    expect(await look()).toBeUndefined()
    expect(JSON.stringify(await service.simulate('GET', '/requests'))).not.toContain('streams')
  })

  test('whose answer came by half bring nothing, and it is asked for again', async ({ db, service }) => {
    await connect(service)
    expect(await deliver(service, { object_id: await newestActivity(service) })).toBe(200)
    const { rows } = await db.admin.query<{ id: string }>('select id from ops.webhook_deliveries')
    const { ingestion } = service
    const send: typeof ingestion.send = async (request, platform) => {
      const answer = await ingestion.send(request, platform)
      return { ...answer, text: answer.text.slice(0, -40) }
    }
    const half = processDelivery.run({ deliveryId: rows[0]!.id }, { ...ingestion, send })
    await expect(half).rejects.toMatchObject({ code: 'platform/unavailable', facts: { why: 'not_json' } })
    expect(await deliveries(db)).toEqual([{ state: 'received', outcome: null }])
    await service.work()
    expect(await rawTypes(db)).toEqual(['activity'])
  })
})
